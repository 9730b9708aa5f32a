// Lowering of products of few columns, whose vectors have lanes for a few iterations of each column (slender.hpp).
#include "lower/expression.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

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

/// Of each column, one half of its lanes.
std::vector<int> halves_of_groups(int group, int columns, bool upper) {
  std::vector<int> result;
  for (int column = 0; column < columns; ++column)
    for (int lane = 0; lane < group / 2; ++lane) result.push_back(column * group + (upper ? group / 2 : 0) + lane);
  return result;
}

Value picked(PhaseBuilder& builder, Value vector, std::vector<int> lanes) {
  const Value result = builder.make({builder.type(vector).dtype, static_cast<int>(lanes.size())});
  builder.add(builder.level(), loop::Pick{result, vector, std::move(lanes)});
  return result;
}

Value half(PhaseBuilder& builder, Value vector, bool upper) {
  const auto [dtype, lanes] = builder.type(vector);
  const Value result = builder.make({dtype, lanes / 2});
  builder.add(builder.level(), loop::Half{result, vector, upper});
  return result;
}

}  // namespace

class SlenderLowering {
 public:
  SlenderLowering(ExpressionLowering& x, const RegisterTile& tile)
      : x_(x), b_(x.builder()), tile_(tile), along_(tile.fold->as<Fold>()->axes[0]), dtype_(tile.fold->dtype),
        lanes_(tile.group * tile.columns), wide_(tile.columns) {}

  void reduce(Value low, Value high) {
    // Behind the sums of a block, and of rows that its last step has too many, are zeros for those of the first piece.
    const std::int64_t behind = (tile_.block + tile_.height) * lanes_;
    const loop::BufferId sums = scratch("state", behind + tile_.height * lanes_);
    const loop::BufferId shared = scratch("shared", tile_.depth * wide_);
    for (int row = 0; row < tile_.height; ++row) store(sums, constant(behind + row * lanes_), zeros(), 0);
    const Value extent = x_.extent_of(along_);
    // Once even where there is nothing: its results are zeros.
    const Value once = b_.compute(0, Op::maximum, DType::i64, {extent, constant(1)});
    const Value first = x_.open_for(constant(0), once, tile_.depth);
    ++x_.info_.loops;
    const Value end = add(first, i64(Op::minimum, i64(Op::subtract, extent, first), constant(tile_.depth)));
    stage(shared, first, end);
    const Value begun = b_.compute(level(), Op::greater, DType::b1, {first, constant(0)});
    const Value last = add(high, constant(-1)), middle = add(first, whole(i64(Op::subtract, end, first), tile_.group));
    const Value from = x_.open_for(low, high, tile_.height);
    x_.rows_ = Rows{.axis = tile_.rows, .variables = {from}};
    for (int row = 1; row < tile_.height; ++row)
      x_.rows_->variables.push_back(i64(Op::minimum, add(from, constant(row)), last));
    x_.bind(tile_.rows, from);
    const Value at = b_.multiply(level(), i64(Op::subtract, from, low), constant(lanes_));
    const Value before = b_.compute(level(), Op::select, DType::i64, {begun, at, constant(behind)});
    std::vector<Value> state{constant(0)};  // where the next group of what is shared stands, and the sums
    for (int row = 0; row < tile_.height; ++row) state.push_back(load(sums, add(before, constant(row * lanes_))));
    state = sum_up(shared, first, middle, false, state);
    state = sum_up(shared, middle, end, true, state);
    for (int row = 0; row < tile_.height; ++row)
      store(sums, add(at, constant(row * lanes_)), state[static_cast<std::size_t>(row) + 1], level());
    x_.rows_.reset();
    x_.close_for();
    x_.close_for();
    x_.take_from_scratch(tile_.fold, {.best = sums, .index = 0, .low = x_.lane_->base, .rows = tile_.rows,
                                      .first_row = low, .group = tile_.group});
  }

 private:
  std::size_t level() const { return b_.level(); }
  Value constant(std::int64_t value) { return b_.constant(value); }
  Value zeros() { return b_.constant(Scalar{dtype_, 0}, lanes_); }
  Value add(Value a, Value b) { return b_.add(level(), a, b); }
  Value i64(Op op, Value a, Value b) { return b_.compute(level(), op, DType::i64, {a, b}); }
  Value whole(Value count, std::int64_t step) { return i64(Op::logical_and, count, constant(-step)); }
  void store(loop::BufferId to, Value at, Value value, std::size_t level) {
    b_.add(level, loop::Store{to, at, value});
  }
  Value load(loop::BufferId from, Value at, Value mask = loop::none) {
    const Value result = b_.make({dtype_, lanes_});
    b_.add(level(), loop::Load{result, from, at, mask});
    return result;
  }
  Value lanes_below(Value count, int lanes) {
    const Value mask = b_.make({DType::b1, lanes});
    b_.add(level(), loop::LaneMask{mask, count});
    return mask;
  }
  loop::BufferId scratch(const char* name, std::int64_t elements) {
    x_.info_.buffers.push_back({name, dtype_, true, {}, elements});
    return static_cast<loop::BufferId>(x_.info_.buffers.size() - 1);
  }

  /// `some` lanes from the element of a read on at which its axes are bound; those beyond `count`, if any, are zeros.
  Value load_some(Expr e, int some, Value count) {
    const Read& read = *e->as<Read>();
    const Value from = x_.address(read.tensor, read.subscripts, level()).base, result = b_.make({dtype_, some});
    const Value mask = count == loop::none ? loop::none : lanes_below(count, some);
    b_.add(level(), loop::Load{result, read.tensor, from, mask});
    return result;
  }

  /// The loop over groups of iterations [from, to), or of the last few.
  std::vector<Value> sum_up(loop::BufferId shared, Value from, Value to, bool masked, const std::vector<Value>& state) {
    const std::vector<Expr>& factors = tile_.fold->as<Fold>()->body->as<Apply>()->args;
    const Expr own = factors[factors[0] == tile_.staged[0] ? 1 : 0];
    std::vector<loop::Carried> carried;
    for (Value v : state) carried.push_back(b_.carry(v));
    const Value at = carried[0].variable, k = x_.open_for(from, to, tile_.group, carried);
    x_.bind(along_, k);
    const Value left = masked ? i64(Op::subtract, to, k) : loop::none;
    const Value few = load(shared, at);
    std::vector<Value> next{add(at, constant(lanes_))};
    x_.each_row([&](std::size_t row) {
      const Value many = picked(b_, load_some(own, tile_.group, left), repeated(tile_.group, lanes_));
      next.push_back(b_.compute(level(), Op::fma, dtype_, {many, few, carried[row + 1].variable}));
    });
    return x_.close_for(next);
  }

  /// Iterations [first, end) of what all rows share: for each group of them a vector, column after column.
  void stage(loop::BufferId to, Value first, Value end) {
    const Read& read = *tile_.staged[0]->as<Read>();
    if (motion(x_.program_, x_.s_, read.tensor, read.subscripts, x_.lane_->axis) != Motion::contiguous)
      stage_columns(to, first, end);
    else if (tile_.dense)
      stage_dense_rows(to, first, end);
    else
      stage_rows(to, first, end);
  }

  /// From rows of few elements: these are put one behind the other, and then each group is transposed.
  void stage_rows(loop::BufferId to, Value first, Value end) {
    std::vector<loop::Carried> carried{b_.carry(constant(0))};
    const Value at = carried[0].variable;
    x_.bind(along_, x_.open_for(first, end, 1, carried));
    store(to, at, load_some(tile_.staged[0], wide_, *x_.lane_->remaining), level());
    const Value behind = x_.close_for({add(at, constant(wide_))})[0];
    const Value all = whole(add(behind, constant(lanes_ - 1)), lanes_);
    const Value beyond = x_.open_for(behind, all, wide_);
    store(to, beyond, b_.constant(Scalar{dtype_, 0}, wide_), level());
    x_.close_for();
    const Value group = x_.open_for(constant(0), all, lanes_);
    store(to, group, picked(b_, load(to, group), turned(tile_.group, lanes_)), level());
    x_.close_for();
  }

  /// From rows that are as far apart as they are in a vector. What lies between the columns that there are, and after
  /// them but for the last row, gets lanes that nothing is made of.
  void stage_dense_rows(loop::BufferId to, Value first, Value end) {
    const Read& read = *tile_.staged[0]->as<Read>();
    // The axis is bound to the start for as long as its address is computed, and nothing of that is kept.
    const auto bound = x_.bound_;
    const auto known = x_.known_[level()];
    x_.bind(along_, first);
    const Value start = x_.address(read.tensor, read.subscripts, level()).base;
    x_.known_[level()] = known;
    x_.bound_ = bound;
    const Value elements = b_.multiply(level(), i64(Op::subtract, end, first), constant(wide_));
    const Value missing = i64(Op::maximum, i64(Op::subtract, constant(wide_), *x_.lane_->remaining), constant(0));
    const Value count = i64(Op::maximum, i64(Op::subtract, elements, missing), constant(0));
    const Value middle = whole(count, lanes_);
    for (const bool masked : {false, true}) {
      const Value at = x_.open_for(masked ? middle : constant(0), masked ? count : middle, lanes_);
      const Value mask = masked ? lanes_below(i64(Op::subtract, count, at), lanes_) : loop::none;
      const Value rows = load(read.tensor, add(start, at), mask);
      store(to, at, picked(b_, rows, turned(tile_.group, lanes_)), level());
      x_.close_for();
    }
  }

  /// From columns that are contiguous: what there is no column for, has the last one.
  void stage_columns(loop::BufferId to, Value first, Value end) {
    const auto bound = x_.bound_;
    const LaneLoop lanes = *x_.lane_;
    x_.lane_.reset();
    const Value middle = add(first, whole(i64(Op::subtract, end, first), tile_.group));
    const Value last = add(*lanes.remaining, constant(-1));
    const Value column = x_.open_for(constant(0), constant(wide_), 1);
    x_.bind(lanes.axis, add(lanes.base, i64(Op::minimum, column, last)));
    Value start = b_.multiply(level(), column, constant(tile_.group));
    for (const bool masked : {false, true}) {
      std::vector<loop::Carried> carried{b_.carry(start)};
      const Value at = carried[0].variable;
      const Value k = x_.open_for(masked ? middle : first, masked ? end : middle, tile_.group, carried);
      x_.bind(along_, k);
      const Value left = masked ? i64(Op::subtract, end, k) : loop::none;
      store(to, at, load_some(tile_.staged[0], tile_.group, left), level());
      start = x_.close_for({add(at, constant(lanes_))})[0];
    }
    x_.close_for();
    x_.lane_ = lanes;
    x_.bound_ = bound;
  }

  ExpressionLowering& x_;
  PhaseBuilder& b_;
  const RegisterTile& tile_;
  AxisId along_;
  DType dtype_;
  int lanes_, wide_;
};

/// A tile of such a product for its rows [low, high), to scratch.
void ExpressionLowering::reduce_slender(const RegisterTile& tile, Value low, Value high) {
  SlenderLowering(*this, tile).reduce(low, high);
}

/// The sums of a row, for each column those of its lanes added up, in the lanes of the nest.
ExpressionLowering::State ExpressionLowering::add_groups(Expr e, const ScratchState& states) {
  const int wide = static_cast<int>(nest_.tile), all = states.group * wide;
  const std::size_t level = builder_.level();
  const Value row = builder_.compute(level, Op::subtract, DType::i64, {variable(*states.rows), states.first_row});
  Value sum = builder_.make({e->dtype, all});
  builder_.add(level, loop::Load{sum, states.best, builder_.multiply(level, row, builder_.constant(all))});
  int group = states.group;
  for (const int register_lanes = 64 / static_cast<int>(size_of(e->dtype)); group * wide > register_lanes; group /= 2) {
    const Value lower = picked(builder_, sum, halves_of_groups(group, wide, false));
    const Value upper = picked(builder_, sum, halves_of_groups(group, wide, true));
    sum = builder_.compute(level, Op::add, e->dtype, {lower, upper});
  }
  sum = picked(builder_, sum, turned(wide, group * wide));
  while (builder_.type(sum).lanes > wide)
    sum = builder_.compute(level, Op::add, e->dtype, {half(builder_, sum, false), half(builder_, sum, true)});
  if (wide < lanes()) sum = picked(builder_, sum, repeated(wide, lanes()));
  std::vector<Value> parts{sum};
  while (builder_.type(parts[0]).lanes > lanes()) {
    std::vector<Value> halves;
    for (Value v : parts)
      for (const bool upper : {false, true}) halves.push_back(half(builder_, v, upper));
    parts = std::move(halves);
  }
  return {parts, {}};
}

}  // namespace ricci::jit
