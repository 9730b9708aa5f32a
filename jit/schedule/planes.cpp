#include "schedule/planes.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "schedule/ahead.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// The states of reductions across planes stay in the first-level cache.
constexpr std::int64_t max_scratch_bytes = 20 << 10;

}  // namespace

std::vector<Expr> find_streams(Program& program, const Specialisation& s, const Nest& nest) {
  std::vector<Expr> streams;
  if (!nest.lane_axis || nest.serial || nest.in_order || nest.order[nest.split] != *nest.lane_axis) return streams;
  std::int64_t bytes = 0;
  for (std::size_t i : nest.statements) {
    std::vector<Expr> all = nodes(expressions(program.statements[i]));
    std::ranges::sort(all, {}, &Node::id);  // children before parents
    for (Expr e : all) {
      const Fold* fold = e->as<Fold>();
      if (!fold || fold->axes.size() != 1 || !uses_axis(e, *nest.lane_axis)) continue;
      if (std::ranges::count(streams, e) > 0) continue;
      if (program.axes[fold->axes[0]].tables || !fold->ranges.empty()) continue;
      const bool of_items = std::ranges::all_of(e->free, [&](AxisId axis) {
        const auto at = std::ranges::find(nest.order, axis) - nest.order.begin();
        return static_cast<std::size_t>(at) <= nest.split;
      });
      bool streams_memory = false;
      const auto moves = [&](Expr n) {
        const Read* read = n->as<Read>();
        if (!read) return true;
        // A window that slides along the lanes stays within a few lines of memory: no planes.
        const bool slides = std::ranges::any_of(read->subscripts, [&](Expr subscript) {
          return uses_axis(subscript, fold->axes[0]) && uses_axis(subscript, *nest.lane_axis);
        });
        const Motion m = motion(program, s, read->tensor, read->subscripts, *nest.lane_axis);
        streams_memory |= m == Motion::contiguous;
        return !slides && (m == Motion::contiguous || m == Motion::still);
      };
      const bool indexed = info(fold->reduction).results == Results::index;
      bytes += nest.tile * static_cast<std::int64_t>(size_of(e->dtype) + (indexed ? 4 : 0));
      const bool fits = of_items && bytes <= max_scratch_bytes;
      if (fits && std::ranges::all_of(nodes({fold->body}), moves) && streams_memory) streams.push_back(e);
    }
  }
  return streams;
}

bool reads_chosen_rows(const Program& program, const Fold& fold) {
  return std::ranges::any_of(nodes({fold.body}), [&](Expr e) {
    const Read* read = e->as<Read>();
    return read && uses_axis(e, fold.axes[0]) && chooses_rows(program, read->subscripts);
  });
}

bool runs_in_planes(const Nest& nest) {
  if (nest.streams.empty() || nest.split + 1 == nest.order.size() || !nest.interiors.empty()) return false;
  bool done = true;
  walk(nest.values, [&](Expr e) {
    const bool stream = std::ranges::count(nest.streams, e) > 0;
    done &= stream || !e->as<Fold>() || !uses_axis(e, *nest.lane_axis);
    return !stream;
  });
  return done;
}

}  // namespace ricci::jit
