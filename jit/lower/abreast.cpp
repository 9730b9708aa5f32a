// Iterations of an outer loop side by side (abreast.hpp).
#include "lower/expression.hpp"
#include "schedule/abreast.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void ExpressionLowering::go_abreast(AxisId axis, Value low, Value high, std::int64_t count) {
  const std::size_t level = builder_.level();
  const Value last = builder_.add(level, high, builder_.constant(-1));
  rows_ = Rows{.axis = axis, .variables = {low}, .abreast = true};
  for (std::int64_t row = 1; row < count; ++row) {
    const Value next = builder_.add(level, low, builder_.constant(row));
    rows_->variables.push_back(builder_.compute(level, Op::minimum, DType::i64, {next, last}));
  }
  bind(axis, low);
}

std::size_t ExpressionLowering::rows_of(const Fold& f) const {
  return rows_ && rows_->abreast && uses_axis(f.body, rows_->axis) ? rows_->variables.size() : 1;
}

ExpressionLowering::State ExpressionLowering::of_row(const State& rows, std::size_t row) {
  const std::size_t parts = rows.best.size() / rows_->variables.size();
  const auto slice = [&](const std::vector<Value>& all) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row * parts);
    return all.empty() ? all : std::vector<Value>(first, first + static_cast<std::ptrdiff_t>(parts));
  };
  return {slice(rows.best), slice(rows.index), slice(rows.is_number)};
}

/// One iteration of a reduction for each of the rows whose states these are, one after another.
ExpressionLowering::State ExpressionLowering::step_of_rows(const Fold& f, const State& state) {
  const std::size_t parts = lane_ ? static_cast<std::size_t>(lane_->parts) : state.best.size();
  return by_row(state, state.best.size() > parts, [&](const State& row) { return step(f, row); });
}

/// A loop that takes a few iterations at a time, so that the reductions within go through their loops once for them;
/// the state meets them in their order, and where there are no more the last one again.
ExpressionLowering::State ExpressionLowering::reduce_abreast(const Fold& f, const State& state) {
  const AxisId axis = f.axes.back();
  const Limit range = range_of(f, f.axes.size() - 1);
  const auto [carried, before] = carry_all(state);
  bind_loop(axis, range.low, range.high, rows_abreast, carried);
  go_abreast(axis, variable(axis), range.high, rows_abreast);
  State next = before;
  each_row([&](std::size_t) { next = step(f, next); });
  leave_abreast();
  return state.like(close_for(next.flat()));
}

}  // namespace ricci::jit
