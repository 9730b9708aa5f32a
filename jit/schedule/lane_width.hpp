#pragma once
// How wide the lanes of a nest are: all its vectors have as many, so that its widest values decide.
#include "ricci/ir.hpp"
#include "ricci/target.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The condition whose true values this reduction counts: sum of cast(c) of a b1 c to integers; else null.
ir::Expr counted_condition(const ir::Fold&);

/// What the lanes of a vector have, of which a register holds as many as fit: 8, 4, 2 or 1 bytes, and where half a
/// register is better than a whole one, twice as many.
int lane_bytes(ir::Program&, const Specialisation&, const Nest&, const Target&);

}  // namespace ricci::jit
