// Lowering of what the loop of an axis in order carries from one iteration to the next: the states of scans, and the
// element that was written last.
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

void ExpressionLowering::open_steps(const Statement& s, const std::vector<Expr>& scans) {
  std::vector<loop::Carried> carried;
  const auto carry = [&](const std::vector<Value>& initial) {
    std::vector<Value> variables;
    for (Value v : initial) {
      carried.push_back(builder_.carry(v));
      variables.push_back(carried.back().variable);
    }
    return variables;
  };
  std::vector<State> states;
  for (Expr e : scans) {
    const State state = start_scan(e, 1, 1);
    states.push_back(state.like(carry(state.flat())));
  }
  Graph& g = program_.graph;
  std::vector<std::pair<Expr, Value>> written;
  for (Expr e : reads_of_last_step(g, s)) {
    const Expr at_first = substitute(g, e, {{*s.in_order, constant(g, std::int64_t{0})}});
    written.emplace_back(e, carry(expanded(at_first, e->dtype))[0]);
  }
  bind_loop(*s.in_order, builder_.constant(0), extent_of(*s.in_order), 1, std::move(carried));
  const std::size_t level = builder_.level();
  next_states_.clear();
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const State next = advance(*scans[i]->as<Fold>(), states[i]);
    remember(scans[i], next, false, level);
    for (Value v : next.flat()) next_states_.push_back(v);
  }
  for (auto [e, element] : written) {
    if (Expr guard = e->as<Read>()->guard) {
      const Value zero = builder_.constant(Scalar{e->dtype, 0});
      element = builder_.compute(level, Op::select, e->dtype, {expanded(guard, DType::b1)[0], element, zero});
    }
    known_[level].insert_or_assign(e, Lanes{{element}, false, level});
  }
  carries_elements_ = written.size();
}

void ExpressionLowering::close_steps(const Statement& s) {
  next_states_.insert(next_states_.end(), carries_elements_, expanded(s.value, s.value->dtype)[0]);
  close_for(next_states_);
}

void ExpressionLowering::advance_in_scratch(Expr e, const ScratchState& states) {
  const State next = advance(*e->as<Fold>(), load_scratch(e, states));
  store_scratch(next, states);
  remember(e, next, true, builder_.level());
}

}  // namespace ricci::jit
