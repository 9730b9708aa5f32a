// Lowering of products of few columns, whose vectors have lanes for a few iterations of each column (slender.hpp).
#include "lower_expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

int lanes_of(DType dtype) { return 64 / static_cast<int>(size_of(dtype)); }

/// A matrix of so many rows in the lanes of a vector, transposed.
std::vector<int> turned(int rows, int lanes) {
  std::vector<int> result;
  for (int column = 0; column < lanes / rows; ++column)
    for (int row = 0; row < rows; ++row) result.push_back(row * (lanes / rows) + column);
  return result;
}

std::vector<int> repeated(int few, int lanes) {
  std::vector<int> result;
  for (int lane = 0; lane < lanes; ++lane) result.push_back(lane % few);
  return result;
}

}  // namespace

Value ExpressionLowering::picked(Value vector, std::vector<int> lanes) {
  const Value result = builder_.make({builder_.type(vector).dtype, static_cast<int>(lanes.size())});
  builder_.add(builder_.level(), loop::Pick{result, vector, std::move(lanes)});
  return result;
}

/// `some` lanes from the element of a read on at which its axes are bound; those beyond `count` (none: all) are zeros.
Value ExpressionLowering::load_some(Expr e, int some, Value count) {
  const Read& read = *e->as<Read>();
  const std::size_t level = builder_.level();
  const Value from = address(read.tensor, read.subscripts, level).base, result = builder_.make({e->dtype, some});
  Value mask = loop::none;
  if (count != loop::none) {
    mask = builder_.make({DType::b1, some});
    builder_.add(level, loop::LaneMask{mask, count});
  }
  builder_.add(level, loop::Load{result, read.tensor, from, mask});
  return result;
}

/// Iterations [first, end) of what all rows share, from rows of its own that have few elements: these are put one
/// behind the other, and then the rows of each group are made columns.
void ExpressionLowering::stage_rows(const RegisterTile& tile, loop::BufferId to, Value first, Value end) {
  const Expr b = tile.staged[0];
  const int lanes = lanes_of(b->dtype), wide = lanes / tile.group;
  const Value step = builder_.constant(wide), up = builder_.constant(lanes - 1), down = builder_.constant(-lanes);
  std::vector<loop::Carried> carried{builder_.carry(builder_.constant(0))};
  const Value at = carried[0].variable;
  bind(tile.fold->as<Fold>()->axes[0], open_for(first, end, 1, carried));
  builder_.add(builder_.level(), loop::Store{to, at, load_some(b, wide, *lane_->remaining)});
  const Value behind = close_for({builder_.add(builder_.level(), at, step)})[0];
  const Value full = builder_.add(builder_.level(), behind, up);
  const Value whole = builder_.compute(builder_.level(), Op::logical_and, DType::i64, {full, down});
  const Value beyond = open_for(behind, whole, wide);
  builder_.add(builder_.level(), loop::Store{to, beyond, builder_.constant(Scalar{b->dtype, 0}, wide)});
  close_for();
  const Value group = open_for(builder_.constant(0), whole, lanes), rows = builder_.make({b->dtype, lanes});
  builder_.add(builder_.level(), loop::Load{rows, to, group});
  builder_.add(builder_.level(), loop::Store{to, group, picked(rows, turned(tile.group, lanes))});
  close_for();
}

/// The same from columns that are contiguous: what there is no column for, has the last one.
void ExpressionLowering::stage_columns(const RegisterTile& tile, loop::BufferId to, Value first, Value end) {
  const Expr b = tile.staged[0];
  const AxisId along = tile.fold->as<Fold>()->axes[0];
  const int lanes = lanes_of(b->dtype), wide = lanes / tile.group;
  const std::size_t outside = builder_.level();
  const auto bound = bound_;
  const LaneLoop lane_loop = *lane_;
  lane_.reset();
  const Value last = builder_.add(outside, *lane_loop.remaining, builder_.constant(-1));
  const Value column = open_for(builder_.constant(0), builder_.constant(wide), 1);
  const Value there = builder_.compute(builder_.level(), Op::minimum, DType::i64, {column, last});
  bind(lane_loop.axis, builder_.add(builder_.level(), lane_loop.base, there));
  std::vector<loop::Carried> carried{builder_.carry(builder_.multiply(builder_.level(), column,
                                                                      builder_.constant(tile.group)))};
  const Value at = carried[0].variable;
  const Value k = open_for(first, end, tile.group, carried);
  bind(along, k);
  const Value left = builder_.compute(builder_.level(), Op::subtract, DType::i64, {end, k});
  builder_.add(builder_.level(), loop::Store{to, at, load_some(b, tile.group, left)});
  close_for({builder_.add(builder_.level(), at, builder_.constant(lanes))});
  close_for();
  lane_ = lane_loop;
  bound_ = bound;
}

void ExpressionLowering::reduce_slender(const RegisterTile& tile, Value low, Value high) {
  const auto i64 = [&](Op op, Value a, Value b) { return builder_.compute(builder_.level(), op, DType::i64, {a, b}); };
  const Fold& f = *tile.fold->as<Fold>();
  const DType dtype = tile.fold->dtype;
  const int lanes = lanes_of(dtype);
  const auto height = static_cast<std::size_t>(tile.height);
  const auto scratch = [&](const char* name, std::int64_t elements) {
    info_.buffers.push_back({name, dtype, true, {}, elements});
    return static_cast<loop::BufferId>(info_.buffers.size() - 1);
  };
  // Behind the sums of a block, and of rows that the last step has too many, are zeros for those of the first piece.
  const std::int64_t behind = (tile.block + tile.height) * lanes;
  const loop::BufferId sums = scratch("state", behind + tile.height * lanes);
  const loop::BufferId shared = scratch("shared", tile.depth * (lanes / tile.group));
  const Value zeros = builder_.constant(Scalar{dtype, 0}, lanes);
  for (int row = 0; row < tile.height; ++row)
    builder_.add(0, loop::Store{sums, builder_.constant(behind + row * lanes), zeros});
  const Value extent = extent_of(f.axes[0]), zero = builder_.constant(0);
  // Once even where there is nothing: its results are zeros.
  const Value once = builder_.compute(0, Op::maximum, DType::i64, {extent, builder_.constant(1)});
  const Value first = open_for(zero, once, tile.depth);
  ++info_.loops;
  const Value count = i64(Op::minimum, i64(Op::subtract, extent, first), builder_.constant(tile.depth));
  const Value end = builder_.add(builder_.level(), first, count);
  const Read& b = *tile.staged[0]->as<Read>();
  if (motion(program_, s_, b.tensor, b.subscripts, lane_->axis) == Motion::contiguous)
    stage_rows(tile, shared, first, end);
  else
    stage_columns(tile, shared, first, end);
  const Value begun = builder_.compute(builder_.level(), Op::greater, DType::b1, {first, zero});
  const Value middle = builder_.add(builder_.level(), first, i64(Op::logical_and, count, builder_.constant(-tile.group)));
  const Value last = builder_.add(builder_.level(), high, builder_.constant(-1));
  const Value from = open_for(low, high, tile.height);
  rows_ = Rows{tile.rows, {from}};
  for (std::size_t row = 1; row < height; ++row)
    rows_->variables.push_back(
        i64(Op::minimum, builder_.add(builder_.level(), from, builder_.constant(static_cast<std::int64_t>(row))), last));
  bind(tile.rows, from);
  const auto row_at = [&](Value start, std::size_t row) {
    return builder_.add(builder_.level(), start, builder_.constant(static_cast<std::int64_t>(row) * lanes));
  };
  const Value at = builder_.multiply(builder_.level(), i64(Op::subtract, from, low), builder_.constant(lanes));
  const Value before = builder_.compute(builder_.level(), Op::select, DType::i64,
                                        {begun, at, builder_.constant(behind)});
  const auto load = [&](loop::BufferId buffer, Value place) {
    const Value result = builder_.make({dtype, lanes});
    builder_.add(builder_.level(), loop::Load{result, buffer, place});
    return result;
  };
  std::vector<Value> state{zero};  // where the next group of what is shared stands, and the sums
  for (std::size_t row = 0; row < height; ++row) state.push_back(load(sums, row_at(before, row)));
  const Expr a = f.body->as<Apply>()->args[f.body->as<Apply>()->args[0] == tile.staged[0] ? 1 : 0];
  const auto sum_up = [&](Value start, Value stop, bool masked) {
    std::vector<loop::Carried> carried;
    for (Value v : state) carried.push_back(builder_.carry(v));
    const Value k = open_for(start, stop, tile.group, carried);
    bind(f.axes[0], k);
    const Value left = masked ? i64(Op::subtract, stop, k) : loop::none;
    const Value factors = load(shared, carried[0].variable);
    std::vector<Value> next{builder_.add(builder_.level(), carried[0].variable, builder_.constant(lanes))};
    each_row([&](std::size_t row) {
      const Value some = picked(load_some(a, tile.group, left), repeated(tile.group, lanes));
      next.push_back(builder_.compute(builder_.level(), Op::fma, dtype, {some, factors, carried[row + 1].variable}));
    });
    state = close_for(next);
  };
  sum_up(first, middle, false);
  sum_up(middle, end, true);
  for (std::size_t row = 0; row < height; ++row)
    builder_.add(builder_.level(), loop::Store{sums, row_at(at, row), state[row + 1]});
  rows_.reset();
  close_for();
  close_for();
  take_from_scratch(tile.fold, {.best = sums, .index = 0, .low = lane_->base, .rows = tile.rows, .first_row = low,
                                .group = tile.group});
}

/// The sums of a row, for each column those of its lanes added up, in the lanes of the nest.
ExpressionLowering::State ExpressionLowering::add_groups(Expr e, const ScratchState& states) {
  const int all = lanes_of(e->dtype), wide = all / states.group;
  const std::size_t level = builder_.level();
  const Value row = builder_.compute(level, Op::subtract, DType::i64, {variable(*states.rows), states.first_row});
  const Value lanes_of_row = builder_.make({e->dtype, all});
  builder_.add(level, loop::Load{lanes_of_row, states.best, builder_.multiply(level, row, builder_.constant(all))});
  const auto half = [&](Value v, bool upper) {
    const Value result = builder_.make({e->dtype, builder_.type(v).lanes / 2});
    builder_.add(level, loop::Half{result, v, upper});
    return result;
  };
  Value sum = picked(lanes_of_row, turned(wide, all));
  while (builder_.type(sum).lanes > wide)
    sum = builder_.compute(level, Op::add, e->dtype, {half(sum, false), half(sum, true)});
  if (wide < lanes()) sum = picked(sum, repeated(wide, lanes()));
  std::vector<Value> parts{sum};
  while (builder_.type(parts[0]).lanes > lanes()) {
    std::vector<Value> halves;
    for (Value v : parts) halves.insert(halves.end(), {half(v, false), half(v, true)});
    parts = halves;
  }
  return {parts, {}};
}

}  // namespace ricci::jit
