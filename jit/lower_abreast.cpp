// Iterations of an outer loop side by side (abreast.hpp).
#include "lower_expression.hpp"

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

ExpressionLowering::State ExpressionLowering::of_row(const State& rows, std::size_t row) {
  const std::size_t parts = static_cast<std::size_t>(lane_->parts);
  const auto slice = [&](const std::vector<Value>& all) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row * parts);
    return all.empty() ? all : std::vector<Value>(first, first + static_cast<std::ptrdiff_t>(parts));
  };
  return {slice(rows.best), slice(rows.index)};
}

/// One iteration of a reduction for each of the rows whose states these are, one after another.
ExpressionLowering::State ExpressionLowering::step_of_rows(const Fold& f, State state) {
  const std::size_t parts = lane_ ? static_cast<std::size_t>(lane_->parts) : state.best.size();
  if (state.best.size() == parts) return step(f, std::move(state));
  State next;
  each_row([&](std::size_t row) {
    const State after = step(f, of_row(state, row));
    next.best.insert(next.best.end(), after.best.begin(), after.best.end());
    next.index.insert(next.index.end(), after.index.begin(), after.index.end());
  });
  return next;
}

}  // namespace ricci::jit
