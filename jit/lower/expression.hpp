#pragma once
// Lowering of expressions inside the loops that are open: the middle of lower.cpp, shared by its parts.
#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "ir/affine.hpp"
#include "lower/phase_builder.hpp"
#include "lower/places.hpp"
#include "lower/reduction_state.hpp"
#include "rewrite/in_order.hpp"
#include "rewrite/scan.hpp"
#include "schedule/packed_rows.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Whether this reduction may leave out what cannot change its result any more: `any` and `all` of what cannot fail.
bool ends_early(const ir::Program&, const ir::Fold&);
/// Whether the lanes of a reduction along `lane` keep the index of lane 0, and add their own distance in the end. Where
/// it is not 0, 1, 2, ... or starts high, an index of a lane that has not won could grow beyond its type.
bool shares_index(const ir::Fold&, ir::AxisId lane);

/// The elements from one private table of this tensor to the next, where lanes take several in turn.
Symbol pitch_of(const ir::TensorDecl&);

class ExpressionLowering {
 public:
  ExpressionLowering(ir::Program&, const Specialisation&, const Schedule&, const Nest&, KernelInfo&);

  PhaseBuilder& builder() { return builder_; }
  int lanes() const { return nest_.lanes; }
  bool has_mask_registers() const { return schedule_.mask_registers; }
  const std::optional<LaneLoop>& lane_loop() const { return lane_; }

  // Loops. An axis is bound at the innermost level.
  loop::Value open_for(loop::Value begin, loop::Value end, std::int64_t step, std::vector<loop::Carried> carried = {});
  std::vector<loop::Value> close_for(const std::vector<loop::Value>& next = {}, loop::Value until = loop::none);
  void bind(ir::AxisId axis, loop::Value variable) { bound_[axis] = {variable, builder_.level()}; }
  /// Runs `body` where the scalar b1 `condition` is true, with `axis` bound anew: what depends on it stays inside.
  template <class Body>
  void where(loop::Value condition, ir::AxisId axis, const Body& body) {
    const Binding outside = bound_.at(axis);
    known_.emplace_back();
    builder_.open_if(condition);
    bind(axis, outside.variable);
    body();
    bound_[axis] = outside;
    known_.pop_back();
    builder_.close_if();
  }
  /// The same with all axes bound as they are: what stands in `body` must not be needed behind it.
  template <class Body>
  void under(loop::Value condition, const Body& body) {
    known_.emplace_back();
    builder_.open_if(condition);
    body();
    known_.pop_back();
    builder_.close_if();
  }
  loop::Value variable(ir::AxisId axis) const { return bound_.at(axis).variable; }
  /// Opens the loop of one axis, counted as such.
  void bind_loop(ir::AxisId, loop::Value begin, loop::Value end, std::int64_t step,
                 std::vector<loop::Carried> carried = {});
  /// Makes the innermost loop the lane loop over `axis`; with `remaining` (i64, elements from base on) lanes beyond
  /// it are masked, which `repeats` the loops of whole steps. They are what is left of `whole` elements (0: or more).
  void enter_lanes(ir::AxisId axis, loop::Value base, int parts, std::optional<loop::Value> remaining,
                   bool repeats = true, std::int64_t whole = 0);
  /// The same for a step of one or two vectors, all of whose loops have masks: one mask is made and cut in two.
  void enter_masked_step(ir::AxisId axis, loop::Value base, int parts, loop::Value remaining);
  void leave_lanes() { lane_.reset(); }
  /// From now on, the parts of the lane loop are so far from its base. All accesses along the lanes are contiguous.
  void spread_lanes(std::vector<loop::Value> distances) { lane_->distances = std::move(distances); }
  /// From the base of the lane loop to this part of it.
  loop::Value distance(std::size_t part) {
    return lane_->distances.empty() ? builder_.constant(static_cast<std::int64_t>(part) * lanes())
                                    : lane_->distances[part];
  }

  /// From now on, what reads the target of this recurrence is computed inside the loop of its axis in order.
  void follow_steps(const ir::Statement&);

  /// From now on, reductions over `axis` run over [low, high) only, inside the innermost level.
  void limit(ir::AxisId axis, loop::Value low, loop::Value high) { limits_[axis] = {low, high, builder_.level()}; }
  /// What is read in these limits is fetched early so far away, along their axis and along the lanes.
  void fetch_planes(ir::AxisId axis, loop::Value planes, loop::Value lanes);

  /// From now on, reductions over the rows of these tiles are done in their blocks.
  void reduce_in_blocks(const std::vector<RegisterTile>& tiles) { tiles_ = tiles; }

  void unlimit(ir::AxisId axis) { limits_.erase(axis); }

  /// The state of a reduction that has seen nothing, to scratch for `count` lanes (and up to a vector more).
  void clear_scratch(ir::Expr fold, const ScratchState&, loop::Value count);
  /// The same behind the states, for a step of so many vectors.
  void place_start(ir::Expr fold, const ScratchState&, int vectors);
  /// In a lane loop: one more run of its body over the limited axis, from and to scratch. Until runs have `begun` (b1)
  /// it starts with what stands behind the states; if this is the only run (none), with what has seen nothing.
  void reduce_into_scratch(ir::Expr fold, const ScratchState&, loop::Value begun);
  /// From now on, its results in lane loops are what scratch holds.
  void take_from_scratch(ir::Expr fold, const ScratchState& states) { in_scratch_.insert_or_assign(fold, states); }

  /// In a lane loop: the reduction of a tile for its rows [low, high), to scratch, where its results then are. What the
  /// rows share is computed if `fresh` (b1; none: always). If the condition of `finish` holds (none: always), for which
  /// all lanes run or are masked, its statements take them from registers instead, for a few rows side by side.
  struct Finish {
    loop::Value condition = loop::none;
    std::function<void()> statements = {};
  };
  void reduce_tile(const RegisterTile&, loop::Value low, loop::Value high, loop::Value fresh, const Finish& finish);

  /// In the lane loops over [low, high) that follow, whole vectors of these statements may be stored past the caches.
  /// Returns where they should begin: where a line begins in the target of the first statement.
  loop::Value start_streaming(const std::vector<const ir::Statement*>&, ir::AxisId, loop::Value low, loop::Value high);
  /// The same without leaving out elements: they are, where lines begin at `low` in all targets.
  void start_aligned_streaming(const std::vector<const ir::Statement*>&, ir::AxisId, loop::Value low,
                               loop::Value high);
  void stop_streaming() { streaming_.clear(); }
  /// Whether they are (b1), or none.
  loop::Value streaming(ir::TensorId target) const;

  /// From now on, `count` iterations from `low` on run side by side, those from `high` on as the last one before it.
  void go_abreast(ir::AxisId, loop::Value low, loop::Value high, std::int64_t count);
  void leave_abreast() { rows_.reset(); }
  /// Calls `body(row)` for each of the rows, with their axis bound to it; once if there are none.
  template <class Body>
  void each_row(const Body& body) {
    if (!rows_) return body(std::size_t{0});
    const std::size_t before = rows_->current;
    for (std::size_t row = 0; row < rows_->variables.size(); ++row) {
      turn_to(row);
      body(row);
    }
    turn_to(before);
  }

  /// From now on, lanes that may meet in one element of a private table take the tables of their share in turn.
  void take_ways() { ways_ = true; }
  /// Where they may, the way of each lane as an offset into this table; else none.
  loop::Value way_offsets(ir::TensorId, DType);

  /// From now on, updates of this target in lane loops are only put into the queue.
  Queue& put_off(ir::TensorId target, Queue queue) { return queues_.insert_or_assign(target, queue).first->second; }
  /// The queue of a target, or null.
  Queue* queue(ir::TensorId target) {
    const auto it = queues_.find(target);
    return it == queues_.end() ? nullptr : &it->second;
  }
  void take_queues() { queues_.clear(); }

  /// From now on, accesses to these also fetch the rows of later iterations.
  void fetch_rows(const std::vector<RowsAhead>& ahead) { ahead_ = ahead; }

  /// In a lane loop: fetches the same lanes of the row after this one, or before it.
  void fetch_next(const ir::Read&, ir::AxisId rows, bool backwards);

  /// Fetches what this access will touch in a later iteration, if it is one of them (lower/ahead.cpp).
  void fetch_ahead(ir::TensorId, const std::vector<ir::Expr>& subscripts, std::size_t level);
  /// What the iteration `distance` further along these axes touches, `later` if only long rows are worth it.
  void fetch_row(ir::TensorId, const std::vector<ir::Expr>& subscripts, const std::vector<ir::AxisId>& axes,
                 std::int64_t distance, bool later, std::size_t level);

  /// Fetches what whole vectors of lanes a few elements apart will store to in a later iteration. (Without it, storing
  /// every second double of 8 MB took 1.5 times as long on a Cascade Lake, longer than one after the other: the
  /// processor does not see far enough ahead in stores alone.)
  void fetch_apart(ir::TensorId, const std::vector<ir::Expr>& subscripts, const Address&, std::size_t level);

  /// Copies a few `columns` of `all` of a read's tile, which is contiguous along them and affine along `rows`, to
  /// scratch. From now on it is loaded from there, in lanes along `rows`.
  void transpose(ir::Expr read, const TileSide& rows, const TileSide& columns, const TileSide& all,
                 bool alternate = true);
  /// The same of whole short rows, which reductions run through (short_rows.hpp).
  void transpose_rows(ir::Expr read, const TileSide& rows);
  /// In the loop over the few columns: fetches, for each of them, a share of what the tile of this read leaves to be
  /// fetched. Reading and writing are to take turns at the memory, which drops requests that come all at once.
  void fetch_beside(ir::Expr read, const TileSide& columns);
  /// The same to where a statement that only copies puts them.
  void copy_transposed(const ir::Statement&, const TileSide& rows, const TileSide& columns, const TileSide& all);

  /// Copies what the statement has stored at some rows and columns to where these are exchanged (lower/symmetric.cpp).
  void mirror(const ir::Statement&, const TileSide& rows, const TileSide& columns);

  /// From now on, a reduction also stores the values of its body, at these subscripts.
  void keep(const Kept& kept, ir::TensorId target, std::vector<ir::Expr> subscripts, ir::AxisId row) {
    keeping_ = Keeping{kept, target, std::move(subscripts), row};
  }
  /// The same at the position in a scratch buffer of so many elements.
  void keep_in_scratch(const Kept& kept, ir::TensorId target, ir::AxisId row, std::int64_t elements) {
    info_.buffers.push_back({"kept", program_.tensors[target].dtype, true, {}, elements});
    keeping_ = Keeping{kept, target, {}, row, static_cast<loop::BufferId>(info_.buffers.size() - 1)};
  }

  /// Opens the loop of a statement's axis in order, which holds no other loop. It carries the states of the scans along
  /// it, whose results are those of its iteration, and the element that was written last.
  void open_steps(const ir::Statement&, const std::vector<ir::Expr>& scans);
  void close_steps(const ir::Statement&);
  /// Opens the loop of an axis in order, which may run from its last position to the first.
  void bind_steps(ir::AxisId, bool backwards, std::vector<loop::Carried> carried = {});
  /// The same with lanes along the axis in order (lower/scan_lanes.cpp): the states before anything, then loops over
  /// blocks of positions, each in two halves around the statement. `to` and what lies beyond it is masked if `masked`.
  void start_blocks(const std::vector<ir::Expr>& scans);
  void open_blocks(const std::vector<ir::Expr>& scans, loop::Value from, loop::Value to, int parts, bool masked);
  void close_blocks();
  /// The same in a lane loop within that of the axis in order, from and to scratch.
  void advance_in_scratch(ir::Expr fold, const ScratchState&);

  const Lanes& value(ir::Expr);
  /// The value of an expression that does not depend on the lanes.
  loop::Value scalar(ir::Expr e) { return value(e).parts[0]; }
  /// The value in `dtype`, as one vector for each part of the lane loop; without one, as a scalar.
  std::vector<loop::Value> expanded(ir::Expr, DType);
  /// The extent of the axis' loop, which stands for several axes when it has swallowed some.
  loop::Value extent_of(ir::AxisId);
  /// The extent of one dimension of a table.
  loop::Value table_extent(ir::AxisId);
  Symbol extent_symbol(ir::AxisId) const;

  /// The extent and the stride of one axis of a tensor or table.
  loop::Value size(ir::TensorId, std::size_t axis);
  loop::Value stride(ir::TensorId, std::size_t axis);
  /// Computed no deeper than `level`, which must have all axes of the subscripts.
  DType offset_dtype() const { return s_.short_offsets ? DType::i32 : DType::i64; }
  Address address(ir::TensorId, const std::vector<ir::Expr>& subscripts, std::size_t level);
  /// The mask of part `part` of an access guarded by `guard` (null: always); loop::none when all lanes run.
  loop::Value mask(ir::Expr guard, bool vector, std::size_t part, std::size_t level);
  /// Checks for every subscript that is not an axis sized by the tensor itself.
  void check(ir::TensorId, const std::vector<ir::Expr>& subscripts, ir::Expr guard, const std::string& text);
  loop::Value load(std::size_t level, ir::TensorId, const Address&, std::size_t part, bool vector, loop::Value mask);

 private:
  using State = ReductionState;

  std::pair<ir::Expr, std::size_t> known_as(ir::Expr e) const {
    return {e, rows_ && ir::uses_axis(e, rows_->axis) ? rows_->current : 0};
  }

  void turn_to(std::size_t row) {
    rows_->current = row;
    bound_.at(rows_->axis).variable = rows_->variables[row];
  }

  std::size_t level_of(ir::Expr);
  bool in_lanes(ir::Expr e) const { return lane_ && ir::uses_axis(e, lane_->axis); }
  bool is_short(ir::Expr) const;
  DType lane_dtype(ir::Expr) const;

  Lanes compute(ir::Expr);
  Lanes axis_value(ir::Expr, ir::AxisId);
  Lanes apply(ir::Expr, const ir::Apply&);
  Lanes read(ir::Expr, const ir::Read&);
  std::vector<loop::Value> expand(ir::Expr, const Lanes&, DType, bool vector);

  bool check_ends(ir::TensorId, std::size_t axis, ir::Expr subscript, ir::Expr guard, std::uint32_t number,
                  std::size_t inside);

  // lower/fold.cpp
  Limit range_of(const ir::Fold&, std::size_t k);
  loop::Value first_index(const ir::Fold&);
  void fold(ir::Expr);
  State start(const ir::Fold&, DType, int parts, int lanes, bool indexed);
  State reduce_loops(const ir::Fold&, std::vector<std::size_t> loops, std::size_t depth, State);
  std::pair<loop::Value, loop::Value> block_of_flag(const ir::Fold&, std::size_t lane, loop::Value low,
                                                    loop::Value high, int parts);
  State reduce_lanes(const ir::Fold&, std::size_t lane, std::vector<std::size_t> outer, std::size_t depth, State);
  State reduce_steps(const ir::Fold&, ir::AxisId lane, loop::Value from, loop::Value to, State, bool masked = false);
  /// The type in which lanes count the steps of a reduction, where an index would take several registers for each of
  /// elements.
  std::optional<DType> type_of_steps(const ir::Fold&, ir::AxisId lane) const;
  State reduce_counting(const ir::Fold&, std::size_t lane, DType counter, State);
  State reduce_rest(const ir::Fold&, ir::AxisId lane, loop::Value middle, loop::Value high, State);
  std::pair<std::vector<loop::Carried>, State> carry_all(const State&);
  loop::Value is_decided(const ir::Fold&, const State&);
  State step(const ir::Fold&, State);
  State count_lanes(ir::Expr condition, State);
  bool tracks_numbers(const ir::Fold&, const State& empty, ir::AxisId lane) const;
  /// Fetches what the lines hold of so many vectors from element `first` on.
  void fetch_lines(std::size_t level, ir::TensorId, loop::Value first, int vectors, bool later = false);
  void fetch_next_row();
  void fetch_next_lanes();
  void fetch_planes(const ir::Fold&);
  void fetch_for_updates(const ir::Read&, const Address&, std::size_t level);
  loop::Value place_of_kept(ir::AxisId along, std::size_t part, std::size_t level);
  Lanes take_kept(ir::Expr, ir::AxisId along);
  void store_kept(const std::vector<loop::Value>& values, ir::AxisId along);
  loop::Value index_of(const ir::Fold&, std::optional<ir::AxisId> lane, loop::Value lane_base);
  loop::Value shared_index(const ir::Fold&, ir::AxisId lane, loop::Value base, DType);
  loop::Value lane_indices(const ir::Fold&, DType);
  State merge(const ir::Fold&, std::size_t level, const State& a, const State& b);
  loop::Value beats(const ir::Fold&, std::size_t level, loop::Value challenger, loop::Value champion,
                    loop::Value champion_is_number = loop::none);
  loop::Value comes_first(std::size_t level, loop::Value challenger, loop::Value champion, loop::Value index,
                          loop::Value champion_index);
  loop::Value ties(std::size_t level, loop::Value a, loop::Value b);
  using Join = std::function<loop::Value(DType, loop::Value, loop::Value)>;
  loop::Value halves(std::size_t level, std::vector<loop::Value> parts, const Join& join);
  loop::Value of_flags(std::size_t level, const std::vector<loop::Value>& parts, bool all);
  State in_one(const ir::Fold&, std::size_t level, const State&);
  State earliest(const ir::Fold&, std::size_t level, const State&, loop::Value first);
  State with_own_indices(std::size_t level, State);
  loop::Value scratch_offset(const ScratchState&, std::size_t level);
  State load_scratch(ir::Expr fold, const ScratchState&, std::size_t level, loop::Value at);
  State load_scratch(ir::Expr fold, const ScratchState&);
  void store_scratch(const State&, const ScratchState&, loop::Value at);
  void store_scratch(const State&, const ScratchState&);
  void remember(ir::Expr fold, const State&, bool vector, std::size_t level);

  // lower/tile.cpp
  loop::BufferId scratch_for(std::string name, DType, std::int64_t steps);
  std::int64_t step_of_lanes() const { return std::int64_t{std::max(lane_->parts, lane_->steps_of)} * lanes(); }
  Piece open_pieces(const RegisterTile&);
  Piece in_one(const ir::Fold&, const Piece&);
  std::pair<std::vector<loop::Value>, std::vector<loop::Value>> open_piece(const ir::Fold&, const Piece&,
                                                                          std::size_t count,
                                                                          std::vector<loop::Value>);
  std::vector<loop::Value> close_piece(std::size_t count, std::vector<loop::Value> next);
  void stage(const RegisterTile&, const Stages&, const Piece&);
  void stage_transposed(const RegisterTile&, ir::Expr read, const Stage&, const Piece&);
  Lanes take_staged(ir::Expr, const Stage&);
  /// Fetches what iterations a few further on read for all rows.
  void fetch_shared(const RegisterTile&, const std::vector<ir::Expr>& parts);
  /// Fetches what the next rows read in this iteration.
  void fetch_next_rows(const RegisterTile&, const ir::Fold&);
  loop::Value cut_rows(const RegisterTile&, loop::Value low, loop::Value high);
  void reduce_rows(const RegisterTile&, const ScratchState&, loop::Value from, loop::Value to, int height, const Piece&,
                   const Finish&);
  std::vector<RegisterTile> tiles_in(const ir::Fold&) const;
  State reduce_blocks(const ir::Fold&, const std::vector<RegisterTile>&, State);

  friend class SlenderLowering;
  void reduce_slender(const RegisterTile&, loop::Value low, loop::Value high);
  State add_groups(ir::Expr fold, const ScratchState&);

  // lower/streaming.cpp
  loop::Value to_line(const ir::Statement&, ir::AxisId, loop::Value low);

  // lower/abreast.cpp
  /// How many rows the states of this reduction are of.
  std::size_t rows_of(const ir::Fold&) const;
  State of_row(const State& rows, std::size_t row);
  /// Applies `next` to the state of each row, if it is one of `several`, one after another.
  template <class Next>
  State by_row(const State& rows, bool several, const Next& next) {
    if (!several) return next(rows);
    State all;
    each_row([&](std::size_t row) { all.append(next(of_row(rows, row))); });
    return all;
  }
  State step_of_rows(const ir::Fold&, const State&);
  State reduce_abreast(const ir::Fold&, const State&);

  // lower/transposed.cpp
  loop::Value step_along(ir::TensorId, const std::vector<ir::Expr>& subscripts, ir::AxisId);
  loop::Transpose tile_of(const ir::Read&, const TileSide& rows, const TileSide& columns, const TileSide& all);
  Lanes take_transposed(ir::Expr, const TransposedTile&);

  // lower/packed_rows.cpp
  Lanes take_spread(ir::Expr, const Spread&);

  // lower/scan.cpp
  State start_scan(ir::Expr fold, int parts, int lanes);
  State advance(ir::Expr fold, State);
  void limit_to_news(const ir::Fold&, const Scan&);

  // lower/scan_lanes.cpp
  std::vector<loop::Value> elements_of_block(ir::Expr scan);
  std::vector<loop::Value> moved(const std::vector<loop::Value>&, int distance, loop::Value neutral, bool backwards);
  std::vector<loop::Value> running(ir::Expr scan, std::vector<loop::Value>, loop::Value neutral);
  loop::Value at_end(loop::Value vector, bool backwards);

  ir::Program& program_;
  const Specialisation& s_;
  const Schedule& schedule_;
  const Nest& nest_;
  KernelInfo& info_;
  PhaseBuilder builder_;
  std::vector<Known> known_;  // by level
  std::unordered_map<ir::AxisId, Binding> bound_;
  std::unordered_map<ir::AxisId, Limit> limits_;
  std::set<ir::AxisId> ranged_;  // of reductions over ranges and of interiors: they may be empty
  std::unordered_map<ir::Expr, ScratchState> in_scratch_;
  Stages staged_;
  std::unordered_map<ir::Expr, TransposedTile> transposed_;
  std::unordered_map<ir::TensorId, loop::Value> streaming_;
  std::unordered_map<ir::TensorId, Queue> queues_;
  std::vector<RowsAhead> ahead_;
  std::optional<LaneLoop> lane_;
  bool ways_ = false;
  std::optional<Keeping> keeping_;
  std::optional<Rows> rows_;
  std::vector<RegisterTile> tiles_;  // whose rows are the axis of a reduction around them
  Feedback feedback_;
  std::optional<ir::AxisId> in_order_;
  std::vector<loop::Value> next_states_;  // of the scans whose loop is open
  std::size_t carries_elements_ = 0;      // for how many reads
};

}  // namespace ricci::jit
