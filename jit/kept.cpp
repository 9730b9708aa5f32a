#include "kept.hpp"

#include <algorithm>

#include "affine.hpp"
#include "ricci/helpers.hpp"
#include "scan.hpp"
#include "tables.hpp"

namespace ricci::jit {

using namespace ir;

std::set<AxisId> axes_of_kept_values(const Program& program, const std::vector<TensorId>& large) {
  std::set<AxisId> found;
  for (const Statement& s : program.statements) {
    if (std::ranges::count(large, s.target) == 0 || s.domain.size() < 2) continue;
    for (Expr e : nodes({s.value}))
      if (e->as<Fold>() && has_function(e->as<Fold>()->body)) found.insert(s.domain.begin(), s.domain.end());
  }
  return found;
}

bool has_function(Expr e) {
  return std::ranges::any_of(nodes({e}), [](Expr n) { return n->as<Apply>() && is_helper(n->as<Apply>()->op); });
}

namespace {

/// `e` with `next` in the place of every `old`.
Expr replace(Program& program, Expr e, Expr old, Expr next) {
  Memo memo;
  return rewrite(program.graph, e, memo, [&](Expr original, Expr rebuilt) { return original == old ? next : rebuilt; });
}

/// Keeps the values of a reduction across planes for each step of lanes instead of whole tiles, if all reductions of
/// the nest run across the same planes.
void keep_planes(Program& program, Nest& nest) {
  if (!nest.planes || nest.order.size() != nest.split + 2) return;
  const Fold& fold = *nest.kept->fold->as<Fold>();
  for (Expr e : nest.streams)
    if (!are_equally_long(program, e->as<Fold>()->axes[0], nest.kept->along)) return;
  for (Expr subscript : program.statements[nest.statements[0]].subscripts)
    if (!affine_in(program.graph, subscript, nest.kept->along)) return;
  nest.kept->in_scratch = nest.kept->planes = true;
  for (Expr e : nest.streams) {
    const Fold& other = *e->as<Fold>();
    if (!other.body->as<Read>() || other.body->dtype != fold.body->dtype || other.axes == fold.axes) continue;
    const Expr same = substitute(program.graph, other.body, {{other.axes[0], axis(program.graph, fold.axes[0])}});
    if (std::ranges::count(nodes({fold.body}), same) == 0) continue;
    nest.kept->copying = e;
    nest.kept->copied = same;
    break;
  }
  nest.streams.clear();
  nest.planes = false;
}

}  // namespace

void keep_values(Program& program, const Specialisation& s,
                 const std::unordered_map<Expr, AxisId>& fold_lanes, Nest& nest) {
  if (nest.serial || nest.in_order || nest.tables || nest.folds || nest.appends || !nest.interiors.empty()) return;
  if (nest.statements.size() != 1 || !s.disjoint) return;
  const Statement& statement = program.statements[nest.statements[0]];
  const DType dtype = program.tensors[statement.target].dtype;
  if (statement.update || statement.guard || statement.policy == Policy::check || !is_injective(statement)) return;
  Expr& value = nest.values[0];
  if (reads(value, statement.target)) return;
  // The lanes of the reduction store vectors.
  const auto fits = [&](Expr e, AxisId along) {
    const bool own = fold_lanes.contains(e), outer = nest.lane_axis && uses_axis(e, *nest.lane_axis);
    if (!own && !outer) return true;
    const AxisId lane = own ? along : *nest.lane_axis;
    return motion(program, s, statement.target, statement.subscripts, lane) == Motion::contiguous;
  };
  // The reduction runs once for each choice of the other axes, before the loop of the last one.
  if (nest.order.size() < nest.split + 2) return;
  const AxisId along = nest.order.back();
  const auto runs_before = [&](Expr e) {
    return e->free.size() + 1 == nest.order.size() &&
           std::ranges::all_of(nest.order, [&](AxisId axis) { return uses_axis(e, axis) != (axis == along); });
  };
  for (Expr e : nodes({value})) {
    const Fold* fold = e->as<Fold>();
    if (!fold || fold->axes.size() != 1 || !fold->ranges.empty() || !runs_before(e)) continue;
    if (fold->body->as<Apply>() && fold->body->as<Apply>()->op == Op::multiply) continue;  // summed by fma
    if (fold->body->dtype != dtype || !has_function(fold->body) || !fits(e, along)) continue;
    const AxisId reduced = fold->axes[0];
    if (!s.collapsed[along].empty() || !s.collapsed[reduced].empty()) continue;
    if (!are_equally_long(program, along, reduced)) continue;
    const Expr again = substitute(program.graph, fold->body, {{reduced, axis(program.graph, along)}});
    const Expr kept = read(program.graph, statement.target, dtype, statement.subscripts, Policy::assume_inside);
    const Expr with_kept = replace(program, value, again, kept);
    if (with_kept == value) continue;
    value = with_kept;
    const auto contains = [](const auto& list, auto element) { return std::ranges::count(list, element) > 0; };
    const bool large = contains(s.large, statement.target);
    const bool in_row = fold_lanes.contains(e) && nest.lane_axis == along;
    nest.kept = {e, along, in_row && large && contains(s.brief, along)};
    if (large && contains(s.slim, along)) keep_planes(program, nest);
    return;
  }
}

}  // namespace ricci::jit
