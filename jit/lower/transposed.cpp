// Tiles of reads, transposed into scratch (transposition.hpp).
#include <algorithm>

#include "lower/expression.hpp"
#include "schedule/short_rows.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

constexpr std::int64_t most_in_short_row = 16, tiles_ahead = 2;  // in as many columns as are transposed at a time

}  // namespace

/// Elements from one value of the axis to the next.
Value ExpressionLowering::step_along(TensorId tensor, const std::vector<Expr>& subscripts, AxisId axis) {
  Value step = builder_.constant(0);
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    const std::int64_t coefficient = affine_in(program_.graph, subscripts[i], axis)->coefficient;
    if (coefficient == 0) continue;
    const Value along = builder_.multiply(0, builder_.constant(coefficient), stride(tensor, i));
    step = builder_.add(0, step, along);
  }
  return step;
}

/// Where the columns come from, and what is wanted next. Rows that lie behind each other are fetched line after line,
/// as many of them as these columns have, from the four quarters of the next tile in turn: memory answers several
/// pages sooner than one (planes of [16,128,128,64] took 1.15 times as long as a copy, so 1.09). Of others that are
/// short the same columns are fetched, of as many rows after these; of long ones, the columns a few tiles further.
/// (Where rows lie behind each other and go past the caches, some processors fetch otherwise: transpose.cpp.)
loop::Transpose ExpressionLowering::tile_of(const Read& read, const TileSide& rows, const TileSide& columns,
                                            const TileSide& all) {
  const Value four = builder_.constant(4);
  const std::size_t level = builder_.level();
  const auto i64 = [&](Op op, Value a, Value b) { return builder_.compute(level, op, DType::i64, {a, b}); };
  const auto select = [&](Value condition, Value a, Value b) {
    return builder_.compute(level, Op::select, DType::i64, {condition, a, b});
  };
  bind(rows.axis, rows.low);
  bind(columns.axis, columns.low);
  const Value offset = address(read.tensor, read.subscripts, level).base;
  const Value step = step_along(read.tensor, read.subscripts, rows.axis);
  const Value height = i64(Op::subtract, rows.high, rows.low), width = i64(Op::subtract, columns.high, columns.low);
  const Value before = i64(Op::subtract, columns.low, all.low), whole = i64(Op::subtract, all.high, all.low);
  const Value behind = builder_.compute(level, Op::equal, DType::b1, {step, whole});
  const Value distance = builder_.compute(0, Op::abs, DType::i64, {step});
  const Value short_row = builder_.constant(most_in_short_row * columns.most);
  const Value is_short = builder_.compute(0, Op::less, DType::b1, {distance, short_row});
  const Value next_rows = builder_.multiply(level, height, step);
  const Value quarter = builder_.divide(level, Op::floor_divide, height, four);
  const Value fetched = builder_.multiply(level, before, quarter);
  const Value next_lines = i64(Op::subtract, builder_.add(level, next_rows, fetched), before);
  const Value beside = select(is_short, next_rows, builder_.constant(tiles_ahead * columns.most));
  const Value ahead = select(behind, next_lines, beside);
  const Value ahead_apart = select(behind, builder_.multiply(level, whole, quarter), step);
  const Value ahead_step = select(behind, builder_.constant(columns.most), builder_.multiply(0, four, step));
  return {.to = 0, .first = 0, .pitch = 0, .from = read.tensor, .offset = offset, .stride = step, .rows = height,
          .columns = width, .ahead = ahead, .ahead_apart = ahead_apart, .ahead_step = ahead_step};
}

void ExpressionLowering::transpose(Expr e, const TileSide& rows, const TileSide& columns, const TileSide& all,
                                   bool alternate) {
  const Read& read = *e->as<Read>();
  info_.buffers.push_back({"tile", e->dtype, true, {}, rows.most * columns.most});
  const auto scratch = static_cast<loop::BufferId>(info_.buffers.size() - 1);
  // What is narrower than a block of vectors begins early.
  const auto widened = [&](TileSide side) {
    const std::size_t level = builder_.level();
    const Value block = builder_.constant(columns.most);
    const Value last = builder_.compute(level, Op::subtract, DType::i64, {side.high, block});
    const Value early = builder_.compute(level, Op::minimum, DType::i64, {side.low, last});
    side.low = builder_.compute(level, Op::maximum, DType::i64, {early, builder_.constant(0)});
    return side;
  };
  const TileSide wide_rows = widened(rows), wide_columns = widened(columns);
  loop::Transpose tile = tile_of(read, wide_rows, wide_columns, all);
  tile.to = scratch;
  tile.first = builder_.constant(0);
  tile.pitch = builder_.constant(rows.most);
  tile.alternate = alternate;
  builder_.add(builder_.level(), tile);
  transposed_.insert_or_assign(e, TransposedTile{wide_rows, wide_columns, tile});
}

void ExpressionLowering::transpose_rows(Expr e, const TileSide& rows) {
  // Both axes are bound to the start for as long as its address is computed, and nothing of that is kept.
  const auto bound = bound_;
  const Known known = known_[builder_.level()];
  const AxisId along = axis_of_row(program_, s_, *e->as<Read>());
  const TileSide columns{along, builder_.constant(0), extent_of(along), longest_short_row};
  transpose(e, rows, columns, columns, false);
  known_[builder_.level()] = known;
  bound_ = bound;
}

void ExpressionLowering::fetch_beside(Expr e, const TileSide& columns) {
  const std::size_t level = builder_.level();
  const auto& [rows, among, made] = transposed_.at(e);
  const Value number = builder_.compute(level, Op::subtract, DType::i64, {variable(columns.axis), columns.low});
  const Value twice = builder_.multiply(level, number, builder_.constant(2));
  const Value start = builder_.add(level, made.offset, made.ahead), four = builder_.constant(4);
  for (std::int64_t row = 1; row < rows.most; row += 2 * among.most) {
    const Value odd = builder_.add(level, twice, builder_.constant(row));
    const Value place = builder_.divide(level, Op::remainder, odd, four);
    const Value group = builder_.divide(level, Op::floor_divide, odd, four);
    const Value apart = builder_.multiply(level, place, made.ahead_apart);
    const Value along = builder_.add(level, apart, builder_.multiply(level, group, made.ahead_step));
    const Value first = builder_.add(level, start, along);
    const Value last = builder_.add(level, first, builder_.constant(among.most - 1));
    builder_.add(level, loop::Prefetch{made.from, last, true});
  }
}

void ExpressionLowering::copy_transposed(const Statement& s, const TileSide& rows, const TileSide& columns,
                                         const TileSide& all) {
  const Read& read = *s.value->as<Read>();
  const std::size_t level = builder_.level();
  loop::Transpose tile = tile_of(read, rows, columns, all);
  tile.to = s.target;
  tile.first = address(s.target, s.subscripts, level).base;
  tile.pitch = step_along(s.target, s.subscripts, columns.axis);
  if (motion(program_, s_, read.tensor, read.subscripts, columns.axis) == Motion::reversed) {
    // From the last column on, which is the first in memory.
    const auto minus = [&](Value a, Value b) { return builder_.compute(level, Op::subtract, DType::i64, {a, b}); };
    const Value others = minus(tile.columns, builder_.constant(1));
    tile.offset = minus(tile.offset, others);
    tile.first = builder_.add(level, tile.first, builder_.multiply(level, others, tile.pitch));
    tile.pitch = minus(builder_.constant(0), tile.pitch);
    tile.ahead = minus(builder_.constant(0), tile.ahead);
  }
  tile.streaming = std::ranges::count(nest_.streaming, s.target) > 0;
  builder_.add(builder_.level(), tile);
}

Lanes ExpressionLowering::take_transposed(Expr e, const TransposedTile& tile) {
  const std::size_t level = level_of(e);
  const Binding& column = bound_.at(tile.columns.axis);
  const auto minus = [&](std::size_t at, Value a, Value b) {
    return builder_.compute(at, Op::subtract, DType::i64, {a, b});
  };
  const Value across = minus(column.level, column.variable, tile.columns.low);
  const Value start = builder_.multiply(column.level, across, builder_.constant(tile.rows.most));
  const Value along = minus(lane_->level, lane_->base, tile.rows.low);
  const Value offset = builder_.add(level, start, along);
  Lanes result{{}, true, level};
  for (std::size_t part = 0; part < static_cast<std::size_t>(lane_->parts); ++part) {
    const Value from = builder_.add(level, offset, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
    result.parts.push_back(builder_.make({e->dtype, lanes()}));
    builder_.add(level, loop::Load{result.parts.back(), tile.made.to, from, mask(nullptr, true, part, level)});
  }
  return result;
}

}  // namespace ricci::jit
