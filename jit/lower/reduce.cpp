// Lowering of reductions: loops with carried states, and lanes along the reduced axis.
#include <algorithm>

#include "lower/expression.hpp"
#include "rewrite/guard.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// So many steps of vectors run between two looks at whether the result is decided. The steps of a search take longer,
/// or it goes through the last ones again.
constexpr std::int64_t steps_to_decision = 16, steps_of_search = 4;

}  // namespace

bool ends_early(const Program& program, const Fold& f) {
  // The first true element of flags is their argmax; over several axes the loops need not be in the order that counts.
  const bool is_search = info(f.reduction).results == Results::index && f.body->dtype == DType::b1;
  if (is_search ? f.axes.size() > 1 : f.reduction != Reduction::any && f.reduction != Reduction::all) return false;
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
Limit ExpressionLowering::range_of(const Fold& f, std::size_t k) {
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
  if (f.ranges[k].low)  // what follows it is computed without overflow
    range.low = builder_.compute(range.level, Op::minimum, DType::i64, {range.low, extent_of(f.axes[k])});
  bound(f.ranges[k].high, Op::minimum, range.high);
  // Never less than `low`: loops compute with the difference.
  range.high = builder_.compute(range.level, Op::maximum, DType::i64, {range.high, range.low});
  return range;
}

/// Carried values that start as the state, and the state as a step finds it.
std::pair<std::vector<loop::Carried>, ExpressionLowering::State> ExpressionLowering::carry_all(const State& state) {
  std::vector<loop::Carried> carried;
  std::vector<Value> variables;
  for (Value initial : state.flat()) {
    carried.push_back(builder_.carry(initial));
    variables.push_back(carried.back().variable);
  }
  return {carried, state.like(variables)};
}

/// Whether no further value changes the results of this state, those of every row (scalar b1); none where that cannot
/// be or all must be looked at.
Value ExpressionLowering::is_decided(const Fold& f, const State& state) {
  if (!ends_early(program_, f)) return loop::none;
  const std::size_t level = builder_.level(), rows = rows_of(f);
  const bool by_false = f.reduction == Reduction::all || f.reduction == Reduction::argmin;
  const auto is_row_decided = [&](const State& row) {
    const Value all = of_flags(level, row.best, by_false);
    return by_false ? builder_.compute(level, Op::logical_not, DType::b1, {all}) : all;
  };
  Value decided = is_row_decided(rows == 1 ? state : of_row(state, 0));
  for (std::size_t row = 1; row < rows; ++row)
    decided = builder_.compute(level, Op::logical_and, DType::b1, {decided, is_row_decided(of_row(state, row))});
  return decided;
}

/// Serial loops over the axes with these numbers, from `depth` on, the state carried through.
ExpressionLowering::State ExpressionLowering::reduce_loops(const Fold& f, std::vector<std::size_t> loops,
                                                           std::size_t depth, State state) {
  if (depth == loops.size()) return step_of_rows(f, state);
  if (depth + 1 == loops.size() && schedule_.folds_abreast.contains(f.body)) return reduce_abreast(f, state);
  const auto [carried, before] = carry_all(state);
  const Limit range = range_of(f, loops[depth]);
  bind_loop(f.axes[loops[depth]], range.low, range.high, 1, carried);
  const State next = reduce_loops(f, loops, depth + 1, before);
  return state.like(close_for(next.flat(), lane_ ? loop::none : is_decided(f, next)));
}

/// Where the flag that a search is for stands in [low, high), as a block of whole steps of so many vectors; nothing of
/// it if there is none. To look whether there is one in a block takes less time than to keep its place.
std::pair<Value, Value> ExpressionLowering::block_of_flag(const Fold& f, std::size_t lane, Value low, Value high,
                                                          int parts) {
  const Fold looks{f.reduction == Reduction::argmin ? Reduction::all : Reduction::any, f.axes, f.body, f.ranges};
  const State flags = start(looks, DType::b1, parts, lanes(), false);
  auto [carried, before] = carry_all(flags);
  for (int bound = 0; bound < 2; ++bound) carried.push_back(builder_.carry(low));
  const std::int64_t block = steps_of_search * parts * lanes();
  const Value from = open_for(low, high, block, carried);
  const Value end = builder_.add(builder_.level(), from, builder_.constant(block));
  const Value to = builder_.compute(builder_.level(), Op::minimum, DType::i64, {end, high});
  const State next = reduce_steps(looks, f.axes[lane], from, to, before);
  std::vector<Value> results = next.flat();
  results.insert(results.end(), {from, to});
  results = close_for(results, is_decided(looks, next));
  const Value first = results[results.size() - 2], behind = results.back();
  results.resize(results.size() - 2);
  const Value decided = is_decided(looks, flags.like(results));
  return {first, builder_.compute(builder_.level(), Op::select, DType::i64, {decided, behind, first})};
}

/// Serial loops around one with lanes along axis `lane`: whole steps, then the rest.
ExpressionLowering::State ExpressionLowering::reduce_lanes(const Fold& f, std::size_t lane,
                                                           std::vector<std::size_t> outer, std::size_t depth,
                                                           State state) {
  if (depth < outer.size()) {
    const Limit range = range_of(f, outer[depth]);
    const auto [carried, before] = carry_all(state);
    bind_loop(f.axes[outer[depth]], range.low, range.high, 1, carried);
    const State next = reduce_lanes(f, lane, outer, depth + 1, before);
    return state.like(close_for(next.flat(), is_decided(f, next)));
  }
  if (const auto counter = type_of_steps(f, f.axes[lane])) return reduce_counting(f, lane, *counter, std::move(state));
  const std::int64_t stride = static_cast<std::int64_t>(state.best.size() / rows_of(f)) * lanes();
  const Limit range = range_of(f, lane);
  const auto low = range.low, high = range.high;
  const std::size_t level = range.level;
  Value middle = low == builder_.constant(0) ? high : builder_.compute(level, Op::subtract, DType::i64, {high, low});
  middle = builder_.compute(level, Op::logical_and, DType::i64, {middle, builder_.constant(-stride)});
  middle = builder_.add(level, middle, low);
  ++info_.loops;
  if (ends_early(program_, f)) {
    // The first block is one step: many rows are decided by then.
    const auto i64 = [&](Op op, std::vector<Value> of) {
      return builder_.compute(builder_.level(), op, DType::i64, std::move(of));
    };
    const bool seeks = info(f.reduction).results == Results::index;
    const bool is_long = nest_.folds || std::ranges::count(s_.wide, f.axes[lane]) > 0;
    if (seeks && is_long && rows_of(f) == 1) {
      const Value behind = i64(Op::minimum, {builder_.add(level, low, builder_.constant(stride)), middle});
      state = reduce_steps(f, f.axes[lane], low, behind, std::move(state));
      const Value before = is_decided(f, state), some = i64(Op::select, {before, behind, middle});
      const auto [from, to] = block_of_flag(f, lane, behind, some, static_cast<int>(state.best.size()));
      state = reduce_steps(f, f.axes[lane], from, to, std::move(state));
    } else {
      const auto [carried, before] = carry_all(state);
      const std::int64_t block = (seeks ? steps_of_search : steps_to_decision) * stride;
      const Value first = builder_.add(level, low, builder_.constant(stride - block));
      const Value begin = open_for(first, middle, block, carried);
      const Value from = i64(Op::maximum, {begin, low}), end = i64(Op::add, {begin, builder_.constant(block)});
      const State next = reduce_steps(f, f.axes[lane], from, i64(Op::minimum, {end, middle}), before);
      state = state.like(close_for(next.flat(), is_decided(f, next)));
    }
    middle = i64(Op::select, {is_decided(f, state), high, middle});
  } else {
    state = reduce_steps(f, f.axes[lane], low, middle, std::move(state));
  }
  return reduce_rest(f, f.axes[lane], middle, high, std::move(state));
}

/// The same for a state of scalars, block by block. In a block the lanes count their steps in the type `counter`; what
/// is left behind whole steps has lanes of its own.
ExpressionLowering::State ExpressionLowering::reduce_counting(const Fold& f, std::size_t lane, DType counter,
                                                              State state) {
  const AxisId along = f.axes[lane];
  const std::size_t rows = rows_of(f);
  const std::int64_t stride = nest_.accumulators, block = stride << (8 * size_of(counter));
  const Limit range = range_of(f, lane);
  const auto [carried, before] = carry_all(state);
  const Value base = open_for(range.low, range.high, block, carried);
  ++info_.loops;
  const std::size_t level = builder_.level();
  const Value limit = builder_.add(level, base, builder_.constant(block));
  const Value end = builder_.compute(level, Op::minimum, DType::i64, {limit, range.high});
  const Value length = builder_.compute(level, Op::subtract, DType::i64, {end, base});
  const Value whole = builder_.compute(level, Op::logical_and, DType::i64, {length, builder_.constant(-stride)});
  const Value middle = builder_.add(level, base, whole);
  State best = before;
  const auto take = [&](Value from, Value to, int parts) {
    const std::size_t count = static_cast<std::size_t>(parts) * rows;
    State steps = start(f, builder_.type(state.best[0]).dtype, static_cast<int>(count), lanes(), false);
    steps.index.assign(count, builder_.constant(Scalar{counter, 0}, lanes()));
    steps = reduce_steps(f, along, from, to, std::move(steps), to == end);
    const Value first = index_of(f, along, from);
    const State found = by_row(steps, rows > 1, [&](const State& row) { return earliest(f, level, row, first); });
    for (std::size_t row = 0; row < rows; ++row) {
      const Value wins = beats(f, level, found.best[row], best.best[row]);
      const auto winner = [&](Value challenger, Value champion) {
        const DType dtype = builder_.type(champion).dtype;
        return builder_.compute(level, Op::select, dtype, {wins, challenger, champion});
      };
      best.best[row] = winner(found.best[row], best.best[row]);
      best.index[row] = winner(found.index[row], best.index[row]);
    }
  };
  take(base, middle, nest_.accumulators / lanes());
  take(middle, end, 1);
  return state.like(close_for(best.flat()));
}

/// A loop of whole steps with lanes along this axis, as many vectors in each as the state has parts, or one that masks
/// those beyond the end. It carries the index that they share: as a function of the loop's variable each of them would
/// bring it into a vector again. Where lanes count steps that is the number of the step.
ExpressionLowering::State ExpressionLowering::reduce_steps(const Fold& f, AxisId lane, Value from, Value to,
                                                           State state, bool masked) {
  const int parts = static_cast<int>(state.best.size() / rows_of(f));
  const std::int64_t stride = std::int64_t{parts} * lanes();
  auto [carried, before] = carry_all(state);
  const bool indexed = shares_index(f, lane), counts = type_of_steps(f, lane).has_value();
  const DType dtype = indexed ? builder_.type(state.index[0]).dtype : DType::i64;
  const auto number = [&](std::int64_t n) {
    return builder_.constant(evaluate(Op::cast, dtype, std::vector{Scalar::of(n)}), lanes());
  };
  if (indexed) carried.push_back(builder_.carry(counts ? number(0) : shared_index(f, lane, from, dtype)));
  const Value base = open_for(from, to, stride, carried);
  std::optional<Value> left;
  if (masked) left = builder_.compute(builder_.level(), Op::subtract, DType::i64, {to, base});
  enter_lanes(lane, base, parts, left);
  if (indexed) lane_->index = carried.back().variable;
  std::vector<Value> next = step_of_rows(f, before).flat();
  if (indexed)
    next.push_back(builder_.compute(builder_.level(), Op::add, dtype,
                                    {carried.back().variable, number(counts ? 1 : stride)}));
  leave_lanes();
  std::vector<Value> results = close_for(next);
  if (indexed) results.pop_back();
  return state.like(results);
}

}  // namespace ricci::jit
