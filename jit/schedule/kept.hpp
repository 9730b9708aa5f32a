#pragma once
#include <set>

#include "schedule/schedule.hpp"

namespace ricci::jit {

/// So many values of a row go to scratch: with what they are made of they fit into the first-level cache.
inline constexpr std::int64_t most_kept = 4096;

/// The values of so many planes go to scratch for each step of lanes.
inline constexpr std::int64_t most_planes_kept = 64;
/// Vectors of such a step.
inline constexpr int planes_step = 2;

/// The axes along which reductions in the way of keep_values() may run, where the target is one of `large`.
std::set<ir::AxisId> axes_of_kept_values(const ir::Program&, const std::vector<ir::TensorId>& large);
/// The same for what is kept for each step of lanes.
std::set<ir::AxisId> axes_of_kept_planes(const ir::Program&, const std::vector<ir::TensorId>& large);

/// Finds a reduction whose body a statement needs again, for each element, in a loop inside of the reduction's own
/// surroundings; the body must cost more than memory does:
///
///     y[n, i] = exp(x[n, i] - m[n]) / sum(k, exp(x[n, k] - m[n]))
///
/// The reduction then leaves the values of its body in the target, each where it is needed, and the statement reads
/// them there: nest.values becomes y[n, i] / sum(...). A row for a target larger than the caches is kept in scratch
/// instead if it fits, so that the target is written once and past the caches. So are the values of a few planes, for
/// each step of lanes by itself:
///
///     y[c, i] = exp(x[c, i] - m[i]) / sum(c, exp(x[c, i] - m[i]))   with   m[i] = max(c, x[c, i])
///
///     for lanes of i: for c: kept[c] = x[c, i]; m = max(m, kept[c])
///                     for c: kept[c] = exp(kept[c] - m); total += kept[c]
///                     for c: y[c, i] = kept[c] / total
///
/// Planes are often a power of two apart, and share so few sets of all caches that they push each other out of them:
/// what is read once is not waited for twice. While functions are computed of some planes, memory brings the next lanes
/// of theirs and takes what went past the caches before. (On a Xeon with 2 MiB of second-level cache softmax over axis 1
/// took twice as long with its values in the target.) The planes themselves are kept in the same way where two
/// reductions and the statement read them, as in a logarithm of softmax.
void keep_values(ir::Program&, const Specialisation&, const std::unordered_map<ir::Expr, ir::AxisId>& fold_lanes,
                 Nest&);

}  // namespace ricci::jit
