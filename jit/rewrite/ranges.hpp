#pragma once
#include "rewrite/selection.hpp"

namespace ricci::jit {

/// Moves conditions on one axis of `bound` whose other side is free of them all into the ranges that the reduction runs
/// over. Returns whether there was any.
///
///     sum(k, select(low[b] <= k & k < high[b], x[k], 0))     ->     sum(k(low[b], high[b]), x[k])
///
/// `lows` says whether lower bounds may move: an arg-reduction of nothing but its identity gives the first position of
/// all, so it may start at no other. A range that would differ from lane to lane, where elements lie side by side along
/// an axis of the bound, stays a condition: masks are cheaper than loops without lanes.
bool move_to_ranges(ir::Program&, Selection&, const std::vector<ir::AxisId>& bound, bool lows);

/// The other way: the range of an axis as conditions.
std::vector<ir::Expr> range_conditions(ir::Graph&, const ir::Range&, ir::Expr at);

}  // namespace ricci::jit
