#pragma once
// Where lowering finds what it has computed: in scalars and the lanes of vectors, in rows side by side, in scratch.
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/affine.hpp"
#include "ricci/loop.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The value of an expression: one scalar, or one vector for each unrolled part of the lane loop.
struct Lanes {
  std::vector<loop::Value> parts;
  bool vector = false;
  std::size_t level = 0;  // where it is defined
};

/// The loop whose iterations are lanes: part u of a vector holds iterations base + u*lanes, ... of `axis`.
struct LaneLoop {
  ir::AxisId axis;
  loop::Value base;
  std::size_t level;
  int parts;
  std::vector<loop::Value> masks;  // by part; empty: all lanes run
  bool repeats = false;            // there is a loop over whole steps as well
  std::optional<loop::Value> remaining = {};  // elements from base on, if lanes are masked
  loop::Value index = loop::none;  // position of `base` in the reduction along these lanes, in every lane, if carried
  std::optional<std::size_t> whole_from = {};  // the level at which, and inside of it, all lanes run all the same
  int steps_of = 0;  // of so many parts are steps in scratch, if that is more than run
  std::vector<loop::Value> distances = {};  // from base to each part (i64), unless they lie one behind the other
};

/// An axis in the loop that is open for it.
struct Binding {
  loop::Value variable;
  std::size_t level;
};

/// The iterations of a reduced axis that are done.
struct Limit {
  loop::Value low, high;
  std::size_t level;
  loop::Value planes_ahead = loop::none, lanes_ahead = loop::none;  // where to fetch what comes after this
};

/// Where a reduction leaves the values of its body.
struct Keeping {
  Kept kept;
  ir::TensorId target;
  std::vector<ir::Expr> subscripts;
  ir::AxisId row;  // of the loop around the reduction
  std::optional<loop::BufferId> scratch = {};  // instead of the target
};

/// What stands at a level: values by expression, and by row where they depend on them; and which scalar subscripts
/// are checked there.
struct Known : std::map<std::pair<ir::Expr, std::size_t>, Lanes> {
  std::set<std::tuple<ir::TensorId, std::size_t, ir::Expr, ir::Expr>> checked = {};  // tensor, axis, subscript, guard
};

/// Where an access goes: element base + offsets[lane] of its buffer, or consecutive elements from base on.
struct Address {
  Motion motion = Motion::still;
  loop::Value base = 0;               // scalar i64
  loop::Value within = 0;             // to be added to it, of a target with a queue: what the loop of the lanes changes
  std::vector<loop::Value> offsets;   // by part, unless still or contiguous
};

/// Where the states of a reduction are kept for the lanes of a tile: two scratch buffers, with the tile's first lane
/// `low` at their start. Arg-reductions only have an index.
struct ScratchState {
  loop::BufferId best, index;
  loop::Value low;
  std::optional<ir::AxisId> rows = {};  // one step of the lanes for each value of this axis, from first_row on
  loop::Value first_row = 0;
  int group = 0;  // of the lanes of a column, whose sums are to be added up: RegisterTile::group
  loop::Value start = loop::none;  // where the state that has seen nothing stands, for one step of the lanes
};

/// Updates of a target by the lanes of a block, which are put off: where they go, from `base` on, and what they add
/// unless that is the same for all of them. In scratch, that of iteration `first` at its start.
struct Queue {
  loop::BufferId offsets;
  bool stores_offsets;  // or another queue does, which has the same
  std::optional<loop::BufferId> values;
  loop::Value first;
  loop::Value base = loop::none;
};

/// Iterations of an axis that are lowered side by side in one body.
struct Rows {
  ir::AxisId axis;
  std::vector<loop::Value> variables;
  std::size_t current = 0;
  bool abreast = false;  // reductions go through their loops once for all of them
};

/// Values of some iterations of an axis in scratch, a step of the lanes for each.
struct Stage {
  loop::BufferId buffer;
  loop::Value at;  // where those of the iteration begin
};
using Stages = std::unordered_map<ir::Expr, Stage>;

/// Of each reduced axis, `count` iterations from `first` on. Where nothing has `begun` before (b1), it goes from the
/// states of the start.
struct Piece {
  std::vector<loop::Value> first, count;
  loop::Value begun, is_last;
};

/// One side of a tile: the iterations low <= axis < high, at most `most` of them.
struct TileSide {
  ir::AxisId axis;
  loop::Value low, high;
  std::int64_t most;
};

/// A read's tile in scratch: rows are contiguous there.
struct TransposedTile {
  TileSide rows, columns;
  loop::Transpose made;
};

}  // namespace ricci::jit
