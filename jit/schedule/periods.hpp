#pragma once
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Finds the quotients and remainders of a nest that are the same, or one more each time, for many lanes in a row:
///
///     y[i] = a[(i + 7) % 1000]     ->     for periods of i: y[i] = a[i + start]
///
/// The lanes then run period by period, and what was gathered becomes contiguous. The dividend is the lane axis, with
/// any sign, and what is known before its loop; so is the divisor. Where divisors are not known to be large, the nest as
/// it was remains for small ones. Reductions keep the lanes that `fold_lanes` gives them.
void find_periods(ir::Program&, Nest&, std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes);

}  // namespace ricci::jit
