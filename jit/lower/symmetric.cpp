// Items of nests whose results are symmetric (symmetric.hpp).
#include "lower/nest_lowering.hpp"
#include "schedule/symmetric.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void ExpressionLowering::mirror(const Statement& s, const TileSide& rows, const TileSide& columns) {
  const std::size_t level = builder_.level();
  // The axes are bound for as long as addresses are computed, and nothing of that is kept.
  const auto bound = bound_;
  const Known known = known_[level];
  const auto start = [&](Value row, Value column) {
    bind(rows.axis, row);
    bind(columns.axis, column);
    const Value base = address(s.target, s.subscripts, level).base;
    known_[level] = known;
    bound_ = bound;
    return base;
  };
  const Value from = start(rows.low, columns.low), to = start(columns.low, rows.low);
  const Value step = step_along(s.target, s.subscripts, rows.axis);
  const Value height = builder_.compute(level, Op::subtract, DType::i64, {rows.high, rows.low});
  const Value width = builder_.compute(level, Op::subtract, DType::i64, {columns.high, columns.low});
  builder_.add(level, loop::Transpose{s.target, to, step, s.target, from, step, height, width});
}

void NestLowering::symmetric_tiles(std::pair<Value, Value> rows, Value index) {
  const RegisterTile& tile = nest_.registers[0];
  // The last lanes, which have most rows, come first: what threads do at the end is short then.
  const Value up = b_.add(0, x_.extent_of(*nest_.lane_axis), b_.constant(nest_.tile - 1));
  const Value steps = b_.divide(0, Op::floor_divide, up, b_.constant(nest_.tile));
  const auto [low, high] = block(nest_.split, i64(Op::subtract, b_.add(0, steps, b_.constant(-1)), index));
  Value iterations = b_.constant(1);
  for (AxisId axis : tile.fold->as<Fold>()->axes) iterations = b_.multiply(0, iterations, x_.extent_of(axis));
  const Value pays = b_.compute(0, Op::greater_equal, DType::b1, {iterations, b_.constant(least_iterations)});
  const Value to_diagonal = i64(Op::minimum, rows.second, b_.add(level(), low, b_.constant(nest_.tile)));
  const Value last = b_.compute(level(), Op::select, DType::i64, {pays, to_diagonal, rows.second});
  x_.under(b_.compute(level(), Op::less, DType::b1, {rows.first, last}), [&] {
    register_tiles(std::pair(rows.first, last), low, high);
    const Value before = i64(Op::minimum, low, last);
    const Value some = b_.compute(level(), Op::less, DType::b1, {rows.first, before});
    x_.under(b_.compute(level(), Op::logical_and, DType::b1, {pays, some}), [&] {
      const TileSide side{tile.rows, rows.first, before, tile.block}, step{*nest_.lane_axis, low, high, nest_.tile};
      for (std::size_t i : nest_.statements) x_.mirror(program_.statements[i], side, step);
    });
  });
}

}  // namespace ricci::jit
