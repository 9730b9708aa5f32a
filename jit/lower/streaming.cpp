// Which stores go past the caches (streaming.hpp), row by row.
#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Of a row: in shorter ones, the parts of lines at both ends cost more than the rest saves.
constexpr std::int64_t least_run_bytes = 256;

}  // namespace

Value ExpressionLowering::to_line(const Statement& s, AxisId axis, Value low) {
  const std::size_t level = builder_.level();
  // The axis is bound to the start of the row for as long as its address is computed, and nothing of that is kept.
  const auto bound = bound_;
  const Known known = known_[level];
  bind(axis, low);
  if (keeping_ && keeping_->kept.planes) bind(keeping_->kept.along, builder_.constant(0));  // the first of the planes
  const Value offset = address(s.target, s.subscripts, level).base;
  known_[level] = known;
  bound_ = bound;
  const Value elements = builder_.make({DType::i64, 1});
  builder_.add(level, loop::ToLine{elements, s.target, offset});
  return elements;
}

Value ExpressionLowering::start_streaming(const std::vector<const Statement*>& statements, AxisId axis, Value low,
                                          Value high) {
  const std::size_t level = builder_.level();
  const auto compute = [&](Op op, DType dtype, std::vector<Value> args) {
    return builder_.compute(level, op, dtype, std::move(args));
  };
  const Value to_first_line = to_line(*statements[0], axis, low);
  const DType dtype = program_.tensors[statements[0]->target].dtype;
  const Value least = builder_.constant(least_run_bytes / static_cast<std::int64_t>(size_of(dtype)));
  const Value length = compute(Op::subtract, DType::i64, {high, low});
  Value is_long = compute(Op::greater_equal, DType::b1, {length, least});
  if (keeping_ && keeping_->kept.planes) {  // and the others begin lines where the first does
    const Value line = builder_.constant(64 / static_cast<std::int64_t>(size_of(dtype)) - 1);
    const Value apart = step_along(statements[0]->target, statements[0]->subscripts, keeping_->kept.along);
    const Value behind = compute(Op::logical_and, DType::i64, {apart, line});
    const Value agree = compute(Op::equal, DType::b1, {behind, builder_.constant(0)});
    is_long = compute(Op::logical_and, DType::b1, {is_long, agree});
  }
  for (const Statement* s : statements) {
    streaming_[s->target] = is_long;
    if (s == statements[0]) continue;
    const Value equal = compute(Op::equal, DType::b1, {to_line(*s, axis, low), to_first_line});
    streaming_[s->target] = compute(Op::logical_and, DType::b1, {is_long, equal});
  }
  const Value skipped = compute(Op::select, DType::i64, {is_long, to_first_line, builder_.constant(0)});
  return builder_.add(level, low, skipped);
}

void ExpressionLowering::start_aligned_streaming(const std::vector<const Statement*>& statements, AxisId axis,
                                                 Value low, Value high) {
  const std::size_t level = builder_.level();
  const Value skipped = start_streaming(statements, axis, low, high);
  const Value none = builder_.compute(level, Op::equal, DType::b1, {skipped, low});
  for (const Statement* s : statements) {
    Value& streams = streaming_.at(s->target);
    streams = builder_.compute(level, Op::logical_and, DType::b1, {streams, none});
  }
}

Value ExpressionLowering::streaming(TensorId target) const {
  const auto found = streaming_.find(target);
  return found == streaming_.end() || !lane_ || !lane_->masks.empty() ? loop::none : found->second;
}

}  // namespace ricci::jit
