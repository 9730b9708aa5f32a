// Which stores go past the caches (streaming.hpp), row by row.
#include "lower_expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

constexpr std::int64_t least_run_bytes = 256;  // parts of lines at the ends of a row cost more than they save

}  // namespace

void ExpressionLowering::start_streaming(const Statement& s, AxisId axis, Value low, Value high) {
  const std::size_t level = builder_.level();
  // The axis is bound to the start of the row for as long as its address is computed, and nothing of that is kept.
  const auto bound = bound_;
  const Known known = known_[level];
  bind(axis, low);
  const Value offset = address(s.target, s.subscripts, level).base;
  known_[level] = known;
  bound_ = bound;
  const Value aligned = builder_.make({DType::b1, 1});
  builder_.add(level, loop::Aligned{aligned, s.target, offset});
  const std::int64_t least = least_run_bytes / static_cast<std::int64_t>(size_of(program_.tensors[s.target].dtype));
  const Value length = builder_.compute(level, Op::subtract, DType::i64, {high, low});
  const Value is_long = builder_.compute(level, Op::greater_equal, DType::b1, {length, builder_.constant(least)});
  streaming_[s.target] = builder_.compute(level, Op::logical_and, DType::b1, {aligned, is_long});
}

Value ExpressionLowering::streaming(TensorId target) const {
  const auto found = streaming_.find(target);
  return found == streaming_.end() || !lane_ || !lane_->masks.empty() ? loop::none : found->second;
}

}  // namespace ricci::jit
