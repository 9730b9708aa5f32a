#pragma once
// Slices: nests that only pass stored values on to each other run one after another for a few values of their common
// outermost axis at a time, so that a temporary holds no more than those, and is still in the caches when it is read:
//
//     s[h, i, k] = sum(e, q[h, i, e] * x[h, k, e])   over h, i, k      for a slice of h:
//     y[h, i, j] = sum(k, s[h, i, k] * v[h, k, j])   over h, i, j        fill s[slice, i, k]; y[slice, i, j] = ...
#include "ricci/kernel.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The runs of nests that are sliced, with the temporaries that need no more room than a slice.
std::vector<SliceInfo> find_slices(const ir::Program&, const Specialisation&, const Schedule&);

}  // namespace ricci::jit
