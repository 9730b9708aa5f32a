#include "schedule/streaming.hpp"

#include <algorithm>
#include <set>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "rewrite/share.hpp"
#include "schedule/packed_rows.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether one statement writes the tensor, and none reads it.
bool is_only_written(const Program& program, TensorId tensor) {
  int writes = 0;
  for (const Statement& s : program.statements) {
    writes += s.target == tensor;
    for (Expr e : nodes(expressions(s)))
      if (e->as<Read>() && e->as<Read>()->tensor == tensor) return false;
  }
  return writes == 1;
}

/// What the nest computes in its interior, or in its periods, or everywhere if there are none: borders are short.
std::vector<Expr> values_inside(const Nest& nest) {
  if (nest.interiors.empty() && !nest.periods) return nest.values;
  std::vector<Expr> values;
  for (const Statement& s : nest.periods ? nest.periods->statements : nest.interiors.back().statements)
    values.push_back(s.value);
  return values;
}

/// Whether functions stand beside the stores. Where a reduction has kept their values, they do not.
bool waits_for_arithmetic(const Nest& nest) {
  bool found = false;
  const bool once = nest.kept && nest.kept->planes;  // what all planes share is computed before they are stored
  walk(nest.values, [&](Expr e) {
    found |= is_function(e) && (!once || uses_axis(e, nest.kept->along));
    return !nest.kept || !e->as<Fold>();
  });
  return found;
}

/// Whether a tile of lanes runs inside of the loop in order, and nothing else.
bool has_tile_in_order(const Nest& nest) {
  return nest.in_order && nest.order.size() == nest.split + 2 && nest.order[nest.split] == *nest.lane_axis &&
         nest.order.back() == *nest.in_order;
}

/// Whether a read takes each lane from an address of its own. After stores past the caches gathers wait until these are
/// in memory, on some processors at least. (On a Cascade Lake a gather with such a store took six times as long.)
bool gathers(Program& program, const Specialisation& s, const Read& read, AxisId lane) {
  const Motion m = motion(program, s, read.tensor, read.subscripts, lane);
  if (m != Motion::strided) return m == Motion::irregular;
  return !is_near(known_step(program, s, read.tensor, read.subscripts, lane));
}

// A few places, each many pages long: the processor's fetching begins anew with each place and every page. (With 16 KiB
// a Zen 4 took 1.16 times as long for a copy.) And a line: places are no whole pages apart.
constexpr int places_of_row = 4;
constexpr std::int64_t place_bytes = 64 << 10, line_bytes = 64;
constexpr std::size_t most_arrays = 4;

}  // namespace

std::vector<TensorId> find_streaming(Program& program, const Specialisation& s, const Nest& nest) {
  if (!nest.lane_axis || nest.serial || nest.tables || nest.appends || !s.disjoint) return {};
  const bool kept_planes = nest.kept && nest.kept->planes;
  const bool runs_in_lanes = nest.transposed || kept_planes || nest.order.back() == *nest.lane_axis;
  if (nest.in_order ? !has_tile_in_order(nest) : !runs_in_lanes) return {};
  for (Expr e : nodes(values_inside(nest))) {
    const bool is_moved = (nest.transposed && std::ranges::count(nest.transposed->reads, e) > 0) ||
                          std::ranges::count(nest.short_rows, e) > 0 ||
                          (nest.spreads && spread_of(program, s, e, *nest.lane_axis));
    if (e->as<Read>() && !is_moved && uses_axis(e, *nest.lane_axis) &&
        gathers(program, s, *e->as<Read>(), *nest.lane_axis))
      return {};
  }
  std::vector<TensorId> targets;
  for (std::size_t i : nest.statements) {
    const Statement& statement = program.statements[i];
    const TensorId t = statement.target;
    if (std::ranges::count(s.large, t) == 0 || statement.update || statement.guard || !is_only_written(program, t))
      continue;
    if (waits_for_arithmetic(nest)) continue;
    if (motion(program, s, t, statement.subscripts, *nest.lane_axis) == Motion::contiguous) targets.push_back(t);
  }
  return targets;
}

void take_places(Program& program, const Specialisation& s, Nest& nest) {
  if (nest.streaming.size() != nest.statements.size() || nest.unroll != places_of_row) return;
  if (nest.transposed || nest.in_order || nest.periods || !nest.ahead.empty()) return;
  if (nest.order[nest.split] != *nest.lane_axis) return;
  std::set<TensorId> arrays(nest.streaming.begin(), nest.streaming.end());
  for (Expr e : nodes(values_inside(nest))) {
    if (e->as<Fold>()) return;
    const Read* read = e->as<Read>();
    if (!read || !uses_axis(e, *nest.lane_axis)) continue;
    if (read->guard || motion(program, s, read->tensor, read->subscripts, *nest.lane_axis) != Motion::contiguous)
      return;
    arrays.insert(read->tensor);
  }
  std::int64_t widest = 1, narrowest = 8;
  for (TensorId t : arrays) {
    const auto bytes = static_cast<std::int64_t>(size_of(program.tensors[t].dtype));
    widest = std::max(widest, bytes);
    if (std::ranges::count(nest.streaming, t) > 0) narrowest = std::min(narrowest, bytes);
  }
  // Stores past the caches gather whole lines, so all of a line is stored at once.
  const auto vectors = static_cast<int>(std::max<std::int64_t>(1, line_bytes / (narrowest * nest.lanes)));
  if (arrays.size() > most_arrays || vectors > 2) return;
  nest.places = places_of_row;
  nest.unroll = places_of_row * vectors;
  nest.tile = places_of_row * (place_bytes / widest + line_bytes / narrowest);
}

AxisId axis_of_rows(const Nest& nest) {
  return nest.in_order ? *nest.in_order : nest.order[nest.order.size() - 2];
}

std::vector<Expr> find_next(Program& program, const Specialisation& s, const Nest& nest) {
  std::vector<Expr> found;
  if (nest.streaming.empty() || nest.transposed || nest.kept || nest.order.size() < 2) return found;
  if (!nest.in_order && nest.order[nest.split] == *nest.lane_axis) return found;
  const AxisId rows = axis_of_rows(nest);
  std::set<TensorId> reduced;
  for (Expr e : nodes(nest.values))
    if (e->as<Fold>() && uses_axis(e, rows))
      for (Expr n : nodes({e->as<Fold>()->body}))
        if (n->as<Read>()) reduced.insert(n->as<Read>()->tensor);
  const auto note = [&](Expr e) {
    const Read* read = e->as<Read>();
    if (!read || read->guard || (!nest.in_order && !reduced.contains(read->tensor))) return;
    if (std::ranges::count(read->subscripts, axis(program.graph, rows)) == 0 || std::ranges::count(found, e) > 0)
      return;
    if (motion(program, s, read->tensor, read->subscripts, *nest.lane_axis) == Motion::contiguous) found.push_back(e);
  };
  walk(nest.values, [&](Expr e) {
    note(e);
    return !e->as<Fold>();
  });
  for (Expr e : nest.scans) {
    const Fold& f = *e->as<Fold>();
    walk({substitute(program.graph, f.body, {{f.axes[0], axis(program.graph, rows)}})}, [&](Expr n) {
      note(n);
      return !n->as<Fold>();
    });
  }
  return found;
}

}  // namespace ricci::jit
