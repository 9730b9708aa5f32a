// Loops over lanes: whole vectors and masked ones, at borders, past the caches, and plane by plane.
#include <algorithm>

#include "ir/functions.hpp"
#include "lower/nest_lowering.hpp"
#include "schedule/kept.hpp"
#include "schedule/planes.hpp"
#include "schedule/streaming.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Planes of memory that reductions across planes read side by side. Planes are often a power of two apart, so that
/// the same place in each falls into one set of the caches; most have 8 ways, and one is left for everything else
/// (measured: 8 planes take 1.4 times as long as 7).
constexpr std::int64_t planes_at_once = 7;

constexpr std::int64_t page_bytes = 4096;
/// So many elements of a border take less time one by one than a vector of more lanes, with its masks.
constexpr int few_of_border = 16;

/// Vectors per step of such a reduction: two lines, if the registers hold their states. What a step computes for a
/// plane serves all of them, more of memory is within the processor's window, and functions hide each other's latency.
/// (With one line softmax over axis 1 took 1.15 times as long, and a sum down columns in the second-level cache 1.3
/// times.)
int vectors_per_step(const Fold& f, int lanes) {
  const int of_line = std::max(1, 64 / lanes / static_cast<int>(size_of(f.body->dtype)));
  return std::max(of_line, std::min(2 * of_line, has_function(f.body) ? 2 : 4));
}

/// Vectors per step where rows that data choose are reduced: twice as many, up to four lines. To find such a row, and
/// the later one that is fetched, takes longer than to add it. (With two lines sums of 20 rows of 64 numbers took 1.1
/// times as long on a Zen 4.)
int vectors_of_rows(const Fold& f, int lanes, int few) {
  const bool indexed = ricci::info(f.reduction).results == Results::index;
  const bool fit = 2 * few * lanes * static_cast<int>(size_of(f.body->dtype)) <= 4 * 64;
  return fit && !indexed && !has_function(f.body) ? 2 * few : few;
}

/// Whether what reductions over planes find chooses where something else is read, which takes longer than masks do.
bool chooses_places(const Nest& nest) {
  return std::ranges::any_of(nodes(nest.values), [&](Expr e) {
    const Read* read = e->as<Read>();
    return read && std::ranges::any_of(nodes(read->subscripts),
                                       [&](Expr inner) { return std::ranges::count(nest.streams, inner) > 0; });
  });
}

}  // namespace

void NestLowering::stream_over_lanes(Value low, Value end, const Body& body) {
  std::vector<const Statement*> streaming;
  for (std::size_t i : nest_.statements)
    if (std::ranges::count(nest_.streaming, program_.statements[i].target) > 0)
      streaming.push_back(&program_.statements[i]);
  if (streaming.empty() || at_border_) return over_lanes(low, end, nest_.unroll, body, is_brief());
  const auto fetch_and_body = [&] {
    for (Expr e : nest_.next)
      if (x_.lane_loop()->masks.empty()) x_.fetch_next(*e->as<Read>(), axis_of_rows(nest_), is_backwards());
    body();
  };
  // States are in scratch, from `low` on and no longer right behind the end; or lanes begin where rows do.
  if (nest_.in_order || nest_.spreads) {
    x_.start_aligned_streaming(streaming, *nest_.lane_axis, low, end);
    over_lanes(low, end, nest_.unroll, fetch_and_body);
    return x_.stop_streaming();
  }
  const Value first = x_.start_streaming(streaming, *nest_.lane_axis, low, end);
  const Value vectors = end_of_vectors(first, end, nest_.unroll), last = end_of_places(first, vectors);
  over_sides(low, first, last, end, body);
  if (nest_.places == 1)
    lanes(first, last, nest_.unroll, fetch_and_body);
  else
    lanes_at_places(first, last, body);
  x_.stop_streaming();
}

bool NestLowering::is_brief() const {
  if (nest_.unroll > 1 || !x_.has_mask_registers()) return false;
  const auto merges = [&](Expr e) {
    const Fold* fold = e->as<Fold>();
    return fold && std::ranges::any_of(fold->axes, [&](AxisId axis) { return program_.axes[axis].tables; });
  };
  return !nest_.streams.empty() || std::ranges::any_of(nodes(nest_.values), merges);
}

bool NestLowering::is_backwards() const {
  return !nest_.scans.empty() && scan_of(*nest_.scans[0]->as<Fold>())->backwards;
}

Value NestLowering::end_of_places(Value first, Value last) {
  if (nest_.places == 1) return last;
  const auto bytes = static_cast<std::int64_t>(size_of(program_.tensors[nest_.streaming[0]].dtype));
  const Value places = b_.constant(nest_.places), step = b_.constant(nest_.unroll / nest_.places * x_.lanes());
  const Value length = i64(Op::subtract, last, first), apart = b_.divide(level(), Op::floor_divide, length, places);
  const Value in_page = i64(Op::logical_and, apart, b_.constant(page_bytes / bytes - 1));
  const Value whole_pages = b_.compute(level(), Op::equal, DType::b1, {in_page, b_.constant(0)});
  const Value before = i64(Op::subtract, apart, step), shorter = i64(Op::maximum, before, b_.constant(0));
  const Value wanted = b_.compute(level(), Op::select, DType::i64, {whole_pages, shorter, apart});
  return b_.add(level(), first, b_.multiply(level(), wanted, places));
}

void NestLowering::lanes_at_places(Value first, Value last, const Body& body) {
  const Value length = i64(Op::subtract, last, first), places = b_.constant(nest_.places);
  const Value apart = b_.divide(level(), Op::floor_divide, length, places);
  const Value end = b_.add(level(), first, apart);
  const std::int64_t vectors = nest_.unroll / nest_.places;
  std::vector<Value> distances;
  for (std::int64_t place = 0; place < nest_.places; ++place)
    for (std::int64_t v = 0; v < vectors; ++v) {
      const Value start = b_.multiply(level(), apart, b_.constant(place));
      distances.push_back(b_.add(level(), start, b_.constant(v * x_.lanes())));
    }
  const Value base = x_.open_for(first, end, vectors * x_.lanes());
  x_.enter_lanes(*nest_.lane_axis, base, nest_.unroll, std::nullopt, true);
  x_.spread_lanes(std::move(distances));
  body();
  x_.leave_lanes();
  x_.close_for();
}

void NestLowering::border_and_interior(const Interior& interior, Value low, Value end, const Body& body) {
  const Value first = i64(Op::maximum, low, i64(Op::minimum, end, x_.scalar(interior.low)));
  const Value last = i64(Op::maximum, first, i64(Op::minimum, end, x_.scalar(interior.high)));
  at_border_ = true;
  over_sides(low, first, last, end, body, interior.chooses);
  at_border_ = false;
  ++inside_;
  stream_over_lanes(first, last, body);
  --inside_;
}

bool NestLowering::goes_one_by_one() const {
  const bool needs_lanes = !nest_.streams.empty() || !nest_.short_rows.empty() || nest_.kept || nest_.tables;
  return nest_.lanes > few_of_border && !needs_lanes && !nest_.appends && !nest_.planes;
}

void NestLowering::over_sides(Value low, Value first, Value last, Value end, const Body& body, bool gathers) {
  const int loops_before = info_.loops;
  const Value zero = b_.constant(0), two = b_.constant(2), side = x_.open_for(zero, two, 1);
  const Value before = b_.compute(level(), Op::equal, DType::b1, {side, zero});
  Value from = b_.compute(level(), Op::select, DType::i64, {before, low, last});
  const Value to = b_.compute(level(), Op::select, DType::i64, {before, first, end});
  if (at_border_ && goes_one_by_one()) {
    Value stop = to;
    if (!gathers) {
      const Value length = i64(Op::subtract, to, from);
      const Value few = b_.compute(level(), Op::less_equal, DType::b1, {length, b_.constant(few_of_border)});
      stop = b_.compute(level(), Op::select, DType::i64, {few, to, from});
    }
    x_.bind(*nest_.lane_axis, x_.open_for(from, stop, 1));
    body();
    x_.close_for();
    from = stop;
  }
  if (!at_border_ || !goes_one_by_one() || !gathers) masked_lanes(from, to, body);
  x_.close_for();
  info_.loops = loops_before;  // the same loops again
}

void NestLowering::over_lanes(Value low, Value end, int vectors, const Body& body, bool only_masked) {
  if (only_masked || at_border_) return masked_lanes(low, end, body, false);  // borders are short
  const Value middle = end_of_vectors(low, end, vectors);
  lanes(low, middle, vectors, body);
  if (vectors == 1) return last_lanes(middle, end, body);
  masked_lanes(middle, end, body, true, std::int64_t{vectors} * x_.lanes());
}

void NestLowering::over_rows(Value low, Value end, int vectors, int few, const Body& body) {
  const Value middle = end_of_vectors(low, end, vectors);
  lanes(low, middle, vectors, body);
  over_lanes(middle, end, few, body);
}

void NestLowering::last_lanes(Value from, Value end, const Body& body) {
  const Value some = b_.compute(level(), Op::less, DType::b1, {from, end});
  x_.bind(*nest_.lane_axis, from);
  x_.where(some, *nest_.lane_axis, [&] {
    x_.enter_lanes(*nest_.lane_axis, from, 1, i64(Op::subtract, end, from), true, x_.lanes());
    body();
    x_.leave_lanes();
  });
}

Value NestLowering::end_of_vectors(Value low, Value end, int vectors) {
  const std::int64_t stride = std::int64_t{vectors} * x_.lanes();
  const Value span = i64(Op::subtract, end, low), whole = i64(Op::logical_and, span, b_.constant(-stride));
  return b_.add(level(), low, whole);
}

void NestLowering::lanes(Value from, Value to, int vectors, const Body& body) {
  const Value base = x_.open_for(from, to, std::int64_t{vectors} * x_.lanes());
  x_.enter_lanes(*nest_.lane_axis, base, vectors, std::nullopt, true);
  body();
  x_.leave_lanes();
  x_.close_for();
}

void NestLowering::masked_lanes(Value from, Value to, const Body& body, bool repeats, std::int64_t whole) {
  const Value base = x_.open_for(from, to, x_.lanes());
  const Value remaining = i64(Op::subtract, to, base);
  x_.enter_lanes(*nest_.lane_axis, base, 1, remaining, repeats, whole);
  body();
  x_.leave_lanes();
  x_.close_for();
}

bool NestLowering::masks_steps(int vectors) const {
  const int lanes = vectors * x_.lanes();
  // Tiles, for which there is scratch, end with whole steps; masks of 8 lanes have bits of their own (codegen.cpp).
  return x_.has_mask_registers() && vectors <= 2 && x_.lanes() >= 16 && lanes < 64 && nest_.tile % lanes == 0;
}

void NestLowering::masked_steps(Value from, Value to, int vectors, const Body& body) {
  const Value base = x_.open_for(from, to, std::int64_t{vectors} * x_.lanes());
  x_.enter_masked_step(*nest_.lane_axis, base, vectors, i64(Op::subtract, to, base));
  body();
  x_.leave_lanes();
  x_.close_for();
}

ScratchState NestLowering::scratch_states(Expr e, Value low, int vectors_of_start) {
  const std::int64_t start = nest_.tile + nest_.unroll * x_.lanes();
  const auto scratch = [&](const std::string& name, DType dtype) {
    info_.buffers.push_back({name, dtype, true, {}, start + vectors_of_start * x_.lanes()});
    return static_cast<loop::BufferId>(info_.buffers.size() - 1);
  };
  const bool indexed = ricci::info(e->as<Fold>()->reduction).results == Results::index;
  const loop::BufferId best = scratch("best", e->dtype), index = indexed ? scratch("index", x_.offset_dtype()) : 0;
  return {.best = best, .index = index, .low = low, .start = b_.constant(start)};
}

void NestLowering::fetch_planes(AxisId planes, Value first, Value last) {
  const Value zero = b_.constant(0), tile = b_.constant(nest_.tile), at_once = b_.constant(planes_at_once);
  const Value ends = b_.compute(level(), Op::equal, DType::b1, {last, x_.extent_of(planes)});
  const Value back = i64(Op::subtract, zero, first);
  const Value planes_ahead = b_.compute(level(), Op::select, DType::i64, {ends, back, at_once});
  const Value lanes_ahead = b_.compute(level(), Op::select, DType::i64, {ends, tile, zero});
  x_.fetch_planes(planes, planes_ahead, lanes_ahead);
}

void NestLowering::reduce_streams(Value low, Value end) {
  for (Expr e : nest_.streams) {
    const Fold& f = *e->as<Fold>();
    const bool at_once = reads_chosen_rows(program_, f);
    const int few = vectors_per_step(f, x_.lanes()), vectors = at_once ? vectors_of_rows(f, x_.lanes(), few) : few;
    const ScratchState states = scratch_states(e, low, at_once ? 0 : vectors);
    const auto reduce = [&](Value begun) {
      const auto body = [&] { x_.reduce_into_scratch(e, states, begun); };
      // What follows in a nest over tables is long code already: masks cost less there than a second body takes to
      // compile.
      if (nest_.tables && x_.has_mask_registers())
        masked_lanes(low, end, body, false);
      else if (chooses_places(nest_) && masks_steps(few))
        masked_steps(low, end, few, body);
      else if (vectors > few)
        over_rows(low, end, vectors, few, body);
      else
        over_lanes(low, end, vectors, body);
    };
    if (at_once) {
      reduce(loop::none);
    } else {
      x_.place_start(e, states, vectors);
      const Value extent = x_.extent_of(f.axes[0]), zero = b_.constant(0);
      // Once even where there is nothing: its results are the states of the start.
      const Value first = x_.open_for(zero, i64(Op::maximum, extent, b_.constant(1)), planes_at_once);
      ++info_.loops;
      const Value last = i64(Op::minimum, b_.add(level(), first, b_.constant(planes_at_once)), extent);
      x_.limit(f.axes[0], first, last);
      if (e == nest_.streams[0]) fetch_planes(f.axes[0], first, last);  // the others find their planes in the caches
      reduce(b_.compute(level(), Op::greater, DType::b1, {first, zero}));
      x_.unlimit(f.axes[0]);
      x_.close_for();
    }
    x_.take_from_scratch(e, states);
  }
}

}  // namespace ricci::jit
