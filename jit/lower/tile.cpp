// Lowering of reductions that are done for a tile of their results at once (RegisterTile in schedule.hpp).
#include <algorithm>
#include <tuple>
#include <utility>

#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

/// Room for so many steps of the lanes.
loop::BufferId ExpressionLowering::scratch_for(std::string name, DType dtype, std::int64_t steps) {
  info_.buffers.push_back({std::move(name), dtype, true, {}, steps * step_of_lanes()});
  return static_cast<loop::BufferId>(info_.buffers.size() - 1);
}

/// Opens the loops over pieces, of at most `depth` iterations each. Where several axes are reduced a piece is a box: as
/// much of an axis as fits beside all of those after it, so that pieces follow each other in the order of the sum.
Piece ExpressionLowering::open_pieces(const RegisterTile& tile) {
  const auto i64 = [&](std::size_t level, Op op, Value a, Value b) {
    return builder_.compute(level, op, DType::i64, {a, b});
  };
  const std::vector<AxisId>& axes = tile.fold->as<Fold>()->axes;
  const Value one = builder_.constant(1);
  std::vector<Value> once(axes.size()), longest(axes.size(), builder_.constant(tile.depth));
  Value room = builder_.constant(tile.depth);
  for (std::size_t k = axes.size(); k-- > 0;) {
    // Once even where there is nothing: its results are the states of the start.
    once[k] = i64(0, Op::maximum, extent_of(axes[k]), one);
    if (axes.size() == 1) break;
    longest[k] = i64(0, Op::minimum, once[k], room);
    room = builder_.divide(0, Op::floor_divide, room, longest[k]);
  }
  Piece piece{{}, {}, loop::none, loop::none};
  for (std::size_t k = 0; k < axes.size(); ++k) {
    Value first;
    if (axes.size() == 1) {
      first = open_for(builder_.constant(0), once[k], tile.depth);
    } else {
      const Value up = builder_.add(0, once[k], builder_.add(0, longest[k], builder_.constant(-1)));
      const Value index = open_for(builder_.constant(0), builder_.divide(0, Op::floor_divide, up, longest[k]), 1);
      first = builder_.multiply(builder_.level(), index, longest[k]);
    }
    ++info_.loops;
    const std::size_t level = builder_.level();
    const Value left = i64(level, Op::subtract, extent_of(axes[k]), first);
    piece.first.push_back(first);
    piece.count.push_back(i64(level, Op::minimum, left, longest[k]));
    const Value begun = builder_.compute(level, Op::greater, DType::b1, {first, builder_.constant(0)});
    const Value is_last = builder_.compute(level, Op::less_equal, DType::b1, {left, longest[k]});
    piece.begun = k == 0 ? begun : builder_.compute(level, Op::logical_or, DType::b1, {piece.begun, begun});
    piece.is_last = k == 0 ? is_last : builder_.compute(level, Op::logical_and, DType::b1, {piece.is_last, is_last});
  }
  return piece;
}

/// A piece as a run of the last axis, along all of them row-major: boxes leave nothing out between their ends.
Piece ExpressionLowering::in_one(const Fold& f, const Piece& piece) {
  const std::size_t level = builder_.level();
  Value first = piece.first[0], count = piece.count[0];
  for (std::size_t k = 1; k < f.axes.size(); ++k) {
    const Value rows = builder_.multiply(level, first, extent_of(f.axes[k]));
    first = builder_.add(level, rows, piece.first[k]);
    count = builder_.multiply(level, count, piece.count[k]);
  }
  return {{first}, {count}, piece.begun, piece.is_last};
}

/// Opens the loops of the first `count` reduced axes over a piece, which carry these values. Returns them as they are
/// in an iteration of the innermost one, and what the first one is in each: there it begins.
std::pair<std::vector<Value>, std::vector<Value>> ExpressionLowering::open_piece(const Fold& f, const Piece& piece,
                                                                                 std::size_t count,
                                                                                 std::vector<Value> values) {
  std::vector<Value> begins;
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<loop::Carried> carried;
    for (Value& v : values) {
      carried.push_back(builder_.carry(v));
      v = carried.back().variable;
    }
    const Value end = builder_.add(builder_.level(), piece.first[k], piece.count[k]);
    bind(f.axes[k], open_for(piece.first[k], end, 1, std::move(carried)));
    begins.push_back(values[0]);
  }
  return {std::move(values), std::move(begins)};
}

/// Closes them, with what the values become. Returns what they are in the end.
std::vector<Value> ExpressionLowering::close_piece(std::size_t count, std::vector<Value> next) {
  while (count-- > 0) next = close_for(next);
  return next;
}

/// A read that is contiguous along the last reduced axis: all of it at once. Lanes that are masked find zeros there:
/// with what the scratch had before, which may be subnormal, a processor can take a hundred times as long.
void ExpressionLowering::stage_transposed(const RegisterTile& tile, Expr e, const Stage& stage, const Piece& piece) {
  const Fold& f = *tile.fold->as<Fold>();
  const std::size_t outer = f.axes.size() - 1;
  const Value start = open_piece(f, piece, outer, {builder_.constant(0)}).first[0];
  const std::size_t level = builder_.level();
  const Read& read = *e->as<Read>();
  const Value first = piece.first.back(), count = piece.count.back();
  // Both axes are bound to the start for as long as its address is computed, and nothing of that is kept.
  const auto bound = bound_;
  const Known known = known_[level];
  const LaneLoop lanes = *lane_;
  lane_.reset();
  bind(lanes.axis, lanes.base);
  bind(f.axes.back(), first);
  const Value offset = address(read.tensor, read.subscripts, level).base;
  lane_ = lanes;
  known_[level] = known;
  bound_ = bound;
  const Value rows = lanes.remaining ? *lanes.remaining : builder_.constant(step_of_lanes());
  const Value stride = step_along(read.tensor, read.subscripts, lanes.axis);
  const Value pitch = builder_.constant(step_of_lanes());
  const Value end = builder_.add(level, start, builder_.multiply(level, count, pitch));
  if (lanes.remaining) {
    builder_.open_if(builder_.compute(level, Op::less, DType::b1, {rows, pitch}));
    const Value at = builder_.open_for(start, end, this->lanes());
    const Value zero = builder_.constant(Scalar{e->dtype, 0}, this->lanes());
    builder_.add(builder_.level(), loop::Store{stage.buffer, at, zero});
    builder_.close_for();
    builder_.close_if();
  }
  builder_.add(level, loop::Transpose{stage.buffer, start, pitch, read.tensor, offset, stride, rows, count});
  close_piece(outer, {end});
}

/// Computes what all rows share, for the iterations of a piece.
void ExpressionLowering::stage(const RegisterTile& tile, const Stages& stages, const Piece& piece) {
  for (Expr e : tile.transposed) stage_transposed(tile, e, stages.at(e), piece);
  if (tile.transposed.size() == tile.staged.size()) return;
  const Fold& f = *tile.fold->as<Fold>();
  const Value at = open_piece(f, piece, f.axes.size(), {builder_.constant(0)}).first[0];
  const std::size_t level = builder_.level();
  if (tile.fetches) fetch_shared(tile, tile.staged);
  for (Expr e : tile.staged) {
    if (std::ranges::count(tile.transposed, e) > 0) continue;
    const std::vector<Value> parts = expanded(e, e->dtype);
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const Value to = builder_.add(level, at, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
      builder_.add(level, loop::Store{stages.at(e).buffer, to, parts[part]});
    }
  }
  close_piece(f.axes.size(), {builder_.add(level, at, builder_.constant(step_of_lanes()))});
}

Lanes ExpressionLowering::take_staged(Expr e, const Stage& stage) {
  const std::size_t level = level_of(e);
  Lanes result{{}, true, level};
  for (int part = 0; part < lane_->parts; ++part) {
    result.parts.push_back(builder_.make({e->dtype, lanes()}));
    const Value at = builder_.add(level, stage.at, builder_.constant(std::int64_t{part} * lanes()));
    builder_.add(level, loop::Load{result.parts.back(), stage.buffer, at});
  }
  return result;
}

/// A piece, for the rows [from, to), `height` at a time. Of the lower height the last block may stand for its last row
/// more than once. Where there is but one height, that is the lower one.
void ExpressionLowering::reduce_rows(const RegisterTile& tile, const ScratchState& states, Value from, Value to,
                                     int height, const Piece& piece, const Finish& finish) {
  const Fold& f = *(tile.joined ? tile.joined : tile.fold)->as<Fold>();
  const Value last = builder_.add(builder_.level(), to, builder_.constant(-1));
  const Value low = open_for(from, to, height);
  rows_ = Rows{tile.rows, {}};
  const std::size_t level = builder_.level();
  for (int row = 0; row < height; ++row) {
    const Value next = builder_.add(level, low, builder_.constant(row));
    const bool inside = row == 0 || (height > tile.lower_height && !tile.repeats_rows());
    rows_->variables.push_back(inside ? next : builder_.compute(level, Op::minimum, DType::i64, {next, last}));
  }
  bind(tile.rows, low);
  const Value at = scratch_offset(states, level);
  const Value start = builder_.constant((tile.block + tile.rows_beyond()) * step_of_lanes());
  const Value before = builder_.compute(level, Op::select, DType::i64, {piece.begun, at, start});
  const auto row_at = [&](Value from, std::size_t row) {
    return builder_.add(builder_.level(), from, builder_.constant(static_cast<std::int64_t>(row) * step_of_lanes()));
  };
  std::vector<State> state(static_cast<std::size_t>(height));
  std::vector<Value> values{builder_.constant(0)};  // where what is staged for an iteration begins, and the states
  const auto set_states = [&] {
    auto value = values.begin() + 1;
    for (State& s : state)
      for (Value& v : s.best) v = *value++;
  };
  each_row([&](std::size_t row) {
    state[row] = load_scratch(tile.fold, states, level, row_at(before, row));
    values.insert(values.end(), state[row].best.begin(), state[row].best.end());
  });
  std::vector<Value> begins;
  std::tie(values, begins) = open_piece(f, piece, f.axes.size(), std::move(values));
  set_states();
  const std::vector<AxisId>& axes = tile.fold->as<Fold>()->axes;
  if (tile.joined)  // all axes move with this loop
    for (AxisId axis : axes) bind(axis, variable(f.axes[0]));
  for (Expr e : tile.staged) {  // it is the same in all loops within that of its last axis
    std::size_t last = axes.size() - 1;
    while (last > 0 && !uses_axis(e, axes[last])) --last;
    staged_.at(e).at = begins[tile.joined ? 0 : last];
  }
  if (tile.fetches && !tile.direct.empty()) fetch_shared(tile, tile.direct);
  if (tile.fetches_rows) fetch_next_rows(tile, f);
  std::vector<Value> next{loop::none};
  each_row([&](std::size_t row) {
    const State after = step(f, state[row]);
    next.insert(next.end(), after.best.begin(), after.best.end());
  });
  // After all that uses the old one, so that both can have one register.
  next[0] = builder_.add(builder_.level(), values[0], builder_.constant(step_of_lanes()));
  values = close_piece(f.axes.size(), std::move(next));
  set_states();
  const auto store_all = [&] {
    for (std::size_t row = 0; row < state.size(); ++row) store_scratch(state[row], states, row_at(at, row));
  };
  if (finish.statements) {
    each_row([&](std::size_t row) { remember(tile.fold, state[row], true, level); });
    under(builder_.compute(level, Op::logical_not, DType::b1, {piece.is_last}), store_all);
    under(piece.is_last, [&] {
      if (!tile.masked) lane_->whole_from = builder_.level();
      finish.statements();
      lane_->whole_from.reset();
    });
  } else {
    store_all();
  }
  rows_.reset();
  close_for();
}

/// Where rows of the full height end and those of the lower height begin: there are as few blocks as can be, and as
/// many of them are low as leave no rows over, or few.
Value ExpressionLowering::cut_rows(const RegisterTile& tile, Value low, Value high) {
  const std::size_t level = builder_.level();
  const auto i64 = [&](Op op, Value a, Value b) { return builder_.compute(level, op, DType::i64, {a, b}); };
  const Value rows = i64(Op::subtract, high, low), height = builder_.constant(tile.height);
  const Value up = builder_.add(level, rows, builder_.constant(tile.height - 1));
  const Value whole = builder_.divide(level, Op::floor_divide, up, height);
  const Value in_low = builder_.multiply(level, whole, builder_.constant(tile.lower_height));
  const Value more = i64(Op::maximum, i64(Op::subtract, rows, in_low), builder_.constant(0));
  const Value more_each = builder_.constant(tile.height - tile.lower_height);
  const int up_to = tile.repeats_rows() ? tile.height - tile.lower_height - 1 : 0;
  const Value missing = builder_.add(level, more, builder_.constant(up_to));
  const Value tall = builder_.divide(level, Op::floor_divide, missing, more_each);
  const Value end = builder_.add(level, low, builder_.multiply(level, tall, height));
  return tile.repeats_rows() ? i64(Op::minimum, end, high) : end;
}

void ExpressionLowering::reduce_tile(const RegisterTile& tile, Value low, Value high, Value fresh,
                                     const Finish& finish) {
  if (tile.group > 0) return reduce_slender(tile, low, high);
  const Fold& f = *tile.fold->as<Fold>();
  const std::int64_t rows = tile.block + tile.rows_beyond();  // and those that the last block has too many
  const loop::BufferId scratch = scratch_for("state", tile.fold->dtype, rows + tile.height);
  const ScratchState states{scratch, 0, lane_->base, tile.rows, low};
  // Behind the states are those of the start, for a few rows: the first piece loads them from there.
  const Value empty = start_scan(tile.fold, 1, lanes()).best[0];
  const std::int64_t step = step_of_lanes();
  for (std::int64_t at = rows * step; at < (rows + tile.height) * step; at += lanes())
    builder_.add(0, loop::Store{scratch, builder_.constant(at), empty});
  const Value end_of_tall = tile.has_two_heights() ? cut_rows(tile, low, high) : low;
  Piece piece = open_pieces(tile);
  Stages stages;
  for (Expr e : tile.staged) stages[e] = {scratch_for("shared", e->dtype, tile.depth), 0};
  if (fresh != loop::none) {
    known_.emplace_back();
    builder_.open_if(fresh);
  }
  stage(tile, stages, piece);
  if (fresh != loop::none) {
    known_.pop_back();
    builder_.close_if();
  }
  staged_ = std::move(stages);
  if (finish.condition != loop::none)
    piece.is_last =
        builder_.compute(builder_.level(), Op::logical_and, DType::b1, {piece.is_last, finish.condition});
  if (tile.joined) piece = in_one(f, piece);
  const auto reduce = [&](const Finish& then) {
    if (tile.has_two_heights()) reduce_rows(tile, states, low, end_of_tall, tile.height, piece, then);
    reduce_rows(tile, states, end_of_tall, high, tile.lower_height, piece, then);
  };
  if (tile.halves && lane_->remaining) {
    const std::size_t level = builder_.level();
    const Value vector = builder_.constant(lanes());
    const Value half = builder_.compute(level, Op::less_equal, DType::b1, {*lane_->remaining, vector});
    const Value both = builder_.compute(level, Op::logical_not, DType::b1, {half});
    under(half, [&] {
      lane_->steps_of = lane_->parts;
      lane_->parts = 1;
      reduce({});  // the lanes are not whole: nothing finishes
      lane_->parts = std::exchange(lane_->steps_of, 0);
    });
    under(both, [&] { reduce(finish); });
  } else {
    reduce(finish);
  }
  staged_.clear();
  for (std::size_t k = 0; k < f.axes.size(); ++k) close_for();
  take_from_scratch(tile.fold, states);
}

/// Those inside a reduction over their rows.
std::vector<RegisterTile> ExpressionLowering::tiles_in(const Fold& f) const {
  std::vector<RegisterTile> inside;
  if (tiles_.empty()) return inside;
  const std::vector<Expr> all = nodes({f.body});
  for (const RegisterTile& tile : tiles_)
    if (f.axes == std::vector{tile.rows} && std::ranges::count(all, tile.fold) > 0) inside.push_back(tile);
  return inside;
}

/// A reduction over the rows of tiles: block after block, the tiles first and then their rows one by one.
ExpressionLowering::State ExpressionLowering::reduce_blocks(const Fold& f, const std::vector<RegisterTile>& tiles,
                                                            State state) {
  const AxisId rows = tiles[0].rows;
  const Value extent = extent_of(rows), block = builder_.constant(tiles[0].block);
  const auto [carried, before] = carry_all(state);
  const Value low = open_for(builder_.constant(0), extent, tiles[0].block, carried);
  ++info_.loops;
  const std::size_t level = builder_.level();
  const Value high = builder_.compute(level, Op::minimum, DType::i64, {builder_.add(level, low, block), extent});
  const Value is_first = builder_.compute(level, Op::equal, DType::b1, {low, builder_.constant(0)});
  for (const RegisterTile& tile : tiles) {
    Value inner = builder_.constant(1);
    for (AxisId axis : tile.fold->as<Fold>()->axes) inner = builder_.multiply(0, inner, extent_of(axis));
    const Value in_pieces = builder_.compute(0, Op::greater, DType::b1, {inner, builder_.constant(tile.depth)});
    reduce_tile(tile, low, high, builder_.compute(level, Op::logical_or, DType::b1, {is_first, in_pieces}), {});
  }
  const auto [carried_by_rows, in_row] = carry_all(before);
  bind(rows, open_for(low, high, 1, carried_by_rows));
  const State after = step(f, in_row);
  const std::vector<Value> of_block = close_for(after.flat());
  return state.like(close_for(of_block));
}

}  // namespace ricci::jit
