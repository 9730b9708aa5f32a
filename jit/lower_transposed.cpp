// Tiles of reads, transposed into scratch (transposition.hpp).
#include "lower_expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void ExpressionLowering::transpose(Expr e, const TileSide& rows, const TileSide& columns) {
  const Read& read = *e->as<Read>();
  const std::size_t level = builder_.level();
  info_.buffers.push_back({"tile", e->dtype, true, {}, rows.most * columns.most});
  const auto scratch = static_cast<loop::BufferId>(info_.buffers.size() - 1);
  bind(rows.axis, rows.low);
  bind(columns.axis, columns.low);
  const Value offset = address(read.tensor, read.subscripts, level).base;
  Value step = builder_.constant(0);
  for (std::size_t i = 0; i < read.subscripts.size(); ++i) {
    const std::int64_t coefficient = affine_in(program_.graph, read.subscripts[i], rows.axis)->coefficient;
    if (coefficient == 0) continue;
    const Value along = builder_.multiply(0, builder_.constant(coefficient), stride(read.tensor, i));
    step = builder_.add(0, step, along);
  }
  const Value first = builder_.constant(0), pitch = builder_.constant(rows.most);
  const Value height = builder_.compute(level, Op::subtract, DType::i64, {rows.high, rows.low});
  const Value width = builder_.compute(level, Op::subtract, DType::i64, {columns.high, columns.low});
  builder_.add(level, loop::Transpose{scratch, first, pitch, read.tensor, offset, step, height, width, columns.most});
  transposed_.insert_or_assign(e, TransposedTile{scratch, rows, columns});
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
    builder_.add(level, loop::Load{result.parts.back(), tile.scratch, from, mask(nullptr, true, part, level)});
  }
  return result;
}

}  // namespace ricci::jit
