#pragma once
// The loops of a nest around its statements. Items: lower/items.cpp. The loops inside one, with their interiors:
// lower/loops.cpp. Lanes: lower/lanes.cpp, lower/periods.cpp.
#include <functional>

#include "lower/nest.hpp"

namespace ricci::jit {

class NestLowering {
 public:
  NestLowering(ir::Program& program, const Specialisation& s, const Schedule& schedule, const Nest& nest,
               KernelInfo& info)
      : program_(program), nest_(nest), info_(info), x_(program, s, schedule, nest, info), b_(x_.builder()) {}

  /// The phase that runs any range of the nest's items.
  loop::Phase lower(std::string name);

 private:
  using Body = std::function<void()>;

  std::size_t level() const { return b_.level(); }
  loop::Value i64(Op op, loop::Value a, loop::Value b) { return b_.compute(level(), op, DType::i64, {a, b}); }
  /// The only statement of a nest in order.
  const ir::Statement& recurrence() const { return program_.statements[nest_.statements.front()]; }
  void keep(const Kept&);

  // Items (lower/items.cpp).

  /// How many iterations of the loop order[k] are in an item.
  std::int64_t block_of(std::size_t k) const;
  bool has_rows(std::size_t k) const { return !nest_.registers.empty() && nest_.registers[0].rows == nest_.order[k]; }
  /// How many items the factors make: the same number that the launcher computes.
  std::vector<loop::Value> counts(const std::vector<TripFactor>&);
  /// for share: clear its tables, then run its part of the items. Shares depend on sizes only, so that the sums do too.
  void over_tables(const std::vector<TripFactor>&);
  void clear(const ir::Statement&, loop::Value table, loop::Value tables);
  /// for item in [begin, end): the indices of the item's loops are found once by division and then counted on.
  void over_items(loop::Value begin, loop::Value end, const std::vector<TripFactor>&);
  /// The same where items that follow each other make tiles.
  void over_tiles(loop::Value begin, loop::Value end);
  /// The items of a nest that sorts, which are rows: those of [begin, end) that are neighbours are sorted together.
  void over_rows(const std::vector<TripFactor>&);
  void item_body(const std::vector<loop::Value>& index);
  /// Whether no further item changes what the nest accumulates (scalar b1); none where all must be looked at.
  loop::Value is_decided();
  /// The iterations of order[k] that are in an item.
  std::pair<loop::Value, loop::Value> block(std::size_t k, loop::Value index);
  /// An item of a nest with tiles in registers: one step of the lanes, masked where it reaches beyond `high`.
  void register_tiles(std::optional<std::pair<loop::Value, loop::Value>> rows, loop::Value low, loop::Value high);
  /// The same where the result is symmetric, for the step of the lanes that has this number from the end: of the rows
  /// those to the diagonal, mirrored (lower/symmetric.cpp).
  void symmetric_tiles(std::pair<loop::Value, loop::Value> rows, loop::Value index);
  /// A tile of the lane axis and the one after it, which are the last two.
  void transposed_tile(const std::vector<loop::Value>& index);

  // Loops (lower/loops.cpp).

  /// The loops from order[k] on; the first of them over [low, high), or over all when there is no `high`.
  void loops(std::size_t k, loop::Value low, std::optional<loop::Value> high);
  const Interior* next_interior() const;
  bool is_bound(ir::AxisId axis, std::size_t k) const;
  /// The loops from order[k] on, twice: for the interior of an axis that is bound, and for its border.
  void branches(const Interior&, std::size_t k, loop::Value low, std::optional<loop::Value> high);
  /// The loop of the axis in order, order[k]. Without a loop inside it carries what its scans need; for a tile of lanes
  /// they keep that in scratch.
  void in_order(std::size_t k);
  /// The same with lanes along that axis: whole blocks, and a masked one at its end.
  void blocks_in_order();
  /// One step of a recurrence. With a stage, first all its values go there, then from there to the target; the
  /// specialisation may have left a step without loops of its own, which needs none.
  void steps(std::size_t inner);
  /// What stands inside all loops but that of a tile of lanes: side by side, they go through steps or planes.
  void innermost();
  void statements();

  // Lanes (lower/lanes.cpp).

  /// The lanes over [low, end), where whole vectors may be stored past the caches: from the start of a line on.
  void stream_over_lanes(loop::Value low, loop::Value end, const Body&);
  /// Whether the lanes take little time beside what comes before them, reductions over planes of memory or what filled
  /// the tables that they merge: with masks as well, so that one body is enough.
  bool is_brief() const;
  /// One loop over lanes: whole steps at a few places of [first, last) in turn, each of them from end to end of its part.
  void lanes_at_places(loop::Value first, loop::Value last, const Body&);
  /// `last`, or before it, so that they are no whole pages apart: processors tell by the lower 12 bits of an address
  /// whether a load reads what was stored just before, and places would wait for each other. (Where they did, a Zen 4
  /// took 1.3 to 1.9 times as long for a copy.)
  loop::Value end_of_places(loop::Value first, loop::Value last);
  /// Whether the loop in order runs from its last position to the first.
  bool is_backwards() const;
  /// The lanes over [low, end): a few of them on both sides of the interior, masked, then the interior.
  void border_and_interior(const Interior&, loop::Value low, loop::Value end, const Body&);
  /// The lanes over [low, end) period by period where periods are long, else in masked vectors.
  void over_periods(loop::Value low, loop::Value end, const Body&);
  void by_period(loop::Value low, loop::Value end, const Body&);
  /// Binds what stands for the quotient and the remainder in the period at `at`. Returns how far it goes, and not beyond
  /// `most` elements.
  loop::Value enter_period(const Period&, loop::Value at, loop::Value most);
  /// Masked lanes over [low, first) and [last, end). Few elements of a border have no lanes, nor all that would gather.
  void over_sides(loop::Value low, loop::Value first, loop::Value last, loop::Value end, const Body&,
                  bool gathers = false);
  bool goes_one_by_one() const;
  /// Whether the updates of the nest are put off and done after the lanes of a block (lower/updates.cpp).
  bool queues_updates(std::size_t lanes_at) const;
  /// The lanes over [low, end) in blocks: first where each update goes and what it adds, in vectors, to scratch; then
  /// the updates one by one. Lanes that are stored and loaded again at once wait for each other.
  void update_in_blocks(loop::Value low, loop::Value end, const Body&);
  void update(const ir::Statement&, loop::Value same, loop::Value count);
  /// Whole steps of so many vectors over [low, end), then one masked vector at a time. The body is lowered for both, or
  /// for the masked ones only.
  void over_lanes(loop::Value low, loop::Value end, int vectors, const Body&, bool only_masked = false);
  /// The same with steps of a few vectors in between.
  void over_rows(loop::Value low, loop::Value end, int vectors, int few, const Body&);
  /// The end of the whole steps of so many vectors from `low` on.
  loop::Value end_of_vectors(loop::Value low, loop::Value end, int vectors);
  /// One loop over lanes: whole steps of so many vectors.
  void lanes(loop::Value from, loop::Value to, int vectors, const Body&);
  /// The same with one masked vector at a time, which `repeats` the loops of whole steps, for what is left of `whole`
  /// elements (0: or more).
  void masked_lanes(loop::Value from, loop::Value to, const Body&, bool repeats = true, std::int64_t whole = 0);
  /// Steps of one or two vectors with masks, all of them in one loop, where masks_steps(): a second body takes longer to
  /// compile.
  void masked_steps(loop::Value from, loop::Value to, int vectors, const Body&);
  bool masks_steps(int vectors) const;
  /// What is less than a vector, if anything is left.
  void last_lanes(loop::Value from, loop::Value end, const Body&);
  /// Room for the states of a reduction in a tile of lanes from `low` on, and behind them for so many vectors of the
  /// state that has seen nothing.
  ScratchState scratch_states(ir::Expr, loop::Value low, int vectors_of_start);
  /// Reductions across many planes of memory, over a whole tile before anything else: a few planes at a time from end
  /// to end of the tile, with the states in scratch between. Reading all planes for one vector at a time would keep
  /// more streams going than the processor's prefetchers follow and its cache sets hold.
  void reduce_streams(loop::Value low, loop::Value end);
  /// While these planes are read, the next ones of the tile are fetched; with its last ones the first of the next tile.
  void fetch_planes(ir::AxisId planes, loop::Value first, loop::Value last);

  ir::Program& program_;
  const Nest& nest_;
  KernelInfo& info_;
  ExpressionLowering x_;
  PhaseBuilder& b_;
  std::optional<std::pair<loop::Value, loop::Value>> tile_of_lanes_;  // that runs inside of all other loops
  const ir::Statement* part_of_step_ = nullptr;
  std::size_t inside_ = 0;  // how many interiors the loops are in
  bool in_period_ = false;
  bool at_border_ = false;  // of the next one: no more of them are looked at
  std::vector<std::pair<ir::Expr, ScratchState>> scans_;  // whose states are in scratch
};

}  // namespace ricci::jit
