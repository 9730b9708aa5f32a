#include "schedule/abreast.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "rewrite/place.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr int least_shared = 4;     // operations, for which the loops are worth their registers
constexpr int shared_by_check = 4;  // with the wide integers that are loaded, compared and made offsets

bool has_reads(Expr e) {
  return std::ranges::any_of(nodes({e}), [](Expr n) { return n->as<Read>() != nullptr; });
}

/// Whether a value that comes twice changes nothing.
bool allows_twice(Reduction r) {
  return r == Reduction::min || r == Reduction::max || r == Reduction::argmin || r == Reduction::argmax;
}

/// Whether `axis` is one of the subscripts, others are computed of what is read, and only that one uses it.
bool is_beside_chosen(const Read& read, AxisId axis) {
  bool bare = false, chosen = false;
  for (Expr s : read.subscripts) {
    const bool is_axis = s->as<Axis>() && s->as<Axis>()->axis == axis;
    if (!is_axis && uses_axis(s, axis)) return false;
    bare |= is_axis;
    chosen |= has_reads(s);
  }
  return bare && chosen;
}

/// Whether the statement can be done twice, and its reductions for several values of the axis in one loop.
bool allows(const Statement& s, AxisId axis) {
  const auto is_axis = [&](Expr e) { return e->as<Axis>() && e->as<Axis>()->axis == axis; };
  if (s.update || std::ranges::count_if(s.subscripts, is_axis) != 1) return false;
  return std::ranges::all_of(nodes(expressions(s)), [&](Expr e) {
    const Read* read = e->as<Read>();
    const Fold* fold = e->as<Fold>();
    const bool in_place = read && read->tensor == s.target;
    const auto uses = [&](Expr bound) { return bound && uses_axis(bound, axis); };
    return !in_place && !e->as<Nonzero>() && !e->as<Sort>() &&
           (!fold || std::ranges::none_of(fold->ranges, [&](Range r) { return uses(r.low) || uses(r.high); }));
  });
}

}  // namespace

std::set<AxisId> axes_of_chosen_places(const Program& program) {
  std::set<AxisId> found;
  for (const Statement& s : program.statements)
    for (Expr e : nodes(expressions(s)))
      if (const Read* read = e->as<Read>())
        for (Expr subscript : read->subscripts)
          if (const Axis* bare = subscript->as<Axis>())
            if (is_beside_chosen(*read, bare->axis)) found.insert(bare->axis);
  return found;
}

std::optional<AxisId> rows_of_sums(const Program& program, const Statement& s) {
  const Fold* fold = s.value->as<Fold>();
  if (!fold || s.domain.size() < 2) return {};
  const AxisId axis = s.domain[s.domain.size() - 2];
  if (program.tensors[s.target].table.empty() || program.axes[axis].fixed != rows_abreast) return {};
  const bool fits = allows(s, axis) && uses_axis(s.value, axis) && info(fold->reduction).results == Results::value &&
                    s.value->dtype != DType::b1 &&
                    std::ranges::none_of(nodes({fold->body}), [](Expr e) { return bound_axes(e) != nullptr; });
  return fits ? std::optional(axis) : std::nullopt;
}

std::optional<AxisId> find_abreast(Program& program, const Specialisation& s, const Nest& nest, AxisId lane) {
  if (nest.tables || nest.serial || nest.appends || nest.in_order || nest.sorts || nest.folds || !s.disjoint) return {};
  std::vector<Expr> all;
  for (std::size_t i : nest.statements)
    for (Expr e : expressions(program.statements[i])) all.push_back(e);
  all = nodes(std::move(all));
  const Statement& first = program.statements[nest.statements.front()];
  if (nest.statements.size() == 1 && lane == first.domain.back())
    if (const auto rows = rows_of_sums(program, first)) return rows;
  for (AxisId axis : first.domain) {
    if (axis == lane || std::ranges::count(s.abreast, axis) == 0) continue;
    const auto allows_it = [&](std::size_t i) { return allows(program.statements[i], axis); };
    if (!std::ranges::all_of(nest.statements, allows_it)) continue;
    std::ptrdiff_t shared =
        std::ranges::count_if(all, [&](Expr e) { return e->as<Apply>() && uses_axis(e, lane) && !uses_axis(e, axis); });
    bool gathers = false;
    for (Expr e : all) {
      const Read* read = e->as<Read>();
      if (!read || !is_beside_chosen(*read, axis) ||
          motion(program, s, read->tensor, read->subscripts, lane) != Motion::irregular)
        continue;
      gathers = true;
      if (read->policy == Policy::check) shared += shared_by_check;
    }
    if (gathers && shared >= least_shared) return axis;
  }
  return {};
}

std::vector<SumOfRows> sums_of_rows(const Program& program) {
  std::vector<SumOfRows> found;
  for (const Statement& s : program.statements) {
    std::vector<Expr> folds = nodes({s.value});
    std::erase_if(folds, [](Expr e) { return !bound_axes(e); });
    const Fold* fold = folds.size() == 1 ? folds[0]->as<Fold>() : nullptr;
    if (!fold || s.domain.empty() || !allows(s, s.domain.back()) || !is_float(folds[0]->dtype)) continue;
    if (fold->reduction != Reduction::sum || !fold->ranges.empty() || has_function(fold->body)) continue;
    const AxisId rows = s.domain.back();
    std::ptrdiff_t matrices = 0, vectors = 0;
    for (Expr e : nodes({fold->body})) {
      const auto is_used = [&](AxisId axis) { return uses_axis(e, axis); };
      if (e->as<Read>() && std::ranges::all_of(fold->axes, is_used)) ++(uses_axis(e, rows) ? matrices : vectors);
    }
    if (matrices != 1 || vectors == 0) continue;
    const Apply* product = fold->body->as<Apply>();
    const auto is_vector = [&](Expr e) {
      return e->as<Read>() && std::ranges::none_of(s.domain, [&](AxisId axis) { return uses_axis(e, axis); });
    };
    const bool multiplies = product && product->op == Op::multiply && product->args[0]->as<Read>() &&
                            product->args[1]->as<Read>() && std::ranges::any_of(product->args, is_vector);
    found.push_back({folds[0], rows, multiplies && s.value == folds[0] && fold->axes.size() == 1});
  }
  return found;
}

std::optional<AxisId> find_rows_abreast(const Program& program, const Specialisation& s, const Nest& nest,
                                        const std::unordered_map<Expr, AxisId>& fold_lanes) {
  if (nest.lane_axis || nest.tables || nest.serial || nest.appends || nest.in_order || nest.sorts || nest.folds)
    return {};
  if (nest.statements.size() > 1 || nest.order.empty() || !nest.interiors.empty() || !s.disjoint) return {};
  const std::vector<Expr> within = nodes({program.statements[nest.statements.front()].value});
  const AxisId axis = nest.order.back();
  if (nest.split + 1 != nest.order.size() || std::ranges::count(s.abreast, axis) == 0) return {};
  const bool fits = std::ranges::any_of(sums_of_rows(program), [&](const SumOfRows& sum) {
    return sum.rows == axis && fold_lanes.contains(sum.fold) && std::ranges::count(within, sum.fold) > 0;
  });
  return fits ? std::optional(axis) : std::nullopt;
}

std::vector<Expr> find_folds_abreast(const Nest& nest, const std::unordered_map<Expr, AxisId>& fold_lanes) {
  std::vector<Expr> found;
  if (nest.lane_axis || nest.folds || nest.in_order || !nest.scans.empty()) return found;
  for (Expr e : nodes(nest.values)) {
    const Fold* outer = e->as<Fold>();
    if (!outer || fold_lanes.contains(e) || !outer->ranges.empty() || !allows_twice(outer->reduction)) continue;
    int sums = 0;
    bool fits = true, shares = false;
    for (Expr inner : nodes({outer->body})) {
      const Fold* fold = inner->as<Fold>();
      if (!fold) continue;
      const auto lane = fold_lanes.find(inner);
      ++sums;
      fits &= lane != fold_lanes.end() && fold->reduction == Reduction::sum && fold->ranges.empty() &&
              is_float(inner->dtype) && uses_axis(inner, outer->axes.back());
      int of_each = 0;  // what is loaded for each of the iterations
      for (Expr n : nodes({fold->body})) {
        fits &= !is_function(n);
        if (!n->as<Read>() || !fits || !uses_axis(n, lane->second)) continue;
        if (uses_axis(n, outer->axes.back()))
          ++of_each;
        else
          shares = true;
      }
      fits &= of_each == 1;
    }
    if (sums == 1 && fits && shares) found.push_back(outer->body);
  }
  return found;
}

void order_abreast(const Program& program, const Specialisation& s, Nest& nest) {
  const Statement& first = program.statements[nest.statements.front()];
  for (const Slender& few : s.slender)
    if (few.matrix == first.target && few.columns == nest.lane_axis) nest.lanes = std::min(nest.lanes, few.wide);
  nest.order = loop_order(program.statements[nest.statements.front()]);
  const auto lane = std::ranges::find(nest.order, *nest.lane_axis);
  std::rotate(lane, lane + 1, nest.order.end());
  nest.split = nest.order.size() - 1;
  nest.tile = 4096;
}

}  // namespace ricci::jit
