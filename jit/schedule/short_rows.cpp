#include "schedule/short_rows.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "schedule/transposition.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t most_scratch_bytes = 24 << 10, most_lanes = 256, least_lanes = 64;

bool is_bare(Expr subscript, AxisId axis) { return subscript->as<Axis>() && subscript->as<Axis>()->axis == axis; }

/// Whether all that a reduction reads along its axes has bare axes for subscripts. A window that slides has not.
bool reads_by_axes(const Fold& fold) {
  return std::ranges::all_of(nodes({fold.body}), [&](Expr n) {
    const Read* read = n->as<Read>();
    const auto uses = [&](AxisId axis) { return uses_axis(n, axis); };
    return !read || std::ranges::none_of(fold.axes, uses) ||
           std::ranges::all_of(read->subscripts, [](Expr at) { return at->as<Axis>() != nullptr; });
  });
}

}  // namespace

std::set<AxisId> axes_of_rows(const Program& program) {
  std::set<AxisId> found;
  for (const Statement& s : program.statements)
    for (Expr e : nodes({s.value})) {
      const Fold* fold = e->as<Fold>();
      if (!fold || s.domain.empty() || (fold->axes.size() > 1 && !reads_by_axes(*fold))) continue;
      for (Expr n : nodes({fold->body}))
        if (const Read* read = n->as<Read>(); read && read->subscripts.size() > 1)
          for (AxisId axis : fold->axes)
            if (std::ranges::any_of(read->subscripts, [&](Expr at) { return is_bare(at, axis); })) found.insert(axis);
    }
  return found;
}

AxisId axis_of_row(Program& program, const Specialisation& s, const Read& read) {
  const auto is_row = [&](AxisId axis) {
    return motion(program, s, read.tensor, read.subscripts, axis) == Motion::contiguous;
  };
  return *std::ranges::find_if(s.few, is_row);
}

std::vector<Expr> find_short_rows(Program& program, const Specialisation& s, const Nest& nest, AxisId lane) {
  std::vector<Expr> found;
  if (nest.serial || nest.tables || nest.appends || nest.sorts || nest.folds || nest.in_order) return found;
  for (std::size_t i : nest.statements)
    for (Expr e : nodes({program.statements[i].value})) {
      const Fold* fold = e->as<Fold>();
      const auto is_few = [&](AxisId a) { return std::ranges::count(s.few, a) > 0; };
      if (!fold || !std::ranges::all_of(fold->axes, is_few)) continue;
      const auto& domain = program.statements[i].domain;
      for (Expr n : nodes({fold->body})) {
        if (!n->as<Read>() || std::ranges::count(found, n) > 0) continue;
        const auto is_row = [&](AxisId axis) {  // its whole rows: no other loop inside of the lanes chooses among them
          const auto is_known = [&](AxisId a) { return a == axis || std::ranges::count(domain, a) > 0; };
          return std::ranges::all_of(n->free, is_known) && can_transpose(program, s, n, lane, axis);
        };
        if (std::ranges::any_of(fold->axes, is_row)) found.push_back(n);
      }
    }
  std::ranges::sort(found, {}, &Node::id);
  return found;
}

std::int64_t tile_of_short_rows(const std::vector<Expr>& reads) {
  std::int64_t bytes = 0, lanes = most_lanes;
  for (Expr e : reads) bytes += longest_short_row * static_cast<std::int64_t>(size_of(e->dtype));
  while (lanes > least_lanes && lanes * bytes > most_scratch_bytes) lanes /= 2;
  return lanes;
}

}  // namespace ricci::jit
