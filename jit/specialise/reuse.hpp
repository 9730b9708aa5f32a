#pragma once
// Where a reduction uses again what it has loaded: in a product of matrices each row is used for all columns.
#include <set>

#include "ir/specialisation.hpp"
#include "ricci/ir.hpp"

namespace ricci::jit {

/// The axes of the results of `e`, if it is a reduction, that some read of it lacks, although it moves with other
/// results.
std::set<ir::AxisId> axes_of_reuse(ir::Expr e, const Specialisation&);

}  // namespace ricci::jit
