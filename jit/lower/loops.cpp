// The loops inside an item of a nest: branches for interiors, steps in order, and the statements inside.
#include <algorithm>

#include "lower/nest_lowering.hpp"
#include "rewrite/tables.hpp"
#include "schedule/abreast.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Whether a loop inside of the tile of lanes chooses among the rows that this reads.
bool is_chosen_inside(const Nest& nest, Expr e) {
  const auto lanes = std::ranges::find(nest.order, *nest.lane_axis);
  return std::any_of(lanes + 1, nest.order.end(), [&](AxisId axis) { return uses_axis(e, axis); });
}

}  // namespace

void NestLowering::loops(std::size_t k, Value low, std::optional<Value> high) {
  if (const Interior* next = next_interior(); next && is_bound(next->axis, k)) return branches(*next, k, low, high);
  if (k == nest_.order.size()) return innermost();
  const AxisId axis = nest_.order[k];
  const Value end = high ? *high : x_.extent_of(axis);
  if (axis == nest_.in_order && nest_.lane_axis == axis) return blocks_in_order();
  if (nest_.lane_axis != axis) {
    if (axis == nest_.in_order) return in_order(k);
    // The loop of a tile is one with the loop over tiles.
    if (high) --info_.loops;
    const bool is_abreast = nest_.abreast == axis;
    x_.bind_loop(axis, low, end, is_abreast ? rows_abreast : 1);
    if (is_abreast) x_.go_abreast(axis, x_.variable(axis), end, rows_abreast);
    loops(k + 1, b_.constant(0), std::nullopt);
    if (is_abreast) x_.leave_abreast();
    x_.close_for();
    return;
  }
  if (high && !nest_.in_order) reduce_streams(low, end);
  for (Expr e : nest_.short_rows)
    if (!is_chosen_inside(nest_, e)) x_.transpose_rows(e, {axis, low, end, nest_.tile});
  if (high && (nest_.in_order || nest_.planes)) {
    tile_of_lanes_ = {low, end};
    return loops(k + 1, b_.constant(0), std::nullopt);
  }
  if (!high) ++info_.loops;
  const auto body = [&] { loops(k + 1, b_.constant(0), std::nullopt); };
  if (const Interior* next = next_interior(); next && next->axis == axis)
    return border_and_interior(*next, low, end, body);
  if (queues_updates(k)) return update_in_blocks(low, end, body);
  // With rows side by side the body is long, and masks cost little beside what data choose: no second body.
  if (nest_.abreast) return masked_lanes(low, end, body, false);
  if (nest_.periods) return over_periods(low, end, body);
  stream_over_lanes(low, end, body);
}

const Interior* NestLowering::next_interior() const {
  return at_border_ || inside_ == nest_.interiors.size() ? nullptr : &nest_.interiors[inside_];
}

bool NestLowering::is_bound(AxisId axis, std::size_t k) const {
  return std::find(nest_.order.begin(), nest_.order.begin() + static_cast<std::ptrdiff_t>(k), axis) !=
         nest_.order.begin() + static_cast<std::ptrdiff_t>(k);
}

void NestLowering::branches(const Interior& interior, std::size_t k, Value low, std::optional<Value> high) {
  const Value at = x_.variable(interior.axis);
  const Value above = b_.compute(level(), Op::greater_equal, DType::b1, {at, x_.scalar(interior.low)});
  const Value below = b_.compute(level(), Op::less, DType::b1, {at, x_.scalar(interior.high)});
  const Value inside = b_.compute(level(), Op::logical_and, DType::b1, {above, below});
  const Value outside = b_.compute(level(), Op::logical_not, DType::b1, {inside});
  const int loops_before = info_.loops;
  at_border_ = true;
  x_.where(outside, interior.axis, [&] { loops(k, low, high); });
  at_border_ = false;
  info_.loops = loops_before;  // the same loops again
  ++inside_;
  x_.where(inside, interior.axis, [&] { loops(k, low, high); });
  --inside_;
}

void NestLowering::in_order(std::size_t k) {
  const AxisId axis = nest_.order[k];
  if (k + 1 == nest_.order.size() && !tile_of_lanes_) {
    x_.open_steps(recurrence(), nest_.scans);
    statements();
    return x_.close_steps(recurrence());
  }
  scans_.clear();
  for (Expr e : nest_.scans) {
    const auto [low, high] = *tile_of_lanes_;
    scans_.emplace_back(e, scratch_states(e, low, 0));
    x_.clear_scratch(e, scans_.back().second, i64(Op::subtract, high, low));
  }
  x_.bind_steps(axis, is_backwards());
  steps(k + 1);
  x_.close_for();
}

void NestLowering::blocks_in_order() {
  const Value zero = b_.constant(0), extent = x_.extent_of(*nest_.in_order);
  const Value end = end_of_vectors(zero, extent, nest_.unroll);
  x_.start_blocks(nest_.scans);
  const auto blocks = [&](Value from, Value to, bool masked) {
    x_.open_blocks(nest_.scans, from, to, nest_.unroll, masked);
    statements();
    x_.close_blocks();
  };
  if (is_backwards()) blocks(end, extent, true);
  blocks(zero, end, false);
  if (!is_backwards()) blocks(end, extent, true);
}

void NestLowering::steps(std::size_t inner) {
  const Statement& s = recurrence();
  if (!s.stage || inner == nest_.order.size()) return loops(inner, b_.constant(0), std::nullopt);
  for (const Statement& part : by_way_of_stage(program_, s)) {
    part_of_step_ = &part;
    loops(inner, b_.constant(0), std::nullopt);
  }
  part_of_step_ = nullptr;
}

void NestLowering::innermost() {
  if (!tile_of_lanes_) return statements();
  const auto [low, high] = *tile_of_lanes_;
  for (Expr e : nest_.short_rows)
    if (is_chosen_inside(nest_, e)) x_.transpose_rows(e, {*nest_.lane_axis, low, high, nest_.tile});
  stream_over_lanes(low, high, [&] {
    for (const auto& [e, states] : scans_) x_.advance_in_scratch(e, states);
    statements();
  });
}

void NestLowering::statements() {
  if (part_of_step_) return lower_statement(x_, program_, *part_of_step_, part_of_step_->value);
  if (inside_ > 0 || in_period_) {
    for (const Statement& s : in_period_ ? nest_.periods->statements : nest_.interiors[inside_ - 1].statements)
      lower_statement(x_, program_, s, s.value);
    return;
  }
  x_.each_row([&](std::size_t) {
    for (std::size_t k = 0; k < nest_.statements.size(); ++k)
      lower_statement(x_, program_, program_.statements[nest_.statements[k]], nest_.values[k]);
  });
}

}  // namespace ricci::jit
