#include "schedule/steps.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "rewrite/guard.hpp"
#include "rewrite/in_order.hpp"
#include "rewrite/place.hpp"
#include "rewrite/scan.hpp"

namespace ricci::jit {

using namespace ir;

void order_steps(const Statement& s, Nest& nest) {
  nest.order = loop_order(s);
  const auto first = nest.order.begin(), step = std::ranges::find(nest.order, *s.in_order);
  const auto lane = std::ranges::find(nest.order, nest.lane_axis.value_or(~0u));
  const bool on_items = lane < step;
  if (lane != nest.order.end()) std::rotate(lane, lane + 1, on_items ? step : nest.order.end());
  nest.serial = first == step;
  nest.split = nest.serial ? 0 : static_cast<std::size_t>(step - first - 1);
  nest.tile = on_items ? 512 : 1;
}

bool lanes_fit_scans(const Program& program, const Statement& s, const std::vector<Expr>& scans) {
  Feedback feedback(s);
  const auto fits = [&](Expr e) {
    const Fold& f = *e->as<Fold>();
    const auto intake = intake_of(program, f);
    if (info(f.reduction).results == Results::index || !intake) return false;
    // What lies beyond given bounds is computed too, and left out; so is what the last position would pass on. That it
    // never counts may be what proved that a read stays inside.
    const auto [low, high] = f.ranges[0];
    const bool goes_beyond = (scan_of(f)->backwards ? high : low) || intake == Intake::passed;
    return !goes_beyond || std::ranges::all_of(nodes({f.body}), [&](Expr inner) {
      const Read* read = inner->as<Read>();
      return !read || always_fits(program, *read);
    });
  };
  return !scans.empty() && std::ranges::all_of(scans, fits) &&
         std::ranges::none_of(expressions(s), [&](Expr e) { return feedback.reaches(e); });
}

Expr at_step(Program& program, Expr e, const std::vector<Expr>& scans) {
  std::unordered_map<AxisId, Expr> steps;
  for (Expr scan : scans) {
    const Fold& f = *scan->as<Fold>();
    steps.emplace(f.axes[0], axis(program.graph, scan_of(f)->along));
  }
  return substitute(program.graph, e, steps);
}

double cost_of_scans(Program& program, const Specialisation& s, const Nest& nest, std::optional<AxisId> lane,
                     int lanes) {
  constexpr double gather_or_scatter_cost = 1;
  const Statement& statement = program.statements[nest.statements.front()];
  double cost = 0;
  const auto add = [&](TensorId tensor, std::vector<Expr> subscripts) {
    if (lane == nest.in_order)
      for (Expr& e : subscripts) e = at_step(program, e, nest.scans);
    const Motion m = lane ? motion(program, s, tensor, subscripts, *lane) : Motion::still;
    cost += !lane                                              ? 1
            : m == Motion::still || m == Motion::contiguous ? 1.0 / lanes
            : m == Motion::reversed                         ? 2.0 / lanes
                                                            : gather_or_scatter_cost;
  };
  add(statement.target, statement.subscripts);
  for (Expr e : nodes(expressions(statement)))
    if (const Read* read = e->as<Read>()) add(read->tensor, read->subscripts);
  return cost;
}

bool lanes_fit_steps(const Statement& s, AxisId axis) {
  if (axis == *s.in_order || !is_injective_per_step(s)) return false;
  const std::vector<AxisId> independent = independent_axes(s);
  if (std::ranges::count(independent, axis) == 0) return true;
  return std::ranges::all_of(nodes(expressions(s)), [&](Expr e) {
    return !e->as<Fold>() || std::ranges::all_of(s.domain, [&](AxisId other) {
      return uses_axis(e, other) || std::ranges::count(independent, other) > 0;
    });
  });
}

}  // namespace ricci::jit
