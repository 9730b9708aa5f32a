// Lowering of scans: reductions whose states go from one iteration of the loop in order to the next.
#include <algorithm>

#include "lower_expression.hpp"
#include "ricci/error.hpp"
#include "scan.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

/// The state before anything; a range is not known yet, but starts at 0.
ExpressionLowering::State ExpressionLowering::start_scan(Expr e, int parts, int lanes) {
  const Fold& f = *e->as<Fold>();
  if (!f.ranges.empty()) limit(f.axes[0], builder_.constant(0), extent_of(f.axes[0]));
  const State state = start(f, e->dtype, parts, lanes, info(f.reduction).results == Results::index);
  unlimit(f.axes[0]);
  return state;
}

/// Whether two axes have the extent of the same thing.
bool ExpressionLowering::are_equally_long(AxisId a, AxisId b) const {
  while (program_.axes[a].like) a = *program_.axes[a].like;
  while (program_.axes[b].like) b = *program_.axes[b].like;
  const AxisDecl &x = program_.axes[a], &y = program_.axes[b];
  if (a == b) return true;
  if (!x.inside.empty() || !y.inside.empty()) return false;  // they may be shorter than what they are subscripts of
  if (x.fixed >= 0 && x.fixed == y.fixed) return true;
  return std::ranges::any_of(x.sizes, [&](const TensorAxis& use) { return std::ranges::count(y.sizes, use) > 0; });
}

/// Combines what has come into the range since the iteration before: mostly one element.
ExpressionLowering::State ExpressionLowering::advance(const Fold& f, State state) {
  const Prefix prefix = *prefix_of(f);
  const AxisId k = f.axes[0];
  const Binding at = bound_.at(prefix.along);
  if (prefix.ahead == 1 && are_equally_long(k, prefix.along)) {
    bound_[k] = at;
    return step(f, std::move(state));
  }
  const Value zero = builder_.constant(0), extent = extent_of(k);
  const auto end_of_range = [&](std::int64_t ahead) {
    const Value end = builder_.add(at.level, at.variable, builder_.constant(ahead));
    const Value positive = builder_.compute(at.level, Op::maximum, DType::i64, {end, zero});
    return builder_.compute(at.level, Op::minimum, DType::i64, {positive, extent});
  };
  const Value is_first = builder_.compute(at.level, Op::equal, DType::b1, {at.variable, zero});
  const Value before =
      builder_.compute(at.level, Op::select, DType::i64, {is_first, zero, end_of_range(prefix.ahead - 1)});
  limit(k, before, end_of_range(prefix.ahead));
  state = reduce_loops(f, {0}, 0, std::move(state));
  unlimit(k);
  return state;
}

void ExpressionLowering::open_scans(AxisId axis, const std::vector<Expr>& folds) {
  std::vector<loop::Carried> carried;
  std::vector<State> states;
  for (Expr e : folds) {
    State state = start_scan(e, 1, 1);
    std::vector<Value> variables;
    for (Value initial : state.flat()) {
      carried.push_back(builder_.carry(initial));
      variables.push_back(carried.back().variable);
    }
    states.push_back(state.like(variables));
  }
  bind_loop(axis, builder_.constant(0), extent_of(axis), 1, std::move(carried));
  next_states_.clear();
  for (std::size_t i = 0; i < folds.size(); ++i) {
    const State next = advance(*folds[i]->as<Fold>(), states[i]);
    remember(folds[i], next, false, builder_.level());
    for (Value v : next.flat()) next_states_.push_back(v);
  }
}

void ExpressionLowering::close_scans() {
  close_for(next_states_);
}

void ExpressionLowering::advance_in_scratch(Expr e, const ScratchState& states) {
  const State next = advance(*e->as<Fold>(), load_scratch(e, states));
  store_scratch(next, states);
  remember(e, next, true, builder_.level());
}

}  // namespace ricci::jit
