#pragma once
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Gives the old values of a target a name of their own, because the right-hand side sees them:
///
///     s[i, j] = s[j, i]     ->     s[i, j] = s'[j, i]          where s' is s before the statement
///
/// Returns, by TensorId, the tensor whose memory each tensor has: itself, or the one it is the old value of. Whether
/// s' needs a copy is decided at bind time (aliasing.hpp).
std::vector<ir::TensorId> name_old_values(ir::Program&);

}  // namespace ricci::jit
