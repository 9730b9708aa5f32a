#pragma once
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Moves the conditions of select and of guarded statements to the loads they protect, so that a load in an untaken
/// branch is not performed and not checked:
///
///     select(i > 0, a[i - 1], 0)     ->     select(i > 0, a[i - 1] if (i > 0), 0)
///
/// Reads whose subscripts are all axes sized by that very tensor always fit and stay as they are.
void attach_guards(ir::Program&);

}  // namespace ricci::jit
