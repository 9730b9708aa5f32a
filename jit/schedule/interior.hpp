#pragma once
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Finds where a nest needs no test of its guarded reads, so that only the border runs with masks:
///
///     y[i] = select(i > 0, x[i - 1] if (i > 0), 0)     ->     interior i(1, _): y[i] = x[i - 1]
///
/// Also of subscripts that wrap or clip keeps inside, or that abs, minimum or maximum reflects at an end: there they
/// are read as they stand. A condition counts when it compares integers that are affine in one axis of the nest, and
/// otherwise in axes of reductions alone: those go through all their values, so that the interior of a convolution is
/// where its whole window is inside. Reductions keep the lanes that `fold_lanes` gives them.
void find_interiors(ir::Program&, const Specialisation&, Nest&, std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes);

/// Whether it may be one of its arguments in an interior, where it stands in a subscript: a minimum, a maximum, abs, or
/// the remainder that wrap leaves.
bool is_choice(ir::Expr);

}  // namespace ricci::jit
