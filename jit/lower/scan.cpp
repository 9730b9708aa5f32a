// Lowering of what the loop of an axis in order carries from one iteration to the next: the states of scans, and the
// element that was written last.
#include <algorithm>

#include "lower/expression.hpp"
#include "rewrite/scan.hpp"
#include "ricci/error.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

/// The state before anything; of a scan also before its axis is bound.
ExpressionLowering::State ExpressionLowering::start_scan(Expr e, int parts, int lanes) {
  const Fold& f = *e->as<Fold>();
  const auto limit_before = limits_.find(f.axes[0]);
  const auto kept = limit_before != limits_.end() ? std::optional(limit_before->second) : std::nullopt;
  if (const auto scan = scan_of(f)) {
    const Value extent = extent_of(f.axes[0]), zero = builder_.constant(0);
    Value low = scan->backwards ? extent : zero;
    if (const Expr given = f.ranges[0].low; given && !scan->backwards)
      low = builder_.compute(builder_.level(), Op::maximum, DType::i64, {value(given).parts[0], zero});
    limit(f.axes[0], low, extent);
  }
  const State state = start(f, e->dtype, parts, lanes, info(f.reduction).results == Results::index);
  unlimit(f.axes[0]);
  if (kept) limits_[f.axes[0]] = *kept;
  return state;
}

/// Combines what has come into the range since the iteration before: mostly one element.
ExpressionLowering::State ExpressionLowering::advance(Expr e, State state) {
  const Fold& f = *e->as<Fold>();
  const Scan scan = *scan_of(f);
  const AxisId k = f.axes[0];
  const Binding at = bound_.at(scan.along);
  const bool one_each = intake_of(program_, f) == Intake::own && !(scan.backwards ? f.ranges[0].high : f.ranges[0].low);
  const auto run = [&](State from) {
    if (one_each) return step(f, std::move(from));
    State to = reduce_loops(f, {0}, 0, std::move(from));
    unlimit(k);
    return to;
  };
  if (one_each)
    bound_[k] = at;
  else
    limit_to_news(f, scan);
  if (!scan.backwards) return run(std::move(state));
  // What comes in stands before what the state has seen; the first of it is where the range begins now.
  const State nothing = start(f, e->dtype, static_cast<int>(state.best.size()), builder_.type(state.best[0]).lanes,
                              info(f.reduction).results == Results::index);
  const State news = run(nothing);
  State both;
  for (std::size_t part = 0; part < state.best.size(); ++part) {
    const auto alone = [&](const State& s) {
      return State{{s.best[part]}, s.index.empty() ? std::vector<Value>{} : std::vector<Value>{s.index[part]}};
    };
    const State merged = merge(f, builder_.level(), alone(news), alone(state));
    both.best.push_back(merged.best[0]);
    both.index.insert(both.index.end(), merged.index.begin(), merged.index.end());
  }
  return both;
}

/// From now on, the reduction runs over what has come into its range since the iteration before.
void ExpressionLowering::limit_to_news(const Fold& f, const Scan& scan) {
  const AxisId k = f.axes[0];
  const Binding at = bound_.at(scan.along);
  const Value zero = builder_.constant(0), extent = extent_of(k);
  const auto compute = [&](Op op, Value a, Value b) { return builder_.compute(at.level, op, DType::i64, {a, b}); };
  const auto clipped = [&](Value v) { return compute(Op::minimum, compute(Op::maximum, v, zero), extent); };
  const auto [low, high] = f.ranges[0];
  const Value first = low && !scan.backwards ? clipped(value(low).parts[0]) : zero;
  const Value last = high && scan.backwards ? clipped(value(high).parts[0]) : extent;
  const auto bound_at = [&](std::int64_t later) {
    const Value end = clipped(builder_.add(at.level, at.variable, builder_.constant(scan.shift + later)));
    return scan.backwards ? compute(Op::minimum, end, last) : compute(Op::maximum, end, first);
  };
  const Value begin = scan.backwards ? builder_.add(0, extent_of(scan.along), builder_.constant(-1)) : zero;
  const Value is_first = builder_.compute(at.level, Op::equal, DType::b1, {at.variable, begin});
  const auto before = [&](Value at_first, std::int64_t later) {
    return builder_.compute(at.level, Op::select, DType::i64, {is_first, at_first, bound_at(later)});
  };
  if (scan.backwards)
    limit(k, bound_at(0), before(last, 1));
  else
    limit(k, before(first, -1), bound_at(0));
}

void ExpressionLowering::bind_steps(AxisId axis, bool backwards, std::vector<loop::Carried> carried) {
  const Value extent = extent_of(axis);
  bind_loop(axis, builder_.constant(0), extent, 1, std::move(carried));
  if (!backwards) return;
  const Value last = builder_.add(0, extent, builder_.constant(-1));
  bind(axis, builder_.compute(builder_.level(), Op::subtract, DType::i64, {last, bound_.at(axis).variable}));
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
  bind_steps(*s.in_order, !scans.empty() && scan_of(*scans[0]->as<Fold>())->backwards, std::move(carried));
  const std::size_t level = builder_.level();
  next_states_.clear();
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const State next = advance(scans[i], states[i]);
    remember(scans[i], next, false, level);
    for (Value v : next.flat()) next_states_.push_back(v);
  }
  for (auto [e, element] : written) {
    if (Expr guard = e->as<Read>()->guard) {
      const Value zero = builder_.constant(Scalar{e->dtype, 0});
      element = builder_.compute(level, Op::select, e->dtype, {expanded(guard, DType::b1)[0], element, zero});
    }
    known_[level].insert_or_assign(known_as(e), Lanes{{element}, false, level});
  }
  carries_elements_ = written.size();
}

void ExpressionLowering::close_steps(const Statement& s) {
  next_states_.insert(next_states_.end(), carries_elements_, expanded(s.value, s.value->dtype)[0]);
  close_for(next_states_);
}

void ExpressionLowering::advance_in_scratch(Expr e, const ScratchState& states) {
  const State next = advance(e, load_scratch(e, states));
  store_scratch(next, states);
  remember(e, next, true, builder_.level());
}

}  // namespace ricci::jit
