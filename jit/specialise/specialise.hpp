#pragma once
// What a kernel may assume about its arguments. The assumptions are found at bind time, are part of the kernel's key,
// and are all that distinguishes the variants of one expression: a new shape with the same answers compiles nothing
// (variants.hpp has how many there may be).
#include <span>

#include "ir/specialisation.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// Finds the assumptions that hold for these arguments. `extents` by AxisId of `program`, the prepared one.
Specialisation specialise(const ir::Program& program, std::span<const TensorView> tensors,
                          std::span<const std::int64_t> extents);

/// Rewrites the program to use them: comparisons that were decided become constants, guards of reads that fit anyway
/// go, and an axis that another one swallowed becomes 0.
void apply_specialisation(ir::Program&, const Specialisation&);

}  // namespace ricci::jit
