#include "lower.hpp"

#include <algorithm>
#include <set>

#include "lower_nest.hpp"
#include "ricci/error.hpp"
#include "tables.hpp"
#include "work.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// Planes of memory that reductions across planes read side by side. Planes are often a power of two apart, so that
/// the same place in each falls into one set of the caches; most have 8 ways, and one is left for everything else
/// (measured: 8 planes take 1.4 times as long as 7).
constexpr std::int64_t planes_at_once = 7;

/// One phase: the loops of a nest around its statements.
class NestLowering {
 public:
  NestLowering(Program& program, const Specialisation& s, const Schedule& schedule, const Nest& nest, KernelInfo& info)
      : program_(program), nest_(nest), info_(info), x_(program, s, schedule, info), b_(x_.builder()) {}

  loop::Phase lower(std::string name) {
    if (nest_.in_order) x_.follow_steps(recurrence());
    if (nest_.kept) keep(*nest_.kept);
    PhaseInfo phase{.name = std::move(name), .trip = {}, .work = work_of(x_, program_, nest_), .items = {}};
    std::vector<TripFactor> factors;
    for (std::size_t k = 0; k < nest_.order.size() && k <= nest_.split && !nest_.serial; ++k)
      factors.push_back({b_.symbol_id(x_.extent_symbol(nest_.order[k])), block_of(k)});
    if (nest_.tables) {
      phase.trip = {{b_.symbol_id({Symbol::Kind::tables, {}}), 1}};
      phase.items = factors;
      over_tables(factors);
    } else {
      phase.trip = factors;
      over_items(b_.begin(), b_.end(), factors);
    }
    info_.phases.push_back(std::move(phase));
    return b_.finish();
  }

 private:
  void keep(const Kept& kept) {
    const Statement& s = program_.statements[nest_.statements[0]];
    const Expr reduced = axis(program_.graph, kept.fold->as<Fold>()->axes[0]);
    std::vector<Expr> subscripts = s.subscripts;
    for (Expr& e : subscripts) e = substitute(program_.graph, e, {{kept.along, reduced}});
    x_.keep(kept.fold, s.target, std::move(subscripts));
  }

  std::size_t level() const { return b_.level(); }
  Value i64(Op op, Value a, Value b) { return b_.compute(level(), op, DType::i64, {a, b}); }

  /// How many iterations of the loop order[k] are in an item.
  std::int64_t block_of(std::size_t k) const {
    if (nest_.transposed && nest_.order[k] == nest_.lane_axis) return nest_.transposed->rows;
    return k == nest_.split ? nest_.tile : has_rows(k) ? nest_.registers[0].block : 1;
  }
  bool has_rows(std::size_t k) const { return !nest_.registers.empty() && nest_.registers[0].rows == nest_.order[k]; }

  /// How many items the factors make: the same number that the launcher computes.
  std::vector<Value> counts(const std::vector<TripFactor>& factors) {
    std::vector<Value> result;
    for (std::size_t k = 0; k < factors.size(); ++k) {
      Value n = x_.extent_of(nest_.order[k]);
      if (factors[k].divisor > 1) {
        n = b_.add(0, n, b_.constant(factors[k].divisor - 1));
        n = b_.compute(0, Op::floor_divide, DType::i64, {n, b_.constant(factors[k].divisor)});
      }
      result.push_back(n);
    }
    return result;
  }

  /// for table: clear it, then run its share of the items. The shares depend on sizes only, so that the sums do too.
  void over_tables(const std::vector<TripFactor>& factors) {
    const Value table = x_.open_for(b_.begin(), b_.end(), 1);
    ++info_.loops;
    std::set<TensorId> cleared;
    for (std::size_t i : nest_.statements) {
      const Statement& s = program_.statements[i];
      x_.bind(program_.tensors[s.target].table[0], table);
      if (cleared.insert(s.target).second) clear(s, table);
    }
    Value items = b_.constant(1);
    for (Value count : counts(factors)) items = b_.multiply(0, items, count);
    const Value tables = b_.symbol({Symbol::Kind::tables, {}});
    const auto share = [&](Value t) { return i64(Op::floor_divide, b_.multiply(level(), t, items), tables); };
    const Value first = share(table), last = share(b_.add(level(), table, b_.constant(1)));
    over_items(first, last, factors);
    x_.close_for();
  }

  void clear(const Statement& s, Value table) {
    const TensorDecl& decl = program_.tensors[s.target];
    Value elements = b_.constant(1);
    for (std::size_t i = 1; i < decl.table.size(); ++i) elements = b_.multiply(0, elements, x_.table_extent(decl.table[i]));
    const Value first = b_.multiply(level(), table, elements);
    const Value neutral = b_.constant(identity(*s.update, decl.dtype), x_.lanes());
    const Value at = x_.open_for(b_.constant(0), elements, x_.lanes());
    const Value left = i64(Op::subtract, elements, at);
    const Value mask = b_.make({DType::b1, x_.lanes()});
    b_.add(level(), loop::LaneMask{mask, left});
    b_.add(level(), loop::Store{s.target, b_.add(level(), first, at), neutral, mask});
    x_.close_for();
  }

  /// for item in [begin, end): the indices of the item's loops are found once by division and then counted on.
  void over_items(Value begin, Value end, const std::vector<TripFactor>& factors) {
    const std::vector<Value> count = counts(factors);
    if (factors.size() <= 1) {
      const Value item = x_.open_for(begin, end, 1);
      if (factors.size() == 1) ++info_.loops;
      item_body(factors.empty() ? std::vector<Value>{} : std::vector<Value>{item});
      x_.close_for();
      return;
    }
    std::vector<loop::Carried> carried(factors.size());
    Value rest = begin;
    for (std::size_t k = factors.size(); k-- > 0;) {
      const Value index = k > 0 ? i64(Op::remainder, rest, count[k]) : rest;
      if (k > 0) rest = i64(Op::floor_divide, rest, count[k]);
      carried[k] = b_.carry(index);
    }
    std::vector<Value> index;
    for (const loop::Carried& c : carried) index.push_back(c.variable);
    x_.open_for(begin, end, 1, carried);
    info_.loops += static_cast<int>(factors.size());
    item_body(index);
    Value carry = b_.constant(1);
    std::vector<Value> next(factors.size());
    for (std::size_t k = factors.size(); k-- > 0;) {
      next[k] = b_.add(level(), index[k], carry);
      if (k == 0) break;
      const Value wraps = b_.compute(level(), Op::equal, DType::b1, {next[k], count[k]});
      next[k] = b_.compute(level(), Op::select, DType::i64, {wraps, b_.constant(0), next[k]});
      carry = b_.convert(level(), wraps, DType::i64);
    }
    x_.close_for(next);
  }

  void item_body(const std::vector<Value>& index) {
    if (index.empty()) return loops(0, b_.constant(0), std::nullopt);
    if (nest_.transposed) return transposed_tile(index);
    std::optional<std::pair<Value, Value>> rows;
    for (std::size_t k = 0; k < nest_.split; ++k)
      if (has_rows(k))
        rows = block(k, index[k]);
      else
        x_.bind(nest_.order[k], index[k]);
    const auto [low, high] = block(nest_.split, index[nest_.split]);
    if (!nest_.registers.empty()) return register_tiles(rows, low, high);
    if (!nest_.folds) return loops(nest_.split, low, high);
    x_.limit(nest_.order[nest_.split], low, high);
    --info_.loops;  // the loop of a tile is one with the loop over tiles
    statements();
  }

  /// The iterations of order[k] that are in an item.
  std::pair<Value, Value> block(std::size_t k, Value index) {
    const Value size = b_.constant(block_of(k)), low = b_.multiply(level(), index, size);
    const Value end = b_.add(level(), low, size);
    return {low, i64(Op::minimum, end, x_.extent_of(nest_.order[k]))};
  }

  /// An item of a nest with tiles in registers: one step of the lanes, masked where it reaches beyond `high`.
  void register_tiles(std::optional<std::pair<Value, Value>> rows, Value low, Value high) {
    x_.enter_lanes(*nest_.lane_axis, low, nest_.unroll, i64(Op::subtract, high, low));
    if (rows) {
      for (const RegisterTile& tile : nest_.registers) x_.reduce_tile(tile, rows->first, rows->second);
      x_.bind(nest_.registers[0].rows, x_.open_for(rows->first, rows->second, 1));
    } else {
      x_.reduce_in_blocks(nest_.registers);
    }
    loops(nest_.split + 1, b_.constant(0), std::nullopt);
    if (rows) x_.close_for();
    x_.leave_lanes();
  }

  /// A tile of the lane axis and the one after it, which are the last two.
  void transposed_tile(const std::vector<Value>& index) {
    for (std::size_t k = 0; k + 1 < nest_.split; ++k) x_.bind(nest_.order[k], index[k]);
    const auto side = [&](std::size_t k) {
      const auto [low, high] = block(k, index[k]);
      return TileSide{nest_.order[k], low, high, block_of(k)};
    };
    const TileSide rows = side(nest_.split - 1), columns = side(nest_.split);
    for (Expr e : nest_.transposed->reads) x_.transpose(e, rows, columns);
    --info_.loops;  // the loop of a tile is one with the loop over tiles
    x_.bind_loop(columns.axis, columns.low, columns.high, 1);
    stream_over_lanes(rows.low, rows.high, [&] { statements(); });
    x_.close_for();
  }

  /// The loops from order[k] on; the first of them over [low, high), or over all when there is no `high`.
  void loops(std::size_t k, Value low, std::optional<Value> high) {
    if (const Interior* next = next_interior(); next && is_bound(next->axis, k)) return branches(*next, k, low, high);
    if (k == nest_.order.size()) return innermost();
    const AxisId axis = nest_.order[k];
    const Value end = high ? *high : x_.extent_of(axis);
    if (nest_.lane_axis != axis) {
      if (axis == nest_.in_order) return in_order(k);
      // The loop of a tile is one with the loop over tiles.
      if (high) --info_.loops;
      x_.bind_loop(axis, low, end, 1);
      loops(k + 1, b_.constant(0), std::nullopt);
      x_.close_for();
      return;
    }
    if (high && !nest_.in_order) reduce_streams(low, end);
    if (high && (nest_.in_order || nest_.planes)) {
      tile_of_lanes_ = {low, end};
      return loops(k + 1, b_.constant(0), std::nullopt);
    }
    if (!high) ++info_.loops;
    const auto body = [&] { loops(k + 1, b_.constant(0), std::nullopt); };
    if (const Interior* next = next_interior(); next && next->axis == axis) return border_and_interior(*next, low, end, body);
    stream_over_lanes(low, end, body);
  }

  /// The lanes over [low, end), where whole vectors may be stored past the caches: from the start of a line on.
  template <class Body>
  void stream_over_lanes(Value low, Value end, const Body& body) {
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

  const Interior* next_interior() const {
    return at_border_ || inside_ == nest_.interiors.size() ? nullptr : &nest_.interiors[inside_];
  }
  bool is_bound(AxisId axis, std::size_t k) const {
    return std::find(nest_.order.begin(), nest_.order.begin() + static_cast<std::ptrdiff_t>(k), axis) !=
           nest_.order.begin() + static_cast<std::ptrdiff_t>(k);
  }

  /// The loops from order[k] on, twice: for the interior of an axis that is bound, and for its border.
  void branches(const Interior& interior, std::size_t k, Value low, std::optional<Value> high) {
    const Value at = x_.variable(interior.axis);
    const Value above = b_.compute(level(), Op::greater_equal, DType::b1, {at, x_.scalar(interior.low)});
    const Value below = b_.compute(level(), Op::less, DType::b1, {at, x_.scalar(interior.high)});
    const Value inside = b_.compute(level(), Op::logical_and, DType::b1, {above, below});
    const Value outside = b_.compute(level(), Op::logical_not, DType::b1, {inside});
    const int loops_before = info_.loops;
    at_border_ = true;
    x_.where(outside, interior.axis, [&] { loops(k, low, high); });
    at_border_ = false;
    info_.loops = loops_before;  // the same loops again
    ++inside_;
    x_.where(inside, interior.axis, [&] { loops(k, low, high); });
    --inside_;
  }

  /// The lanes over [low, end): a few of them on both sides of the interior, masked, then the interior.
  template <class Body>
  void border_and_interior(const Interior& interior, Value low, Value end, const Body& body) {
    const Value first = i64(Op::maximum, low, i64(Op::minimum, end, x_.scalar(interior.low)));
    const Value last = i64(Op::maximum, first, i64(Op::minimum, end, x_.scalar(interior.high)));
    at_border_ = true;
    over_sides(low, first, last, end, body);
    at_border_ = false;
    ++inside_;
    over_lanes(first, last, body);
    --inside_;
  }

  /// Masked lanes over [low, first) and [last, end).
  template <class Body>
  void over_sides(Value low, Value first, Value last, Value end, const Body& body) {
    const int loops_before = info_.loops;
    const Value zero = b_.constant(0), two = b_.constant(2), side = x_.open_for(zero, two, 1);
    const Value before = b_.compute(level(), Op::equal, DType::b1, {side, zero});
    const Value from = b_.compute(level(), Op::select, DType::i64, {before, low, last});
    const Value to = b_.compute(level(), Op::select, DType::i64, {before, first, end});
    lanes(from, to, true, body);
    x_.close_for();
    info_.loops = loops_before;  // the same loops again
  }

  /// Whole vectors over [low, end), then one masked vector at a time. `body` is lowered for both, or for the masked ones
  /// only.
  template <class Body>
  void over_lanes(Value low, Value end, const Body& body, bool only_masked = false) {
    only_masked = only_masked || at_border_;  // borders are short
    const Value middle = only_masked ? low : end_of_vectors(low, end);
    if (!only_masked) lanes(low, middle, false, body);
    lanes(middle, end, true, body);
  }

  /// The end of the whole steps from `low` on.
  Value end_of_vectors(Value low, Value end) {
    const std::int64_t stride = std::int64_t{nest_.unroll} * x_.lanes();
    const Value span = i64(Op::subtract, end, low), whole = i64(Op::logical_and, span, b_.constant(-stride));
    return b_.add(level(), low, whole);
  }

  /// One loop over lanes: whole steps, or a masked vector at a time.
  template <class Body>
  void lanes(Value from, Value to, bool masked, const Body& body) {
    const int parts = masked ? 1 : nest_.unroll;
    const Value base = x_.open_for(from, to, std::int64_t{parts} * x_.lanes());
    std::optional<Value> remaining;
    if (masked) remaining = i64(Op::subtract, to, base);
    x_.enter_lanes(*nest_.lane_axis, base, parts, remaining);
    body();
    x_.leave_lanes();
    x_.close_for();
  }

  /// Room for the states of a reduction in a tile of lanes from `low` on.
  ScratchState scratch_states(Expr e, Value low) {
    const auto scratch = [&](const std::string& name, DType dtype) {
      info_.buffers.push_back({name, dtype, true, {}, nest_.tile + nest_.unroll * x_.lanes()});
      return static_cast<loop::BufferId>(info_.buffers.size() - 1);
    };
    const bool indexed = ricci::info(e->as<Fold>()->reduction).results == Results::index;
    return {scratch("best", e->dtype), indexed ? scratch("index", x_.offset_dtype()) : 0, low};
  }

  /// Reductions across many planes of memory, over a whole tile before anything else: a few planes at a time from end to
  /// end of the tile, with the states in scratch between. Reading all planes for one vector at a time would keep more
  /// streams going than the processor's prefetchers follow and its cache sets hold.
  void reduce_streams(Value low, Value end) {
    for (Expr e : nest_.streams) {
      const Fold& f = *e->as<Fold>();
      const ScratchState states = scratch_states(e, low);
      x_.clear_scratch(e, states, i64(Op::subtract, end, low));
      const Value extent = x_.extent_of(f.axes[0]);
      const Value first = x_.open_for(b_.constant(0), extent, planes_at_once);
      ++info_.loops;
      const Value last = i64(Op::minimum, b_.add(level(), first, b_.constant(planes_at_once)), extent);
      x_.limit(f.axes[0], first, last);
      // What follows in a nest over tables is long code already: masks here cost less than a second body.
      over_lanes(low, end, [&] { x_.reduce_into_scratch(e, states); }, nest_.tables);
      x_.unlimit(f.axes[0]);
      x_.close_for();
      x_.take_from_scratch(e, states);
    }
  }

  /// What stands inside all loops but that of a tile of lanes: side by side, they go through steps or planes.
  void innermost() {
    if (!tile_of_lanes_) return statements();
    const auto [low, high] = *tile_of_lanes_;
    over_lanes(low, high, [&] {
      for (const auto& [e, states] : scans_) x_.advance_in_scratch(e, states);
      statements();
    });
  }

  /// The loop of the axis in order, order[k]. Without a loop inside it carries what its scans need; for a tile of lanes
  /// they keep that in scratch.
  void in_order(std::size_t k) {
    const AxisId axis = nest_.order[k];
    if (k + 1 == nest_.order.size() && !tile_of_lanes_) {
      x_.open_steps(recurrence(), nest_.scans);
      statements();
      return x_.close_steps(recurrence());
    }
    scans_.clear();
    for (Expr e : nest_.scans) {
      const auto [low, high] = *tile_of_lanes_;
      scans_.emplace_back(e, scratch_states(e, low));
      x_.clear_scratch(e, scans_.back().second, i64(Op::subtract, high, low));
    }
    x_.bind_steps(axis, !nest_.scans.empty() && scan_of(*nest_.scans[0]->as<Fold>())->backwards);
    steps(k + 1);
    x_.close_for();
  }

  const Statement& recurrence() const { return program_.statements[nest_.statements.front()]; }

  /// One step of a recurrence. With a stage, first all its values go there, then from there to the target; the
  /// specialisation may have left a step without loops of its own, which needs none.
  void steps(std::size_t inner) {
    const Statement& s = recurrence();
    if (!s.stage || inner == nest_.order.size()) return loops(inner, b_.constant(0), std::nullopt);
    for (const Statement& part : by_way_of_stage(program_, s)) {
      part_of_step_ = &part;
      loops(inner, b_.constant(0), std::nullopt);
    }
    part_of_step_ = nullptr;
  }

  void statements() {
    if (part_of_step_) return statement(*part_of_step_, part_of_step_->value);
    if (inside_ > 0) {
      for (const Statement& s : nest_.interiors[inside_ - 1].statements) statement(s, s.value);
      return;
    }
    for (std::size_t k = 0; k < nest_.statements.size(); ++k)
      statement(program_.statements[nest_.statements[k]], nest_.values[k]);
  }

  void statement(const Statement& s, Expr value) {
    return nest_.sorts ? lower_sort_row(x_, program_, s) : lower_statement(x_, program_, s, value);
  }

  Program& program_;
  const Nest& nest_;
  KernelInfo& info_;
  ExpressionLowering x_;
  PhaseBuilder& b_;
  std::optional<std::pair<Value, Value>> tile_of_lanes_;  // that runs inside of all other loops
  const Statement* part_of_step_ = nullptr;
  std::size_t inside_ = 0;  // how many interiors the loops are in
  bool at_border_ = false;  // of the next one: no more of them are looked at
  std::vector<std::pair<Expr, ScratchState>> scans_;  // whose states are in scratch
};

/// Accesses with a computed subscript that need no check.
int count_proved(const Program& program) {
  int proved = 0;
  const auto computed = [](const std::vector<Expr>& subscripts) {
    return !std::ranges::all_of(subscripts, [](Expr e) { return e->as<Axis>() || e->as<Const>(); });
  };
  std::vector<Expr> roots;
  for (const Statement& s : program.statements) {
    for (Expr e : expressions(s)) roots.push_back(e);
    proved += s.policy == Policy::assume_inside && computed(s.subscripts);
  }
  for (Expr e : nodes(std::move(roots))) {
    const Read* read = e->as<Read>();
    proved += read && read->policy == Policy::assume_inside && computed(read->subscripts);
  }
  return proved;
}

}  // namespace

std::vector<std::uint32_t> work_of(ExpressionLowering& x, const Program& program, const Nest& nest) {
  std::vector<std::uint32_t> symbols;
  for (AxisId axis : deepest_loops(program, nest)) symbols.push_back(x.builder().symbol_id(x.extent_symbol(axis)));
  return symbols;
}

loop::Kernel lower(Program& program, const Specialisation& s, const Schedule& schedule) {
  loop::Kernel kernel;
  kernel.disjoint = s.disjoint;
  kernel.info.proved = count_proved(program);
  const auto symbol_id = [&](const Symbol& symbol) {
    const auto it = std::ranges::find(kernel.info.symbols, symbol);
    if (it != kernel.info.symbols.end()) return static_cast<std::uint32_t>(it - kernel.info.symbols.begin());
    kernel.info.symbols.push_back(symbol);
    return static_cast<std::uint32_t>(kernel.info.symbols.size() - 1);
  };
  for (TensorId t = 0; t < program.tensors.size(); ++t) {
    const TensorDecl& decl = program.tensors[t];
    BufferInfo buffer{decl.name, decl.dtype, false, {}};
    buffer.writable =
        std::ranges::any_of(program.statements, [&](const Statement& st) { return st.target == t || st.stage == t; });
    for (AxisId axis : decl.table)
      buffer.extents.push_back(symbol_id(program.axes[axis].tables ? Symbol{Symbol::Kind::tables, {}}
                                                                   : Symbol{Symbol::Kind::extent, {axis}}));
    kernel.info.buffers.push_back(std::move(buffer));
  }
  for (const Nest& nest : schedule.nests) {
    std::string name = "phase" + std::to_string(kernel.phases.size());
    if (nest.appends) {
      kernel.phases.push_back(lower_append(program, s, schedule, nest, kernel.info, std::move(name)));
      continue;
    }
    NestLowering lowering(program, s, schedule, nest, kernel.info);
    kernel.phases.push_back(lowering.lower(std::move(name)));
  }
  return kernel;
}

}  // namespace ricci::jit
