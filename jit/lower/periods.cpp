// The lanes of a nest with periods (periods.hpp), one period after another.
#include <limits>

#include "lower/nest_lowering.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void NestLowering::over_periods(Value low, Value end, const Body& body) {
  if (!nest_.periods->are_long) return by_period(low, end, body);
  const AxisId axis = *nest_.lane_axis;
  const Value are_long = x_.scalar(nest_.periods->are_long);
  const Value are_short = b_.compute(level(), Op::logical_not, DType::b1, {are_long});
  const int loops_before = info_.loops;
  x_.bind(axis, low);
  at_border_ = true;
  x_.where(are_short, axis, [&] { stream_over_lanes(low, end, body); });
  at_border_ = false;
  info_.loops = loops_before;  // the same loops again
  x_.where(are_long, axis, [&] { by_period(low, end, body); });
}

void NestLowering::by_period(Value low, Value end, const Body& body) {
  const loop::Carried at = b_.carry(low);
  const Value all = i64(Op::subtract, end, low);
  x_.open_for(b_.constant(0), all, 1, {at});
  Value steps = i64(Op::subtract, end, at.variable);
  for (const Period& p : nest_.periods->all) steps = enter_period(p, at.variable, steps);
  const Value next = b_.add(level(), at.variable, steps);
  in_period_ = true;
  stream_over_lanes(at.variable, next, body);
  in_period_ = false;
  const Value is_last = b_.compute(level(), Op::greater_equal, DType::b1, {next, end});
  x_.close_for({next}, is_last);
}

Value NestLowering::enter_period(const Period& p, Value at, Value most) {
  using Limits = std::numeric_limits<std::int64_t>;
  const Value rest = x_.scalar(p.rest), divisor = x_.scalar(p.divisor);
  const Value zero = b_.constant(0), one = b_.constant(1), minus_one = b_.constant(-1);
  const bool rises = p.sign > 0;
  const Value dividend = rises ? b_.add(level(), rest, at) : i64(Op::subtract, rest, at);
  const Value remainder = i64(Op::remainder, dividend, divisor);
  x_.bind(p.quotient, i64(Op::floor_divide, dividend, divisor));
  x_.bind(p.start, rises ? i64(Op::subtract, remainder, at) : b_.add(level(), remainder, at));
  // As many more as the remainder takes to its end; and a dividend that wraps around begins another period.
  const Value more = rises ? i64(Op::subtract, i64(Op::subtract, divisor, one), remainder) : remainder;
  const Value room = rises ? i64(Op::subtract, b_.constant(Limits::max()), i64(Op::maximum, dividend, zero))
                           : i64(Op::subtract, i64(Op::minimum, dividend, minus_one), b_.constant(Limits::min()));
  const Value least = i64(Op::minimum, i64(Op::minimum, more, room), i64(Op::subtract, most, one));
  return b_.add(level(), least, one);
}

}  // namespace ricci::jit
