#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Moves the conditions of select and of guarded statements to the loads they protect, so that a load in an untaken
/// branch is not performed and not checked:
///
///     select(i > 0, a[i - 1], 0)     ->     select(i > 0, a[i - 1] if (i > 0), 0)
///
/// Reads whose subscripts are all axes sized by that very tensor always fit and stay as they are, and so do those that
/// stand in no branch as well: they are done anyway. Reads in a fold over a range that do not vary along it get the
/// condition that the range is not empty. A reduction or an order that does not depend on some axes of the condition
/// stays so: it is needed where the condition holds for any value of them.
void attach_guards(ir::Program&, CanonicalAxes&);

/// One expression of a program whose guards are attached, as it must be evaluated where `guard` holds.
ir::Expr guarded(ir::Program&, ir::Expr guard, ir::Expr);

/// Whether all subscripts of a read are axes sized by that very tensor.
bool always_fits(const ir::Program&, const ir::Read&);

}  // namespace ricci::jit
