// Lowering of reductions: their partial states put together.
#include <limits>

#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

bool is_minimum(Reduction r) { return r == Reduction::min || r == Reduction::argmin; }

}  // namespace

/// Whether `challenger` beats `champion`, as b1: strictly better, or the first NaN.
Value ExpressionLowering::beats(const Fold& f, std::size_t level, Value challenger, Value champion,
                                Value champion_is_number) {
  const bool low = is_minimum(f.reduction);
  if (!is_float(builder_.type(challenger).dtype))
    return builder_.compute(level, low ? Op::less : Op::greater, DType::b1, {challenger, champion});
  const Op not_better = low ? Op::greater_equal : Op::less_equal;
  const Value not_worse = builder_.compute(level, not_better, DType::b1, {challenger, champion});
  const Value better_or_nan = builder_.compute(level, Op::logical_not, DType::b1, {not_worse});
  if (champion_is_number == loop::none)
    champion_is_number = builder_.compute(level, Op::equal, DType::b1, {champion, champion});
  return builder_.compute(level, Op::logical_and, DType::b1, {better_or_nan, champion_is_number});
}

/// Whether two values are equal, or both NaN.
Value ExpressionLowering::ties(std::size_t level, Value a, Value b) {
  const auto b1 = [&](Op op, Value x, Value y) { return builder_.compute(level, op, DType::b1, {x, y}); };
  const Value equal = b1(Op::equal, a, b);
  if (!is_float(builder_.type(a).dtype)) return equal;
  const Value first_is_nan = b1(Op::not_equal, a, a);
  const Value second_is_nan = b1(Op::not_equal, b, b);
  return b1(Op::logical_or, equal, b1(Op::logical_and, first_is_nan, second_is_nan));
}

/// Whether `challenger` is as good and has a smaller index.
Value ExpressionLowering::comes_first(std::size_t level, Value challenger, Value champion, Value index,
                                      Value champion_index) {
  const Value equal = ties(level, champion, challenger);
  const Value earlier = builder_.compute(level, Op::less, DType::b1, {index, champion_index});
  return builder_.compute(level, Op::logical_and, DType::b1, {equal, earlier});
}

/// Two partial states into one.
ExpressionLowering::State ExpressionLowering::merge(const Fold& f, std::size_t level, const State& a, const State& b) {
  const DType dtype = builder_.type(a.best[0]).dtype;
  if (a.index.empty()) return {{builder_.compute(level, info(f.reduction).step, dtype, {a.best[0], b.best[0]})}, {}};
  const Value av = a.best[0], bv = b.best[0], ai = a.index[0], bi = b.index[0];
  const Value tie = comes_first(level, bv, av, bi, ai);
  const Value better = beats(f, level, bv, av);
  const Value wins = builder_.compute(level, Op::logical_or, DType::b1, {better, tie});
  return {{builder_.compute(level, Op::select, dtype, {wins, bv, av})},
          {builder_.compute(level, Op::select, builder_.type(ai).dtype, {wins, bi, ai})}};
}

/// All lanes of all parts into one scalar, by halves: first the parts, then the lanes.
Value ExpressionLowering::halves(std::size_t level, std::vector<Value> parts, const Join& join) {
  const DType dtype = builder_.type(parts[0]).dtype;
  while (parts.size() > 1) {
    const std::size_t half = parts.size() / 2;
    for (std::size_t i = 0; i < half; ++i) parts[i] = join(dtype, parts[i], parts[i + half]);
    parts.resize(half);
  }
  Value all = parts[0];
  const auto half_of = [&](Value v, bool upper) {
    const Value result = builder_.make({dtype, builder_.type(v).lanes / 2});
    builder_.add(level, loop::Half{result, v, upper});
    return result;
  };
  while (builder_.type(all).lanes > 1) {
    const Value lower = half_of(all, false), upper = half_of(all, true);
    all = join(dtype, lower, upper);
  }
  return all;
}

/// Whether some lane of these parts holds, or all of them do.
Value ExpressionLowering::of_flags(std::size_t level, const std::vector<Value>& parts, bool all) {
  const auto b1 = [&](Op op, std::vector<Value> args) {
    return builder_.compute(level, op, DType::b1, std::move(args));
  };
  Value together = parts[0];
  for (std::size_t part = 1; part < parts.size(); ++part)
    together = b1(all ? Op::logical_and : Op::logical_or, {together, parts[part]});
  if (builder_.type(together).lanes == 1) return together;
  if (all) together = b1(Op::logical_not, {together});
  const Value some = builder_.make({DType::b1, 1});
  builder_.add(level, loop::AnyLane{some, together});
  return all ? b1(Op::logical_not, {some}) : some;
}

/// All parts and lanes of a state into one scalar state. The index is the smallest of those that have the best value.
ExpressionLowering::State ExpressionLowering::in_one(const Fold& f, std::size_t level, const State& state) {
  const auto compute = [&](Op op, DType dtype, std::vector<Value> args) {
    return builder_.compute(level, op, dtype, std::move(args));
  };
  const Op step = info(f.reduction).step;
  const DType dtype = builder_.type(state.best[0]).dtype;
  const auto by_step = [&](DType type, Value a, Value b) { return compute(step, type, {a, b}); };
  if (f.reduction == Reduction::any || f.reduction == Reduction::all)
    return {{of_flags(level, state.best, f.reduction == Reduction::all)}, {}};
  if (state.index.empty()) return {{halves(level, state.best, by_step)}, {}};

  const bool low = is_minimum(f.reduction);
  std::vector<Value> are_nan;
  Value has_nan = loop::none;
  if (is_float(dtype)) {
    for (Value part : state.best)
      if (state.is_number.empty()) are_nan.push_back(compute(Op::not_equal, DType::b1, {part, part}));
    for (Value is_number : state.is_number) are_nan.push_back(compute(Op::logical_not, DType::b1, {is_number}));
    Value any_nan = are_nan[0];
    for (std::size_t part = 1; part < are_nan.size(); ++part)
      any_nan = compute(Op::logical_or, DType::b1, {any_nan, are_nan[part]});
    has_nan = builder_.make({DType::b1, 1});
    builder_.add(level, loop::AnyLane{has_nan, any_nan});
  }
  // Each step waits for the one before. NaNs, which need another comparison, are therefore left out of these.
  const auto by_value = [&](DType type, Value a, Value b) {
    if (!is_float(type)) return compute(low ? Op::minimum : Op::maximum, type, {a, b});
    const Value wins = compute(low ? Op::less : Op::greater, DType::b1, {b, a});
    return compute(Op::select, type, {wins, b, a});
  };
  Value best = dtype == DType::b1 ? of_flags(level, state.best, low) : halves(level, state.best, by_value);
  if (has_nan != loop::none) {
    const Scalar nan = evaluate(Op::cast, dtype, std::vector{Scalar::of(std::numeric_limits<double>::quiet_NaN())});
    best = compute(Op::select, dtype, {has_nan, builder_.constant(nan), best});
  }
  const loop::Type type = builder_.type(state.index[0]);
  const Value everywhere = builder_.splat(level, best, type.lanes);
  const Value none = builder_.constant(identity(Reduction::min, type.dtype), type.lanes);
  std::vector<Value> winners;
  for (std::size_t part = 0; part < state.index.size(); ++part) {
    Value wins = compute(Op::equal, DType::b1, {state.best[part], everywhere});
    if (!are_nan.empty()) wins = compute(Op::logical_or, DType::b1, {wins, are_nan[part]});
    winners.push_back(compute(Op::select, type.dtype, {wins, state.index[part], none}));
  }
  const auto smaller = [&](DType dtype, Value a, Value b) { return compute(Op::minimum, dtype, {a, b}); };
  return {{best}, {halves(level, winners, smaller)}};
}

/// The same of a state of integers with the numbers of steps, the first of which has the index `first`: of those that
/// have the best value, the one of the first step, and of that the first lane.
ExpressionLowering::State ExpressionLowering::earliest(const Fold& f, std::size_t level, const State& state,
                                                       Value first) {
  const auto compute = [&](Op op, DType dtype, std::vector<Value> args) {
    return builder_.compute(level, op, dtype, std::move(args));
  };
  const loop::Type type = builder_.type(state.index[0]);
  const Value none = builder_.constant(identity(Reduction::min, type.dtype), type.lanes);
  const Op better = is_minimum(f.reduction) ? Op::minimum : Op::maximum;
  const auto by_value = [&](DType dtype, Value a, Value b) { return compute(better, dtype, {a, b}); };
  const auto smaller = [&](DType dtype, Value a, Value b) { return compute(Op::minimum, dtype, {a, b}); };
  const auto parts_where = [&](const auto& condition, const auto& number) {
    std::vector<Value> parts;
    for (std::size_t part = 0; part < state.best.size(); ++part)
      parts.push_back(compute(Op::select, type.dtype, {condition[part], number(part), none}));
    return halves(level, std::move(parts), smaller);
  };
  const Value best = halves(level, state.best, by_value);
  const Value everywhere = builder_.splat(level, best, type.lanes);
  std::vector<Value> wins;
  for (Value part : state.best) wins.push_back(compute(Op::equal, DType::b1, {part, everywhere}));
  const Value step = parts_where(wins, [&](std::size_t part) { return state.index[part]; });
  const Value of_step = builder_.splat(level, step, type.lanes);
  for (std::size_t part = 0; part < wins.size(); ++part) {
    const Value is_first = compute(Op::equal, DType::b1, {state.index[part], of_step});
    wins[part] = compute(Op::logical_and, DType::b1, {wins[part], is_first});
  }
  const Value iota = builder_.iota(type.dtype, type.lanes);
  const Value lane = parts_where(wins, [&](std::size_t part) {
    const Scalar before{type.dtype, static_cast<std::uint64_t>(part) * static_cast<std::uint64_t>(type.lanes)};
    return builder_.compute(0, Op::add, type.dtype, {iota, builder_.constant(before, type.lanes)});
  });
  const Value stride = builder_.constant(static_cast<std::int64_t>(state.best.size()) * type.lanes);
  const Value before = builder_.multiply(level, builder_.convert(level, step, DType::i64), stride);
  const Value within = builder_.add(level, before, builder_.convert(level, lane, DType::i64));
  return {{best}, {builder_.add(level, first, within)}};
}

/// The state after a reduction along lanes that share an index, with the index of each.
ExpressionLowering::State ExpressionLowering::with_own_indices(std::size_t level, State state) {
  for (std::size_t part = 0; part < state.index.size(); ++part) {
    const DType dtype = builder_.type(state.index[part]).dtype;
    Value distance = builder_.iota(dtype, lanes());
    if (part > 0) {
      const Scalar first =
          evaluate(Op::cast, dtype, std::vector{Scalar::of(static_cast<std::int64_t>(part) * lanes())});
      distance = builder_.compute(0, Op::add, dtype, {distance, builder_.constant(first, lanes())});
    }
    state.index[part] = builder_.compute(level, Op::add, dtype, {state.index[part], distance});
  }
  return state;
}

}  // namespace ricci::jit
