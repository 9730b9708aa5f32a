#pragma once
// Reductions over short rows of memory, such as the colours of a pixel or the coordinates of a point. Lanes along a row
// would mostly be empty, and lanes that take a row each would gather. For a tile of lanes the rows are transposed into
// scratch instead, as a whole:
//
//     y[i] = sum(c, x[i, c] * w[c])     ->     for tiles of i
//                                                scratch[c, i..] = x[i.., c] for all c
//                                                for lanes of i: y[i..] = sum(c, scratch[c, i..] * w[c])
#include <set>

#include "schedule/schedule.hpp"

namespace ricci::jit {

inline constexpr std::int64_t longest_short_row = 16;  // a line of f32; longer rows fill vectors

/// The axes of reductions by which something is read, as a bare subscript beside others.
std::set<ir::AxisId> axes_of_rows(const ir::Program&);

/// The reads of short rows for which the lanes of this nest would gather, if lanes run along `lane`.
std::vector<ir::Expr> find_short_rows(ir::Program&, const Specialisation&, const Nest&, ir::AxisId lane);

/// The axis of its row.
ir::AxisId axis_of_row(ir::Program&, const Specialisation&, const ir::Read&);

/// The lanes of a tile, so that so many rows of all these reads fit into the first-level cache.
std::int64_t tile_of_short_rows(const std::vector<ir::Expr>& reads);

}  // namespace ricci::jit
