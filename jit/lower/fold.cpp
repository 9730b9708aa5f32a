// Lowering of reductions: their states, one iteration, and what is kept of them. Their loops: lower/reduce.cpp.
//
// All states start from the identity, which for min, max, argmin and argmax is the worst value with index 0. On a
// range that is not empty (checked at bind time) that equals starting from the first element: a first element that
// is itself the worst value keeps index 0, anything else beats the identity, and a NaN is taken because the identity
// is not one.
#include <algorithm>
#include <numeric>

#include "lower/expression.hpp"
#include "ricci/error.hpp"
#include "schedule/lane_width.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// A sum of products of floats adds each product as it is, not rounded before.
bool sums_products(const Fold& f) {
  const Apply* body = f.body->as<Apply>();
  return f.reduction == Reduction::sum && body && body->op == Op::multiply && is_float(f.body->dtype);
}

}  // namespace

bool shares_index(const Fold& f, AxisId lane) {
  const bool indexed = info(f.reduction).results == Results::index;
  return indexed && f.ranges.empty() && lane == f.axes.back();
}

std::optional<DType> ExpressionLowering::type_of_steps(const Fold& f, AxisId lane) const {
  const int bytes = 256 / nest_.accumulators;
  if (!shares_index(f, lane) || !is_integer(f.body->dtype) || bytes > 2) return std::nullopt;
  return bytes == 1 ? DType::u8 : DType::u16;
}

ExpressionLowering::State ExpressionLowering::start(const Fold& f, DType dtype, int parts, int lanes, bool indexed) {
  const auto count = static_cast<std::size_t>(parts);
  const Reduction by = f.reduction == Reduction::argmax   ? Reduction::max
                       : f.reduction == Reduction::argmin ? Reduction::min
                                                          : f.reduction;
  State state{std::vector<Value>(count, builder_.constant(identity(by, dtype), lanes)), {}};
  const DType index = lanes > 1 ? offset_dtype() : DType::i64;
  if (indexed && f.ranges.empty()) {
    state.index.assign(count, builder_.constant(Scalar{index, 0}, lanes));
  } else if (indexed) {
    const std::size_t level = builder_.level();
    state.index.assign(count, builder_.splat(level, builder_.convert(level, first_index(f), index), lanes));
  }
  return state;
}

/// The index of the first iteration within the ranges, or the one next to where it would be if a range is empty.
Value ExpressionLowering::first_index(const Fold& f) {
  const std::size_t level = builder_.level();
  Value index = builder_.constant(0);
  for (std::size_t k = 0; k < f.axes.size(); ++k) {
    const Value extent = extent_of(f.axes[k]);
    const Value before_end = builder_.add(0, extent, builder_.constant(-1));
    const Value last = builder_.compute(0, Op::maximum, DType::i64, {before_end, builder_.constant(0)});
    const Value first = builder_.compute(level, Op::minimum, DType::i64, {range_of(f, k).low, last});
    index = builder_.add(level, builder_.multiply(level, index, extent), first);
  }
  return index;
}

/// The position of the current iteration among all of the reduction, row-major: a scalar i64, with the axis `lane` at
/// `lane_base`.
Value ExpressionLowering::index_of(const Fold& f, std::optional<AxisId> lane, Value lane_base) {
  const std::size_t level = builder_.level();
  Value index = builder_.constant(0);
  for (AxisId axis : f.axes) {
    const Value here = lane == axis ? lane_base : bound_.at(axis).variable;
    if (axis != f.axes[0]) index = builder_.multiply(level, index, extent_of(axis));
    index = builder_.add(level, index, here);
  }
  return index;
}

/// The same for `base` of the lanes, in each of them.
Value ExpressionLowering::shared_index(const Fold& f, AxisId lane, Value base, DType dtype) {
  const std::size_t level = builder_.level();
  const Value scalar = builder_.convert(level, index_of(f, lane, base), dtype);
  return builder_.splat(level, scalar, lanes());
}

/// How much further than lane 0 each lane is in that order.
Value ExpressionLowering::lane_indices(const Fold& f, DType dtype) {
  Value later = builder_.constant(1);
  for (auto axis = std::ranges::find(f.axes, lane_->axis) + 1; axis != f.axes.end(); ++axis)
    later = builder_.multiply(0, later, extent_of(*axis));
  const Value iota = builder_.iota(dtype, lanes());
  if (later == builder_.constant(1)) return iota;
  const Value apart = builder_.splat(0, builder_.convert(0, later, dtype), lanes());
  return builder_.compute(0, Op::multiply, dtype, {iota, apart});
}

/// One iteration: combines the body's value, at the axes as they are bound, into the state.
ExpressionLowering::State ExpressionLowering::step(const Fold& f, State state) {
  const bool vector = builder_.type(state.best[0]).lanes > 1;
  if (lane_ && !vector) return count_lanes(counted_condition(f), std::move(state));
  const DType dtype = builder_.type(state.best[0]).dtype;
  const Apply* product = sums_products(f) ? f.body->as<Apply>() : nullptr;
  const auto lanes_of = [&](Expr e) { return expand(e, value(e), dtype, vector); };
  const std::vector<Value> values = lanes_of(product ? product->args[0] : f.body);
  const std::vector<Value> factors = product ? lanes_of(product->args[1]) : std::vector<Value>{};
  const auto is_kept = [&](Expr e) { return keeping_ && e && e->as<Fold>() == &f; };
  if (keeping_ && is_kept(keeping_->kept.only_copied ? Expr{} : keeping_->kept.fold)) store_kept(values, f.axes[0]);
  if (keeping_ && is_kept(keeping_->kept.copying)) store_kept(values, f.axes[0]);
  if (keeping_ && is_kept(keeping_->kept.fold) && lane_) {
    if (std::ranges::count(f.axes, lane_->axis) > 0) fetch_next_row();
    if (keeping_->kept.planes) fetch_next_lanes();
  }
  fetch_planes(f);
  const std::size_t level = builder_.level();
  const bool along_lanes = lane_ && std::ranges::count(f.axes, lane_->axis) > 0;
  State next = state;
  for (std::size_t part = 0; part < state.best.size(); ++part) {
    Value element = values[part];
    const Value active = along_lanes && !lane_->masks.empty() ? lane_->masks[part] : loop::none;
    if (product) {
      Value sum = builder_.compute(level, Op::fma, dtype, {element, factors[part], state.best[part]});
      if (active != loop::none) sum = builder_.compute(level, Op::select, dtype, {active, sum, state.best[part]});
      next.best[part] = sum;
      continue;
    }
    if (state.index.empty()) {
      if (active != loop::none) {
        const Value neutral = builder_.constant(identity(f.reduction, dtype), lanes());
        element = builder_.compute(level, Op::select, dtype, {active, element, neutral});
      }
      next.best[part] = builder_.compute(level, info(f.reduction).step, dtype,
                                         {state.best[part], element});
      continue;
    }
    // With lanes along another axis than the last, what comes later may have the smaller index.
    const bool in_order = !along_lanes || lane_->axis == f.axes.back();
    const Value was_number = state.is_number.empty() ? loop::none : state.is_number[part];
    Value wins = beats(f, level, element, state.best[part], was_number);
    if (was_number != loop::none) {
      Value is_nan = builder_.compute(level, Op::not_equal, DType::b1, {element, element});
      if (active != loop::none) is_nan = builder_.compute(level, Op::logical_and, DType::b1, {is_nan, active});
      const Value stays = builder_.compute(level, Op::logical_not, DType::b1, {is_nan});
      next.is_number[part] = builder_.compute(level, Op::logical_and, DType::b1, {was_number, stays});
    }
    if (active != loop::none) wins = builder_.compute(level, Op::logical_and, DType::b1, {wins, active});
    const DType index_dtype = builder_.type(state.index[part]).dtype;
    Value index;
    if (along_lanes && shares_index(f, lane_->axis)) {
      index = lane_->index;
      if (index == loop::none) index = shared_index(f, lane_->axis, lane_->base, index_dtype);
    } else if (along_lanes) {
      const Value first =
          builder_.add(level, lane_->base, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
      const Value base = shared_index(f, lane_->axis, first, index_dtype);
      index = builder_.compute(level, Op::add, index_dtype, {base, lane_indices(f, index_dtype)});
    } else {
      const Value scalar = builder_.convert(level, index_of(f, std::nullopt, 0), index_dtype);
      index = vector ? builder_.splat(level, scalar, lanes()) : scalar;
    }
    if (!in_order) {
      Value tie = comes_first(level, element, state.best[part], index, state.index[part]);
      if (active != loop::none) tie = builder_.compute(level, Op::logical_and, DType::b1, {tie, active});
      wins = builder_.compute(level, Op::logical_or, DType::b1, {wins, tie});
    }
    next.best[part] = builder_.compute(level, Op::select, dtype, {wins, element, state.best[part]});
    next.index[part] = builder_.compute(level, Op::select, index_dtype, {wins, index, state.index[part]});
  }
  return next;
}

/// The same where the state counts, in scalars, the lanes in which a condition is true.
ExpressionLowering::State ExpressionLowering::count_lanes(Expr condition, State state) {
  const std::vector<Value> values = expand(condition, value(condition), DType::b1, true);
  const std::size_t level = builder_.level();
  for (std::size_t part = 0; part < state.best.size(); ++part) {
    Value chosen = values[part];
    if (!lane_->masks.empty())
      chosen = builder_.compute(level, Op::logical_and, DType::b1, {chosen, lane_->masks[part]});
    const Value count = builder_.make({DType::i64, 1});
    builder_.add(level, loop::CountLanes{count, chosen});
    state.best[part] = builder_.add(level, state.best[part], count);
  }
  return state;
}

/// Whether it carries which lanes hold numbers from step to step: known from the elements, which wait for nothing, that
/// need not be asked of the best values, for which each step would wait once more. There must be registers for it.
bool ExpressionLowering::tracks_numbers(const Fold& f, const State& empty, AxisId lane) const {
  constexpr std::size_t most = 4;  // of the eight mask registers
  const bool indexed = !empty.index.empty() && is_float(builder_.type(empty.best[0]).dtype);
  return indexed && shares_index(f, lane) && has_mask_registers() && empty.best.size() <= most;
}

void ExpressionLowering::store_kept(const std::vector<Value>& values, AxisId along) {
  const std::size_t level = builder_.level();
  for (std::size_t part = 0; part < values.size(); ++part) {
    const Value active = mask(nullptr, lane_.has_value(), part, level);
    const loop::BufferId buffer = keeping_->scratch.value_or(keeping_->target);
    const Value place = place_of_kept(along, part, level);
    builder_.add(level, loop::Store{buffer, place, values[part], active});
  }
}

/// Where a vector of kept values is stored: in the target, or in scratch at the position of its first lane, or of its
/// plane `along`.
Value ExpressionLowering::place_of_kept(AxisId along, std::size_t part, std::size_t level) {
  Value first = lane_ ? lane_->base : loop::none;
  if (!keeping_->scratch)
    first = address(keeping_->target, keeping_->subscripts, level).base;
  else if (keeping_->kept.planes)
    first = builder_.multiply(level, variable(along), builder_.constant(step_of_lanes()));
  return builder_.add(level, first, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
}

/// Kept values as a statement reads them in the target, from scratch; or what was copied there.
Lanes ExpressionLowering::take_kept(Expr e, AxisId along) {
  Lanes result{{}, true, builder_.level()};
  for (std::size_t part = 0; part < static_cast<std::size_t>(lane_->parts); ++part) {
    result.parts.push_back(builder_.make({e->dtype, lanes()}));
    const Value active = mask(nullptr, true, part, result.level);
    const Value place = place_of_kept(along, part, result.level);
    builder_.add(result.level, loop::Load{result.parts.back(), *keeping_->scratch, place, active});
  }
  return result;
}

/// While functions are computed of one row, memory is idle: it can bring the next one, which the processor does not ask
/// for until the end of this.
void ExpressionLowering::fetch_next_row() {
  for (Expr e : nodes({keeping_->kept.fold->as<Fold>()->body})) {
    const Read* n = e->as<Read>();
    if (!n || !in_lanes(e)) continue;
    if (motion(program_, s_, n->tensor, n->subscripts, lane_->axis) == Motion::contiguous)
      fetch_next(*n, keeping_->row, false);
  }
}

/// The same of planes: their next lanes.
void ExpressionLowering::fetch_next_lanes() {
  if (!keeping_->kept.copied || lane_->repeats || !lane_->masks.empty()) return;
  const Read& n = *keeping_->kept.copied->as<Read>();
  if (motion(program_, s_, n.tensor, n.subscripts, lane_->axis) != Motion::contiguous) return;
  const std::size_t level = builder_.level();
  const Value here = address(n.tensor, n.subscripts, level).base;
  fetch_lines(level, n.tensor, builder_.add(level, here, builder_.constant(step_of_lanes())), lane_->parts, true);
}

/// Where the states of the current lanes begin.
Value ExpressionLowering::scratch_offset(const ScratchState& states, std::size_t level) {
  if (!states.rows) return builder_.compute(level, Op::subtract, DType::i64, {lane_->base, states.low});
  const Value row = builder_.compute(level, Op::subtract, DType::i64, {variable(*states.rows), states.first_row});
  return builder_.multiply(level, row, builder_.constant(step_of_lanes()));
}

ExpressionLowering::State ExpressionLowering::load_scratch(Expr e, const ScratchState& states, std::size_t level,
                                                           Value at) {
  const bool indexed = info(e->as<Fold>()->reduction).results == Results::index;
  State state;
  for (int part = 0; part < lane_->parts; ++part) {
    const Value first = builder_.add(level, at, builder_.constant(std::int64_t{part} * lanes()));
    const auto load = [&](loop::BufferId buffer) {
      const Value result = builder_.make({info_.buffers[buffer].dtype, lanes()});
      builder_.add(level, loop::Load{result, buffer, first});
      return result;
    };
    state.best.push_back(load(states.best));
    if (indexed) state.index.push_back(load(states.index));
  }
  return state;
}

ExpressionLowering::State ExpressionLowering::load_scratch(Expr e, const ScratchState& states) {
  if (states.group > 0) return add_groups(e, states);
  const std::size_t level = states.rows ? builder_.level() : lane_->level;
  return load_scratch(e, states, level, scratch_offset(states, level));
}

void ExpressionLowering::store_scratch(const State& state, const ScratchState& states, Value at) {
  const std::size_t level = builder_.level();
  for (std::size_t part = 0; part < state.best.size(); ++part) {
    const Value first = builder_.add(level, at, builder_.constant(static_cast<std::int64_t>(part) * lanes()));
    builder_.add(level, loop::Store{states.best, first, state.best[part]});
    if (!state.index.empty()) builder_.add(level, loop::Store{states.index, first, state.index[part]});
  }
}

void ExpressionLowering::store_scratch(const State& state, const ScratchState& states) {
  store_scratch(state, states, scratch_offset(states, builder_.level()));
}

void ExpressionLowering::clear_scratch(Expr e, const ScratchState& states, Value count) {
  const bool indexed = info(e->as<Fold>()->reduction).results == Results::index;
  const State empty = start_scan(e, 1, lanes());
  const Value at = open_for(builder_.constant(0), count, lanes());
  builder_.add(builder_.level(), loop::Store{states.best, at, empty.best[0]});
  if (indexed) builder_.add(builder_.level(), loop::Store{states.index, at, empty.index[0]});
  close_for();
}

void ExpressionLowering::place_start(Expr e, const ScratchState& states, int vectors) {
  store_scratch(start_scan(e, vectors, lanes()), states, states.start);
}

void ExpressionLowering::reduce_into_scratch(Expr e, const ScratchState& states, Value begun) {
  const Fold& f = *e->as<Fold>();
  const std::size_t level = lane_->level;
  const Value at = scratch_offset(states, level);
  State before;
  if (begun == loop::none) {
    before = start_scan(e, lane_->parts, lanes());
  } else {
    const Value from = builder_.compute(level, Op::select, DType::i64, {begun, at, states.start});
    before = load_scratch(e, states, level, from);
  }
  store_scratch(reduce_loops(f, {0}, 0, before), states);
}

void ExpressionLowering::fold(Expr e) {
  const Fold& f = *e->as<Fold>();
  const std::size_t level = level_of(e);
  // Loops of this reduction open inside `level`, before the loops that are open deeper now.
  auto deeper = builder_.suspend(level);
  std::vector<Known> known_deeper(std::make_move_iterator(known_.begin() + static_cast<std::ptrdiff_t>(level) + 1),
                                  std::make_move_iterator(known_.end()));
  known_.resize(level + 1);
  const std::optional<LaneLoop> outer_lane = lane_;
  if (!in_lanes(e)) lane_.reset();
  const auto outer_bound = bound_;  // a loop that is open deeper may bind the same canonical axes

  const bool has_index = info(f.reduction).results == Results::index;
  const auto own = schedule_.fold_lanes.find(e);
  std::vector<std::size_t> loops(f.axes.size());
  std::iota(loops.begin(), loops.end(), std::size_t{0});
  State state;
  bool vector = false;
  std::size_t rows = 1;  // whose states these are
  if (const auto kept = in_scratch_.find(e); lane_ && kept != in_scratch_.end()) {
    vector = true;
    state = load_scratch(e, kept->second);
  } else if (const auto tiles = tiles_in(f); lane_ && !tiles.empty()) {
    vector = true;
    state = reduce_blocks(f, tiles, start(f, e->dtype, lane_->parts, lanes(), has_index));
  } else if (lane_) {
    vector = true;
    rows = rows_of(f);
    const int parts = lane_->parts * static_cast<int>(rows);
    state = reduce_loops(f, loops, 0, start(f, e->dtype, parts, lanes(), has_index));
  } else if (own != schedule_.fold_lanes.end() && lanes() > 1) {
    const auto lane = static_cast<std::size_t>(std::ranges::find(f.axes, own->second) - f.axes.begin());
    std::erase(loops, lane);
    rows = rows_of(f);
    const int parts = std::max(1, nest_.accumulators / lanes()) * static_cast<int>(rows);
    const bool counts = counted_condition(f) && !(keeping_ && keeping_->kept.fold == e);
    const bool blocks = type_of_steps(f, own->second).has_value();
    State empty = blocks   ? start(f, e->dtype, static_cast<int>(rows), 1, has_index)
                  : counts ? start(f, DType::i64, parts, 1, false)
                           : start(f, e->dtype, parts, lanes(), has_index);
    if (tracks_numbers(f, empty, own->second))
      empty.is_number.assign(empty.best.size(), builder_.constant(Scalar::of(true), lanes()));
    state = reduce_lanes(f, lane, loops, 0, empty);
    if (shares_index(f, own->second) && !blocks)
      state = by_row(state, rows > 1, [&](const State& row) { return with_own_indices(level, row); });
    if (!blocks) state = by_row(state, rows > 1, [&](const State& row) { return in_one(f, level, row); });
    if (counts)
      for (Value& count : state.best) count = builder_.convert(level, count, e->dtype);
  } else {
    state = reduce_loops(f, loops, 0, start(f, e->dtype, 1, 1, has_index));
  }

  lane_ = outer_lane;
  bound_ = outer_bound;
  for (Known& k : known_deeper) known_.push_back(std::move(k));
  builder_.resume(std::move(deeper));
  if (rows == 1) return remember(e, state, vector, level);
  each_row([&](std::size_t row) { remember(e, of_row(state, row), vector, level); });
}

/// From now on, the results of a reduction are what the state says.
void ExpressionLowering::remember(Expr e, const State& state, bool vector, std::size_t level) {
  if (info(e->as<Fold>()->reduction).results == Results::value) {
    known_[level].insert_or_assign(known_as(e), Lanes{state.best, vector, level});
    return;
  }
  std::vector<Value> index = state.index;
  if (!vector) index[0] = builder_.convert(level, index[0], DType::i64);
  const Expr value = project(program_.graph, e, 0), winner = project(program_.graph, e, 1);
  known_[level].insert_or_assign(known_as(value), Lanes{state.best, vector, level});
  known_[level].insert_or_assign(known_as(winner), Lanes{index, vector, level});
}

}  // namespace ricci::jit
