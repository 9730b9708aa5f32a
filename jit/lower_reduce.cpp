// Lowering of reductions: loops with carried states, and lanes along the reduced axis.
#include <algorithm>

#include "guard.hpp"
#include "lower_expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Whether the result is the same in whatever order the values are taken.
bool takes_any_order(const Fold& f) {
  const bool rounds = f.reduction == Reduction::sum || f.reduction == Reduction::prod;
  return !rounds || !is_float(f.body->dtype);
}

/// So many steps of vectors run between two looks at whether the result is decided.
constexpr std::int64_t steps_to_decision = 16;

}  // namespace

bool ends_early(const Program& program, const Fold& f) {
  if (f.reduction != Reduction::any && f.reduction != Reduction::all) return false;
  const auto is_checked = [&](Expr n) {
    const Read* read = n->as<Read>();
    return read && read->policy == Policy::check && !always_fits(program, *read);
  };
  std::vector<Expr> parts{f.body};
  for (const auto& [low, high] : f.ranges)
    for (Expr bound : {low, high})
      if (bound) parts.push_back(bound);
  return std::ranges::none_of(nodes(parts), is_checked);
}

/// What the reduction runs over along its axis k, as it stands at `level`.
ExpressionLowering::Limit ExpressionLowering::range_of(const Fold& f, std::size_t k) {
  if (const auto it = limits_.find(f.axes[k]); it != limits_.end()) return it->second;
  Limit range{builder_.constant(0), extent_of(f.axes[k]), 0};
  if (f.ranges.empty()) return range;
  const auto bound = [&](Expr e, Op op, Value& end) {
    if (!e) return;
    const Lanes& given = value(e);
    range.level = std::max(range.level, given.level);
    end = builder_.compute(given.level, op, DType::i64, {given.parts[0], end});
  };
  bound(f.ranges[k].low, Op::maximum, range.low);
  bound(f.ranges[k].high, Op::minimum, range.high);
  // Never less than `low`: loops compute with the difference.
  range.high = builder_.compute(range.level, Op::maximum, DType::i64, {range.high, range.low});
  return range;
}

/// Carried values that start as the state.
std::vector<loop::Carried> ExpressionLowering::carry_all(const State& state) {
  std::vector<loop::Carried> carried;
  for (Value initial : state.flat()) carried.push_back(builder_.carry(initial));
  return carried;
}

ExpressionLowering::State ExpressionLowering::variables_of(const State& like,
                                                           const std::vector<loop::Carried>& carried) {
  std::vector<Value> variables;
  for (const loop::Carried& c : carried) variables.push_back(c.variable);
  return like.like(variables);
}

/// Whether no further value changes the result of this state (scalar b1); none where that cannot be or all must be
/// looked at.
Value ExpressionLowering::is_decided(const Fold& f, const State& state) {
  if (!ends_early(program_, f)) return loop::none;
  const std::size_t level = builder_.level();
  Value all = state.best[0];
  for (std::size_t part = 1; part < state.best.size(); ++part)
    all = builder_.compute(level, info(f.reduction).step, DType::b1, {all, state.best[part]});
  if (f.reduction == Reduction::all) all = builder_.compute(level, Op::logical_not, DType::b1, {all});
  if (builder_.type(all).lanes == 1) return all;
  const Value some = builder_.make({DType::b1, 1});
  builder_.add(level, loop::AnyLane{some, all});
  return some;
}

/// Serial loops over the axes with these numbers, from `depth` on, the state carried through.
ExpressionLowering::State ExpressionLowering::reduce_loops(const Fold& f, std::vector<std::size_t> loops,
                                                           std::size_t depth, State state) {
  if (depth == loops.size()) return step_of_rows(f, std::move(state));
  std::vector<loop::Carried> carried = carry_all(state);
  const State variables = variables_of(state, carried);
  const Limit range = range_of(f, loops[depth]);
  bind_loop(f.axes[loops[depth]], range.low, range.high, 1, std::move(carried));
  const State next = reduce_loops(f, loops, depth + 1, variables);
  return state.like(close_for(next.flat(), lane_ ? loop::none : is_decided(f, next)));
}

/// The same with lanes along axis `lane`, innermost: whole steps, then one step whose lanes are masked, or where the
/// order does not matter, as many of single vectors as are needed.
ExpressionLowering::State ExpressionLowering::reduce_lanes(const Fold& f, std::size_t lane,
                                                           std::vector<std::size_t> outer, std::size_t depth,
                                                           State state) {
  if (depth < outer.size()) {
    std::vector<loop::Carried> carried = carry_all(state);
    const State variables = variables_of(state, carried);
    const Limit range = range_of(f, outer[depth]);
    bind_loop(f.axes[outer[depth]], range.low, range.high, 1, std::move(carried));
    const State next = reduce_lanes(f, lane, outer, depth + 1, variables);
    return state.like(close_for(next.flat(), is_decided(f, next)));
  }
  const auto all_parts = static_cast<std::int64_t>(state.best.size());
  const std::int64_t stride = all_parts * lanes();
  const auto [low, high, level] = range_of(f, lane);
  Value middle = low == builder_.constant(0) ? high : builder_.compute(level, Op::subtract, DType::i64, {high, low});
  middle = builder_.compute(level, Op::logical_and, DType::i64, {middle, builder_.constant(-stride)});
  middle = builder_.add(level, middle, low);
  ++info_.loops;
  if (ends_early(program_, f)) {
    std::vector<loop::Carried> carried = carry_all(state);
    const State variables = variables_of(state, carried);
    const Value block = builder_.constant(steps_to_decision * stride);
    const Value from = open_for(low, middle, steps_to_decision * stride, std::move(carried));
    const Value end = builder_.add(builder_.level(), from, block);
    const Value to = builder_.compute(builder_.level(), Op::minimum, DType::i64, {end, middle});
    const State next = reduce_steps(f, f.axes[lane], from, to, false, variables);
    state = state.like(close_for(next.flat(), is_decided(f, next)));
  } else {
    state = reduce_steps(f, f.axes[lane], low, middle, false, std::move(state));
  }
  const State rest = reduce_steps(f, f.axes[lane], middle, high, true, state.first(takes_any_order(f) ? 1 : all_parts));
  std::ranges::copy(rest.best, state.best.begin());
  std::ranges::copy(rest.index, state.index.begin());
  return state;
}

/// A loop of steps with lanes along this axis, as many vectors in each as the state has parts.
ExpressionLowering::State ExpressionLowering::reduce_steps(const Fold& f, AxisId lane, Value from, Value to,
                                                           bool masked, State state) {
  const int parts = static_cast<int>(state.best.size());
  std::vector<loop::Carried> carried = carry_all(state);
  const State variables = variables_of(state, carried);
  const Value base = open_for(from, to, std::int64_t{parts} * lanes(), std::move(carried));
  std::optional<Value> remaining;
  if (masked) remaining = builder_.compute(builder_.level(), Op::subtract, DType::i64, {to, base});
  enter_lanes(lane, base, parts, remaining);
  const State next = step(f, variables);
  leave_lanes();
  return state.like(close_for(next.flat()));
}

}  // namespace ricci::jit
