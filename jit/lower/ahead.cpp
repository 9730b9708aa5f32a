// Rows that later iterations read, fetched early (ahead.hpp).
#include <algorithm>
#include <utility>

#include "lower/expression.hpp"
#include "schedule/ahead.hpp"
#include "schedule/register_tile.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

constexpr std::int64_t apart_ahead = 2 << 10;  // bytes

}  // namespace

void ExpressionLowering::fetch_lines(std::size_t level, TensorId tensor, Value first, int vectors, bool later) {
  const std::int64_t line = 64 / static_cast<std::int64_t>(size_of(program_.tensors[tensor].dtype));
  for (std::int64_t at = 0; at < std::int64_t{vectors} * lanes(); at += std::max<std::int64_t>(line, lanes()))
    builder_.add(level, loop::Prefetch{tensor, builder_.add(level, first, builder_.constant(at)), later});
}

void ExpressionLowering::fetch_ahead(TensorId tensor, const std::vector<Expr>& subscripts, std::size_t level) {
  const auto rows = std::ranges::find(ahead_, tensor, &RowsAhead::tensor);
  if (rows == ahead_.end() || !chooses_rows(program_, subscripts)) return;
  std::vector<AxisId> axes;  // that choose, innermost first
  for (Expr s : subscripts)
    if (!s->as<Axis>()) axes.insert(axes.end(), s->free.begin(), s->free.end());
  if (axes.empty() || (lane_ && std::ranges::count(axes, lane_->axis) > 0) || rows_) return;
  std::ranges::stable_sort(axes, [&](AxisId a, AxisId b) { return bound_.at(a).level > bound_.at(b).level; });
  if (rows->twice) fetch_row(tensor, subscripts, axes, rows_farther_ahead, true, level);
  fetch_row(tensor, subscripts, axes, rows_ahead, false, level);
}

/// That iteration is one along the innermost axis that chooses rows. Where that axis is reduced as a whole, its end is
/// followed by the start of the next iteration of the axis around it:
///
///     out[b, d] = sum(j, table[ids[b, j], d])      with 20 j, 16 ahead:   at (b, 3) that of (b, 19), at (b, 6) that of
///     (b + 1, 2)
void ExpressionLowering::fetch_row(TensorId tensor, const std::vector<Expr>& subscripts,
                                   const std::vector<AxisId>& axes, std::int64_t iterations, bool later,
                                   std::size_t level) {
  const Binding inner = bound_.at(axes[0]);
  const auto i64 = [&](std::size_t at, Op op, Value a, Value b) {
    return builder_.compute(at, op, DType::i64, {a, b});
  };
  const auto at_most = [&](Value v, AxisId axis) {
    return i64(inner.level, Op::minimum, v, builder_.add(0, extent_of(axis), builder_.constant(-1)));
  };
  const Value distance = builder_.constant(iterations);
  const auto known = std::exchange(known_, std::vector<Known>(known_.size()));
  const auto bound = bound_;
  const auto around = std::ranges::find_if(axes, [&](AxisId a) { return a != axes[0]; });
  if (around == axes.end()) {
    bound_[axes[0]].variable = at_most(builder_.add(inner.level, inner.variable, distance), axes[0]);
  } else {
    const Binding outer = bound_.at(*around);
    const Value extent = extent_of(axes[0]);
    const Value runs = builder_.divide(0, Op::floor_divide, distance, extent);
    const Value rest = i64(0, Op::subtract, distance, builder_.multiply(0, runs, extent));
    const Value at = builder_.add(inner.level, inner.variable, rest);
    const Value beyond = builder_.compute(inner.level, Op::greater_equal, DType::b1, {at, extent});
    const Value wrapped = i64(inner.level, Op::subtract, at, extent);
    bound_[axes[0]].variable = builder_.compute(inner.level, Op::select, DType::i64, {beyond, wrapped, at});
    const Value one_more = builder_.convert(inner.level, beyond, DType::i64);
    const Value next = builder_.add(inner.level, builder_.add(outer.level, outer.variable, runs), one_more);
    bound_[*around] = {at_most(next, *around), inner.level};
  }
  const Address at = address(tensor, subscripts, level);
  if (at.motion == Motion::contiguous || (at.motion == Motion::still && !later))
    fetch_lines(level, tensor, at.base, at.motion == Motion::still ? 1 : lane_->parts, later);
  known_ = known;
  bound_ = bound;
}

void ExpressionLowering::fetch_apart(TensorId tensor, const std::vector<Expr>& subscripts, const Address& at,
                                     std::size_t level) {
  if (!has_mask_registers() || !lane_ || !lane_->masks.empty() || at.motion != Motion::strided) return;
  const auto step = known_step(program_, s_, tensor, subscripts, lane_->axis);
  if (!is_near(step)) return;
  const auto bytes = static_cast<std::int64_t>(size_of(program_.tensors[tensor].dtype));
  const std::int64_t sign = *step < 0 ? -1 : 1, span = std::int64_t{lane_->parts} * lanes() * std::abs(*step);
  for (std::int64_t line = 0; line < span; line += 64 / bytes) {
    const Value ahead = builder_.constant(sign * (apart_ahead / bytes + line));
    builder_.add(level, loop::Prefetch{tensor, builder_.add(level, at.base, ahead), true});
  }
}

void ExpressionLowering::fetch_next(const Read& n, AxisId rows, bool backwards) {
  const auto row = std::ranges::find(n.subscripts, axis(program_.graph, rows));
  if (row == n.subscripts.end()) return;
  const std::size_t level = builder_.level();
  Value next = stride(n.tensor, static_cast<std::size_t>(row - n.subscripts.begin()));
  if (backwards) next = builder_.multiply(0, next, builder_.constant(-1));
  const Value at = builder_.add(level, address(n.tensor, n.subscripts, level).base, next);
  fetch_lines(level, n.tensor, builder_.add(level, at, next), lane_->parts, true);
  fetch_lines(level, n.tensor, at, lane_->parts);
}

void ExpressionLowering::fetch_planes(AxisId axis, Value planes, Value lanes) {
  limits_.at(axis).planes_ahead = planes;
  limits_.at(axis).lanes_ahead = lanes;
}

/// In a step of a reduction that is limited to a few planes: those after them, on their way while these are at work.
/// The processor's own fetching begins anew with each of them, and stands still while a tile is computed with.
void ExpressionLowering::fetch_planes(const Fold& f) {
  const auto limit = limits_.find(f.axes[0]);
  if (limit == limits_.end() || limit->second.planes_ahead == loop::none || !lane_ || lane_->repeats) return;
  const std::size_t level = builder_.level();
  std::vector<Expr> reads;  // in each step: not those of a reduction within
  walk({f.body}, [&](Expr e) {
    if (e->as<Read>()) reads.push_back(e);
    return bound_axes(e) == nullptr;
  });
  for (Expr e : reads) {
    const Read* n = e->as<Read>();
    if (!in_lanes(e) || motion(program_, s_, n->tensor, n->subscripts, lane_->axis) != Motion::contiguous) continue;
    const auto plane = std::ranges::find(n->subscripts, axis(program_.graph, f.axes[0]));
    if (plane == n->subscripts.end()) continue;
    const Value apart = stride(n->tensor, static_cast<std::size_t>(plane - n->subscripts.begin()));
    const std::size_t outside = limit->second.level;
    const Value further = builder_.multiply(outside, limit->second.planes_ahead, apart);
    const Value distance = builder_.add(outside, further, limit->second.lanes_ahead);
    const Value at = builder_.add(level, address(n->tensor, n->subscripts, level).base, distance);
    fetch_lines(level, n->tensor, at, lane_->parts, true);
  }
}

/// The reads are contiguous along the lanes, and an iteration takes a few lines of a row of memory: the processor's own
/// fetching, which follows lines and stops at pages, would begin anew with each.
void ExpressionLowering::fetch_shared(const RegisterTile& tile, const std::vector<Expr>& parts) {
  const AxisId inner = tile.fold->as<Fold>()->axes[0];
  const std::size_t level = builder_.level();
  for (Expr e : nodes(parts)) {
    const Read* n = e->as<Read>();
    if (!n || !uses_axis(e, inner)) continue;
    if (motion(program_, s_, n->tensor, n->subscripts, lane_->axis) != Motion::contiguous) continue;
    const auto is_affine = [&](Expr subscript) { return affine_in(program_.graph, subscript, inner).has_value(); };
    if (!std::ranges::all_of(n->subscripts, is_affine)) continue;
    const Value here = address(n->tensor, n->subscripts, level).base;
    const Value step = step_along(n->tensor, n->subscripts, inner);
    for (const bool later : {true, false}) {
      const Value distance = builder_.multiply(0, builder_.constant(later ? 2 * rows_ahead : rows_ahead), step);
      fetch_lines(level, n->tensor, builder_.add(level, here, distance), lane_->parts, later);
    }
  }
}

/// In an iteration of the reduced axis: of reads that are contiguous along the rows, and a row of memory away from
/// those of the next iteration, the line after that of the first row.
void ExpressionLowering::fetch_next_rows(const RegisterTile& tile, const Fold& fold) {
  const std::size_t level = builder_.level();
  turn_to(0);
  for (Expr e : nodes({fold.body})) {
    const Read* n = e->as<Read>();
    if (!n || !goes_by_rows(program_, s_, *n, tile.rows, fold.axes.back())) continue;
    if (uses_axis(e, lane_->axis)) continue;
    const std::int64_t line = 64 / static_cast<std::int64_t>(size_of(program_.tensors[n->tensor].dtype));
    const Value next = builder_.constant(std::max<std::int64_t>(line, tile.height));
    const Value at = address(n->tensor, n->subscripts, level).base;
    builder_.add(level, loop::Prefetch{n->tensor, builder_.add(level, at, next)});
  }
}

}  // namespace ricci::jit
