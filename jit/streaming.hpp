#pragma once
// Stores past the caches. An ordinary store first reads the line that it writes; for an output larger than the caches
// that is a third of a copy's traffic, and what it pushes out of them is lost. Results that are read soon are better
// left in the caches, so this is for large outputs only.
#include "schedule.hpp"

namespace ricci::jit {

/// The targets of a nest that are written once, in runs along the lanes, and larger than the caches. Not those that
/// wait for arithmetic, not for memory: there it makes things slower by a twentieth.
std::vector<ir::TensorId> find_streaming(ir::Program&, const Specialisation&, const Nest&);

}  // namespace ricci::jit
