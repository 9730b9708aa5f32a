#pragma once
#include "rewrite/selection.hpp"
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Reads f[argmax(k, f[k])] as max(k, f[k]): wherever an expression is the body of an arg-reduction at its own winner.
/// Over several axes the winner of row-major position p is at p // (extents of the later axes) % extent of its own.
void read_winners(ir::Program&, const CanonicalAxes&);

}  // namespace ricci::jit
