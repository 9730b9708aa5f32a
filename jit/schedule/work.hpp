#pragma once
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The axes of the deepest loops of a nest, reductions included: the product of their extents is an estimate of its
/// scalar steps.
std::vector<ir::AxisId> deepest_loops(const ir::Program&, const Nest&);

}  // namespace ricci::jit
