#pragma once
#include "schedule.hpp"

namespace ricci::jit {

/// Whether an expression has a function that costs more than to store its value and load it again.
bool has_function(ir::Expr);

/// Finds a reduction whose body a statement needs again, for each element, in a loop inside of the reduction's own
/// surroundings; the body must cost more than memory does:
///
///     y[n, i] = exp(x[n, i] - m[n]) / sum(k, exp(x[n, k] - m[n]))
///
/// The reduction then leaves the values of its body in the target, each where it is needed, and the statement reads them
/// there: nest.values becomes y[n, i] / sum(...).
void keep_values(ir::Program&, const Specialisation&, const std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes,
                 Nest&);

}  // namespace ricci::jit
