#pragma once
// How a program runs, apart from what it means: which statements share loops, the order of the loops, which axis the
// lanes run over, what runs in parallel. A plain value, chosen by a small cost model, printed by `--dump schedule`.
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ir/specialisation.hpp"
#include "ricci/ir.hpp"
#include "ricci/target.hpp"

namespace ricci::jit {

/// The part low <= axis < high of a nest, within the interiors before it, and the nest's statements as they are there:
/// without the tests that hold everywhere in it.
struct Interior {
  ir::AxisId axis;
  ir::Expr low, high;
  std::vector<ir::Statement> statements;
  bool chooses = false;  // outside of it, subscripts are wrapped, clipped or reflected: lanes would have to gather
};

/// The quotient and the remainder of `sign` (1 or -1) * the lane axis + rest by a divisor. While the lanes run through
/// one period the quotient is the same, and the remainder `sign` * the lane axis + start. These two stand as axes in the
/// statements, but they have no loops.
struct Period {
  std::int64_t sign;
  ir::Expr rest, divisor;
  ir::AxisId quotient, start;
};

/// All that a nest has, if they are long (null: always), and its statements as they are within a period of each.
struct Periods {
  std::vector<Period> all;
  ir::Expr are_long = nullptr;
  std::vector<ir::Statement> statements;
};

/// A reduction over one axis that is done for a block of its results at once: `block` rows by one step of the lane
/// loop. States are in scratch; of `height` rows at a time they are in registers while the reduced axis runs. That axis
/// runs in pieces of `depth`, and for a piece the values that all rows share are computed before it:
///
///     for k0 step depth
///       for k in the piece: scratch[k] = b[k, j..]
///       for i of the block step height, then step lower_height
///         for k in the piece: state[i] += a[i, k] * scratch[k], state[i + 1] += a[i + 1, k] * scratch[k], ..
///
/// What is staged, b[k, j..], may lie in memory as b[j, k]: then a piece of it is transposed.
struct RegisterTile {
  ir::Expr fold;
  ir::AxisId rows;               // of the domain, or the axis of a reduction around `fold`
  std::vector<ir::Expr> staged;  // the parts of its body that use the lanes but not the rows
  std::vector<ir::Expr> transposed;  // those that are reads along the reduced axis, which lanes would gather
  std::vector<ir::Expr> direct = {};  // such parts that are not staged, as there is but one block of rows
  /// Null, or the same fold over its last axis alone, which then runs through all: what rows read of it lies behind each
  /// other, and what they share stands so in scratch.
  ir::Expr joined = nullptr;
  int height = 8, vectors = 2;
  int lower_height = 1;  // of the last blocks, so that few rows are left over; the last of all may hold a row twice
  bool has_two_heights() const { return height > lower_height; }
  bool repeats_rows() const { return masked && lower_height > 1; }  // the last block of the full height may, too
  int rows_beyond() const { return repeats_rows() ? height : lower_height; }
  bool finishes = false;  // the statements take the results from registers, where the last piece leaves them
  bool masked = false;    // and have masks there, because no row fills a step of the lanes
  bool halves = false;    // a last step of lanes of which one of two vectors is all masked leaves that out
  bool fetches = false;   // what rows share, a few iterations before it goes to scratch
  bool fetches_rows = false;  // in every iteration, what the next rows read in it
  std::int64_t block = 128, depth = 128;
  int group = 0;  // so many iterations of the reduced axis are side by side in the lanes of each column (slender.hpp)
  int columns = 0;    // for so many of which there are lanes
  bool dense = false;  // and rows of what is staged are as far apart as there are columns in such a vector
};

/// Reads that are contiguous along `across`, where the lanes are not: an item is a tile of so many rows along the lane
/// axis, and a few columns along `across` at a time its reads are transposed into scratch. A nest that only copies
/// transposes into its target.
struct Transposition {
  ir::AxisId across;
  std::vector<ir::Expr> reads;
  std::int64_t rows = 0, columns = 0;
  std::int64_t most_columns = 0;  // of an item
  bool copies = false;
};

/// A reduction that leaves the values of its body in the target of the nest's only statement, each where its own axis
/// stands for `along` of the domain, or at that position in scratch (kept.hpp).
struct Kept {
  ir::Expr fold;
  ir::AxisId along;
  bool in_scratch = false;
  /// In scratch for each step of lanes across planes of memory (keep_planes()). Another reduction before it then leaves
  /// what it reads there, and `copied`, the same read in the body of `fold`, is taken from there. That may be all that
  /// is kept: the statement then needs what was read again, not the values of the body.
  bool planes = false;
  ir::Expr copying = {}, copied = {};
  bool only_copied = false;
};

/// Rows of a tensor or table that data choose, fetched early, if `twice` those of some elements also into the second
/// cache (ahead.hpp).
struct RowsAhead {
  ir::TensorId tensor;
  bool twice;
};

/// One phase: statements over the same domain, in the same loops.
struct Nest {
  std::vector<std::size_t> statements;
  std::vector<ir::Expr> values;         // what each statement stores
  int lanes = 1;                        // of every vector, whatever its dtype
  /// Reductions that do not depend on a lane axis have this many accumulator lanes in all, where floats are added the
  /// same for every vector width, so that the order of their sum is the same too.
  int accumulators = 64;
  std::vector<ir::AxisId> order;        // outermost first
  std::optional<ir::AxisId> lane_axis;  // the axis that lanes run over
  int unroll = 1;                       // vectors per step of lane_axis
  std::size_t split = 0;                // order[split] is cut into tiles; it and the axes before it are the items
  std::int64_t tile = 1;                // elements of order[split] per item
  std::int64_t items_of_tile = 1;       // or items that make one tile where a thread takes so many behind each other
  /// Reductions over one axis, inner before outer, whose reads move with the lanes, or are the same for all of them:
  /// they are done for a whole tile at once, a few planes of memory at a time (planes.hpp).
  std::vector<ir::Expr> streams;
  /// These are all that the lanes need of reductions, and the tile runs inside of all loops: plane after plane. So does
  /// one of short rows, element after element (short_results.hpp).
  bool planes = false;
  bool tables = false;                  // accumulates into private tables: items are shared among them
  bool ways = false;                    // lanes may meet in one element: those of a share take several tables in turn
  bool folds = false;                   // the values are reductions over the axes of an item; `order` only makes items
  bool appends = false;                 // items are shared as with `tables`; each share knows where its values begin
  bool sorts = false;                   // puts rows in order (place_sorts.hpp): an item is a row, `order` the axes before
  bool serial = false;                  // duplicates of an assignment: one item, in the order of the domain
  /// A recurrence: the loop of this axis is in the items. Lanes along order[split] then run inside of it, tile by tile.
  std::optional<ir::AxisId> in_order;
  std::vector<Interior> interiors;  // in the order of their axes
  std::optional<Periods> periods;       // through which the lanes run one after another (periods.hpp)
  std::vector<ir::Expr> scans;          // reductions that run along with it (scan.hpp)
  std::vector<RegisterTile> registers;  // of the same rows: items are then blocks of them, and one step of the lanes
  bool symmetric = false;               // of these, rows beyond the diagonal are those before it (symmetric.hpp)
  std::vector<ir::TensorId> streaming;  // targets whose whole vectors go past the caches
  int places = 1;                       // of a row, at which lanes that stream work in turn (streaming.hpp)
  std::vector<ir::Expr> next;           // reads whose next row is fetched while one is stored past the caches
  std::vector<RowsAhead> ahead;         // rows that are fetched before they are used
  std::vector<ir::Expr> short_rows;     // reads that are transposed for a whole tile of lanes (short_rows.hpp)
  bool spreads = false;                 // reads at quotients and remainders of the lane axis are loaded (packed_rows.hpp)
  std::optional<Transposition> transposed;  // order[split] is then its `across`, the lane axis stands before it
  std::optional<Kept> kept;
  std::optional<ir::AxisId> abreast;    // a few iterations of this loop share a step of the lanes (abreast.hpp)
};

struct Schedule {
  bool mask_registers = true;  // of the target: masked vectors cost what others do
  std::vector<Nest> nests;
  /// Reductions that do not depend on a lane axis may run their lanes along an axis of their own.
  std::unordered_map<ir::Expr, ir::AxisId> fold_lanes;
  /// The bodies of reductions whose innermost loop takes a few iterations at a time, because reductions with lanes of
  /// their own within them load the same for each (abreast.hpp).
  std::unordered_set<ir::Expr> folds_abreast;
};

/// Whether lanes take several of the private tables of this tensor in turn.
bool has_ways(const Schedule&, const ir::Program&, ir::TensorId);

Schedule make_schedule(ir::Program&, const Specialisation&, const Target&);

/// One line per nest and per reduction with lanes of its own.
std::string to_string(const Schedule&, const ir::Program&);

}  // namespace ricci::jit
