// Lowering of reads at quotients and remainders of the lane axis, where lanes begin at multiples of what divides it
// (packed_rows.hpp).
#include <algorithm>

#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

Lanes ExpressionLowering::take_spread(Expr e, const Spread& spread) {
  const Read& read = *e->as<Read>();
  const std::size_t level = level_of(e);
  std::vector<Expr> subscripts = read.subscripts;
  subscripts[spread.subscript] = constant(program_.graph, std::int64_t{0});
  std::size_t outside = 0;  // of the lanes
  for (Expr subscript : subscripts) outside = std::max(outside, value(subscript).level);
  const Value start = address(read.tensor, subscripts, level).base;
  // An axis of the tensor may be one of several that are gone through as one: so far go the lanes.
  const Value row = builder_.constant(spread.lanes), zero = builder_.constant(0);
  const Value up = builder_.add(0, extent_of(lane_->axis), builder_.constant(spread.lanes - 1));
  const Value end = spread.within ? size(read.tensor, spread.subscript) : builder_.divide(0, Op::floor_divide, up, row);
  const auto loaded = [&](std::size_t at, int count, Value first, Value mask) {
    const Value result = builder_.make({e->dtype, count});
    builder_.add(at, loop::Load{result, read.tensor, builder_.add(at, start, first), mask});
    return result;
  };
  const auto mask_of = [&](std::size_t at, int count, Value first) {
    const Value left = builder_.compute(at, Op::subtract, DType::i64, {end, first});
    if (count == 1) return builder_.compute(at, Op::greater, DType::b1, {left, builder_.constant(0)});
    const Value result = builder_.make({DType::b1, count});
    builder_.add(at, loop::LaneMask{result, left});
    return result;
  };
  const auto spread_out = [&](std::size_t at, Value few, const auto& lane_of) {
    std::vector<int> picked;
    for (int lane = 0; lane < lanes(); ++lane) picked.push_back(lane_of(lane));
    const Value result = builder_.make({e->dtype, lanes()});
    builder_.add(at, loop::Pick{result, few, std::move(picked)});
    return result;
  };
  Lanes result{{}, true, level};
  const auto parts = static_cast<std::size_t>(lane_->parts);
  if (spread.within && spread.lanes <= lanes()) {  // the same row in all vectors
    const Value elements = loaded(outside, spread.lanes, zero, mask_of(outside, spread.lanes, zero));
    result.parts.assign(parts, spread_out(outside, elements, [&](int lane) { return lane % spread.lanes; }));
    return result;
  }
  const int few = spread.within ? lanes() : std::max(1, lanes() / spread.lanes);
  for (std::size_t part = 0; part < parts; ++part) {
    const Value lane = builder_.add(level, lane_->base, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
    const Value first = builder_.divide(level, spread.within ? Op::remainder : Op::floor_divide, lane, row);
    const Value mask = lane_->masks.empty() ? loop::none : mask_of(level, few, first);
    const Value elements = loaded(level, few, first, mask);
    const auto lane_of = [&](int to) { return to / spread.lanes; };
    result.parts.push_back(spread.within ? elements : spread_out(level, elements, lane_of));
  }
  return result;
}

}  // namespace ricci::jit
