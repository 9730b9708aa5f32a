// Loops over lanes: whole vectors and masked ones, at borders, past the caches, and plane by plane.
#include <algorithm>

#include "nest_lowering.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Planes of memory that reductions across planes read side by side. Planes are often a power of two apart, so that
/// the same place in each falls into one set of the caches; most have 8 ways, and one is left for everything else
/// (measured: 8 planes take 1.4 times as long as 7).
constexpr std::int64_t planes_at_once = 7;

}  // namespace

void NestLowering::stream_over_lanes(Value low, Value end, const Body& body) {
  std::vector<const Statement*> streaming;
  for (std::size_t i : nest_.statements)
    if (std::ranges::count(nest_.streaming, program_.statements[i].target) > 0)
      streaming.push_back(&program_.statements[i]);
  if (streaming.empty() || at_border_) return over_lanes(low, end, body);
  const Value first = x_.start_streaming(streaming, *nest_.lane_axis, low, end);
  const Value last = end_of_vectors(first, end);
  over_sides(low, first, last, end, body);
  lanes(first, last, false, body);
  x_.stop_streaming();
}

void NestLowering::border_and_interior(const Interior& interior, Value low, Value end, const Body& body) {
  const Value first = i64(Op::maximum, low, i64(Op::minimum, end, x_.scalar(interior.low)));
  const Value last = i64(Op::maximum, first, i64(Op::minimum, end, x_.scalar(interior.high)));
  at_border_ = true;
  over_sides(low, first, last, end, body);
  at_border_ = false;
  ++inside_;
  over_lanes(first, last, body);
  --inside_;
}

void NestLowering::over_sides(Value low, Value first, Value last, Value end, const Body& body) {
  const int loops_before = info_.loops;
  const Value zero = b_.constant(0), two = b_.constant(2), side = x_.open_for(zero, two, 1);
  const Value before = b_.compute(level(), Op::equal, DType::b1, {side, zero});
  const Value from = b_.compute(level(), Op::select, DType::i64, {before, low, last});
  const Value to = b_.compute(level(), Op::select, DType::i64, {before, first, end});
  lanes(from, to, true, body);
  x_.close_for();
  info_.loops = loops_before;  // the same loops again
}

void NestLowering::over_lanes(Value low, Value end, const Body& body, bool only_masked) {
  only_masked = only_masked || at_border_;  // borders are short
  const Value middle = only_masked ? low : end_of_vectors(low, end);
  if (!only_masked) lanes(low, middle, false, body);
  lanes(middle, end, true, body, !only_masked);
}

Value NestLowering::end_of_vectors(Value low, Value end) {
  const std::int64_t stride = std::int64_t{nest_.unroll} * x_.lanes();
  const Value span = i64(Op::subtract, end, low), whole = i64(Op::logical_and, span, b_.constant(-stride));
  return b_.add(level(), low, whole);
}

void NestLowering::lanes(Value from, Value to, bool masked, const Body& body, bool repeats) {
  const int parts = masked ? 1 : nest_.unroll;
  const Value base = x_.open_for(from, to, std::int64_t{parts} * x_.lanes());
  std::optional<Value> remaining;
  if (masked) remaining = i64(Op::subtract, to, base);
  x_.enter_lanes(*nest_.lane_axis, base, parts, remaining, repeats);
  body();
  x_.leave_lanes();
  x_.close_for();
}

ScratchState NestLowering::scratch_states(Expr e, Value low) {
  const auto scratch = [&](const std::string& name, DType dtype) {
    info_.buffers.push_back({name, dtype, true, {}, nest_.tile + nest_.unroll * x_.lanes()});
    return static_cast<loop::BufferId>(info_.buffers.size() - 1);
  };
  const bool indexed = ricci::info(e->as<Fold>()->reduction).results == Results::index;
  return {scratch("best", e->dtype), indexed ? scratch("index", x_.offset_dtype()) : 0, low};
}

void NestLowering::reduce_streams(Value low, Value end) {
  for (Expr e : nest_.streams) {
    const Fold& f = *e->as<Fold>();
    const ScratchState states = scratch_states(e, low);
    x_.clear_scratch(e, states, i64(Op::subtract, end, low));
    const Value extent = x_.extent_of(f.axes[0]);
    const Value first = x_.open_for(b_.constant(0), extent, planes_at_once);
    ++info_.loops;
    const Value last = i64(Op::minimum, b_.add(level(), first, b_.constant(planes_at_once)), extent);
    x_.limit(f.axes[0], first, last);
    // What follows in a nest over tables is long code already: masks cost less there than a second body takes to compile.
    over_lanes(low, end, [&] { x_.reduce_into_scratch(e, states); }, nest_.tables && x_.has_mask_registers());
    x_.unlimit(f.axes[0]);
    x_.close_for();
    x_.take_from_scratch(e, states);
  }
}

}  // namespace ricci::jit
