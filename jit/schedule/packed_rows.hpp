#pragma once
// Short rows of results, of which a vector holds several: as the eight bits of bytes, or a few numbers made of one.
// Their axis is gone through as one with the axis before it, and what stands along only one of the two is a quotient or
// a remainder of a power of two:
//
//     y[i, j] = x[i] * w[j]     ->     y[f] = x[f / 8] * w[f % 8]
//
// Lanes along f begin at multiples of a row. So they read a few neighbours of x, each of which stands in as many lanes
// as a row has, and one row of w again and again: loads and shuffles, where other quotients and remainders gather. The
// same holds for those that a program writes itself, as x[i // 2] where a picture is enlarged.
#include <optional>

#include "ir/survey.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Whether results with rows of so many elements along `inner` may be gone through so, for all that has nothing to do
/// with layouts: nothing is reduced, and the axes are nothing but subscripts.
bool can_pack_rows(const ir::Program&, const Survey&, std::int64_t elements, ir::AxisId outer, ir::AxisId inner);

/// What stands for an axis of such a group where the last of them stands for all; null if it is not one of them.
ir::Expr part_of_packed(ir::Graph&, const std::vector<ir::AxisId>& group, std::int64_t elements, ir::AxisId);

/// How a read moves with the lanes: one of its subscripts is a quotient of their axis by so many lanes, or `within`, a
/// remainder.
struct Spread {
  std::size_t subscript;
  int lanes;
  bool within;
};

/// Nothing where a read does not move so, or not to neighbours.
std::optional<Spread> spread_of(const ir::Program&, const Specialisation&, ir::Expr read, ir::AxisId lane);

/// The same for an axis that may become that of the lanes.
bool may_be_spread(const ir::Program&, const Specialisation&, ir::Expr read);

/// The reads that lanes of this nest along `lane` would load and spread, if its loops may begin where they must.
std::vector<ir::Expr> find_spread(const ir::Program&, const Specialisation&, const Nest&, ir::AxisId lane);

}  // namespace ricci::jit
