#pragma once
// Operations that are long enough to matter wherever work is weighed.
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Whether an expression is a function that costs more than to store its value and load it again.
bool is_function(ir::Expr);

/// Whether there is one in it.
bool has_function(ir::Expr);

}  // namespace ricci::jit
