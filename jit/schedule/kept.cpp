#include "schedule/kept.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The axes of statements with a large target that are as long as one of their reductions, if so many of these have the
/// property.
std::set<AxisId> axes_like_reductions(const Program& program, const std::vector<TensorId>& large, std::size_t least,
                                      bool (*has_property)(Expr)) {
  std::set<AxisId> found;
  for (const Statement& s : program.statements) {
    if (std::ranges::count(large, s.target) == 0 || s.domain.size() < 2) continue;
    std::vector<AxisId> reduced;
    for (Expr e : nodes({s.value})) {
      const Fold* fold = e->as<Fold>();
      if (fold && fold->axes.size() == 1 && has_property(e)) reduced.push_back(fold->axes[0]);
    }
    if (reduced.size() < least) continue;
    for (AxisId axis : s.domain) {
      const auto is_like = [&](AxisId other) { return are_equally_long(program, axis, other); };
      if (std::ranges::any_of(reduced, is_like)) found.insert(axis);
    }
  }
  return found;
}

}  // namespace

std::set<AxisId> axes_of_kept_values(const Program& program, const std::vector<TensorId>& large) {
  return axes_like_reductions(program, large, 1, [](Expr e) { return has_function(e->as<Fold>()->body); });
}

std::set<AxisId> axes_of_kept_planes(const Program& program, const std::vector<TensorId>& large) {
  std::set<AxisId> found = axes_of_kept_values(program, large);
  found.merge(axes_like_reductions(program, large, 2, [](Expr) { return true; }));
  return found;
}

namespace {

/// `e` with `next` in the place of every `old`.
Expr replace(Program& program, Expr e, Expr old, Expr next) {
  Memo memo;
  return rewrite(program.graph, e, memo, [&](Expr original, Expr rebuilt) { return original == old ? next : rebuilt; });
}

/// Whether all reductions of the nest run across the planes of `along`, through which the statement goes one by one.
bool has_planes_of(Program& program, const Nest& nest, AxisId along) {
  if (!nest.planes || nest.order.size() != nest.split + 2) return false;
  const auto is_across = [&](Expr e) { return are_equally_long(program, e->as<Fold>()->axes[0], along); };
  const auto is_affine = [&](Expr subscript) { return affine_in(program.graph, subscript, along).has_value(); };
  return std::ranges::all_of(nest.streams, is_across) &&
         std::ranges::all_of(program.statements[nest.statements[0]].subscripts, is_affine);
}

/// A reduction within `kept.fold`, and so before its loop, of what that reads too: copies it.
void find_copy(Program& program, const Nest& nest, DType dtype, Kept& kept) {
  const Fold& fold = *kept.fold->as<Fold>();
  for (Expr e : nest.streams) {
    const Fold& other = *e->as<Fold>();
    if (!other.body->as<Read>() || other.body->dtype != dtype || other.axes == fold.axes) continue;
    const Expr same = substitute(program.graph, other.body, {{other.axes[0], axis(program.graph, fold.axes[0])}});
    const std::vector<Expr> within = nodes({fold.body});
    if (std::ranges::count(within, same) == 0 || std::ranges::count(within, e) == 0) continue;
    kept.copying = e;
    kept.copied = same;
    return;
  }
}

/// From now on, what is kept is kept for each step of lanes, instead of whole tiles.
void keep_in_steps(Nest& nest) {
  nest.kept->in_scratch = nest.kept->planes = true;
  nest.streams.clear();
  nest.planes = false;
}

/// Keeps the values of a reduction across planes for each step of lanes.
void keep_planes(Program& program, Nest& nest) {
  if (!has_planes_of(program, nest, nest.kept->along)) return;
  find_copy(program, nest, nest.kept->fold->as<Fold>()->body->dtype, *nest.kept);
  keep_in_steps(nest);
}

/// Keeps the planes themselves, for a second reduction and for the statement.
void keep_copies(Program& program, Nest& nest, AxisId along) {
  if (!has_planes_of(program, nest, along) || nest.streams.size() != 2) return;
  const Statement& statement = program.statements[nest.statements[0]];
  const DType dtype = program.tensors[statement.target].dtype;
  Kept kept{.fold = nest.streams[1], .along = along, .only_copied = true};
  find_copy(program, nest, dtype, kept);
  if (!kept.copied) return;
  const AxisId reduced = kept.fold->as<Fold>()->axes[0];
  const Expr again = substitute(program.graph, kept.copied, {{reduced, axis(program.graph, along)}});
  const Expr from_scratch = read(program.graph, statement.target, dtype, statement.subscripts, Policy::assume_inside);
  const Expr value = replace(program, nest.values[0], again, from_scratch);
  if (value == nest.values[0]) return;
  nest.values[0] = value;
  nest.kept = kept;
  keep_in_steps(nest);
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
  const auto contains = [](const auto& list, auto element) { return std::ranges::count(list, element) > 0; };
  const bool large = contains(s.large, statement.target), slim = contains(s.slim, along);
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
    const bool in_row = fold_lanes.contains(e) && nest.lane_axis == along;
    nest.kept = {e, along, in_row && large && contains(s.brief, along)};
    if (large && slim) keep_planes(program, nest);
    return;
  }
  if (large && slim) keep_copies(program, nest, along);
}

}  // namespace ricci::jit
