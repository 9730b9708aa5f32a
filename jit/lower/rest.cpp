// Lowering of what a reduction with lanes along the reduced axis has left behind whole steps.
#include <algorithm>

#include "ir/functions.hpp"
#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Whether the result is the same in whatever order the values are taken.
bool takes_any_order(const Fold& f) {
  const bool rounds = f.reduction == Reduction::sum || f.reduction == Reduction::prod;
  return !rounds || !is_float(f.body->dtype);
}

}  // namespace

/// What is left behind whole steps: as many single vectors whose lanes are masked as are needed, each for the part of
/// the state that it would meet in a whole step; where the order does not matter, all for the first. A long body stands
/// there once for all parts, which are in scratch meanwhile.
ExpressionLowering::State ExpressionLowering::reduce_rest(const Fold& f, AxisId axis, Value middle, Value high,
                                                          State state) {
  const std::size_t rows = rows_of(f), parts = state.best.size() / rows;
  const std::int64_t stride = static_cast<std::int64_t>(parts) * lanes();
  const auto masked_step = [&](Value base, const State& before) {
    const Value left = builder_.compute(builder_.level(), Op::subtract, DType::i64, {high, base});
    enter_lanes(axis, base, 1, left, true, stride);
    const State after = step_of_rows(f, before);
    leave_lanes();
    return after;
  };
  const auto loop_for_part = [&](std::size_t part, Value from, std::int64_t stride) {
    State of_part;  // for each row
    for (std::size_t k = part; k < state.best.size(); k += parts) {
      of_part.best.push_back(state.best[k]);
      if (!state.index.empty()) of_part.index.push_back(state.index[k]);
      if (!state.is_number.empty()) of_part.is_number.push_back(state.is_number[k]);
    }
    const auto [carried, before] = carry_all(of_part);
    const Value base = open_for(from, high, stride, carried);
    const State after = before.like(close_for(masked_step(base, before).flat()));
    for (std::size_t row = 0; row < rows; ++row) state.set_part(row * parts + part, after.part(row));
  };
  const std::size_t level = builder_.level();
  const auto first_of = [&](std::size_t part) { return builder_.constant(static_cast<std::int64_t>(part) * lanes()); };
  if (takes_any_order(f) || parts == 1) {
    loop_for_part(0, middle, lanes());
    return state;
  }
  if (!has_function(f.body) || rows > 1) {
    for (std::size_t part = 0; part < parts; ++part)
      loop_for_part(part, builder_.add(level, middle, first_of(part)), stride);
    return state;
  }
  const auto [carried, before] = carry_all(state);
  const Value rest = open_for(middle, high, stride, carried);
  const DType dtype = builder_.type(before.best[0]).dtype;
  info_.buffers.push_back({"rest", dtype, true, {}, stride});
  const auto scratch = static_cast<loop::BufferId>(info_.buffers.size() - 1);
  const auto take = [&](Value at) {
    const Value result = builder_.make({dtype, lanes()});
    builder_.add(builder_.level(), loop::Load{result, scratch, at});
    return result;
  };
  const auto put = [&](Value at, Value part) { builder_.add(builder_.level(), loop::Store{scratch, at, part}); };
  for (std::size_t part = 0; part < parts; ++part) put(first_of(part), before.best[part]);
  const Value base = open_for(rest, high, lanes());
  const Value at = builder_.compute(builder_.level(), Op::subtract, DType::i64, {base, rest});
  const Value old = take(at);
  put(at, masked_step(base, {{old}, {}}).best[0]);
  close_for();
  std::vector<Value> next;
  for (std::size_t part = 0; part < parts; ++part) next.push_back(take(first_of(part)));
  return {close_for(next), {}};
}

}  // namespace ricci::jit
