#pragma once
#include "ricci/loop.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Index IR and schedule to loop IR: loops, lanes, masks, offsets. Vectors are made here and nowhere later: an
/// expression that uses the lane axis becomes one vector per unrolled part, everything else stays scalar and is
/// emitted in the outermost loop that has all it needs, so nothing is computed again under a loop it does not use.
///
///     out[i] = sum(k, a[i, k] * b[k])      with lanes over k     ->
///     for item ... { for i ... {
///       (s0, s1, ..) = for k step 64 carry ...
///       s = halves of s0 + s1 ..
///       store out[i], s
///     } }
loop::Kernel lower(ir::Program&, const Specialisation&, const Schedule&);

}  // namespace ricci::jit
