#pragma once
// Programs whose results are all as long as one condition chooses: x[x > 0], or several of such with the same mask.
// Their kernels count what each share appends before they append it, so the results are made between these phases, and
// nothing has to be counted before the kernel is bound and run. One call serves all counts.
#include <optional>

#include "ricci/extents.hpp"
#include "run/launch.hpp"

namespace ricci::jit {

/// The count that is the extent of all targets, if nothing else in a program depends on one; else null. `normalised` is
/// the same program after all passes.
ir::Expr count_of_results(const ir::Program&, const ir::Program& normalised);

/// The most that a count can be: all iterations. Nothing where there are none, or more than an i64 holds.
std::optional<std::int64_t> most_chosen(ir::Expr count, std::span<const std::int64_t> extents);

/// Where a kernel of such a program knows the count, and what depends on it. The buffers are the normalised program's
/// tensors, `is_target` is by buffer.
LaunchPlan::Choice choice_of(const KernelInfo&, const std::vector<bool>& is_target);

}  // namespace ricci::jit
