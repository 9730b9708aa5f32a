#pragma once
// What the lowerings of the kinds of nests share, and the one of nests that append (the others are in lower.cpp).
#include "lower_expression.hpp"

namespace ricci::jit {

/// The extents of the deepest loops of a nest, reductions included: an estimate of the scalar steps.
std::vector<std::uint32_t> work_of(ExpressionLowering&, const ir::Program&, const Nest&);

/// The phase of a nest whose statements append:
///
///     for share: cursor = the values of the shares before it
///       for the iterations of the share, the last axis in lanes:
///         append the values of the lanes that the guard chooses at the cursor; the cursor moves by their number
loop::Phase lower_append(ir::Program&, const Specialisation&, const Schedule&, const Nest&, KernelInfo&,
                         std::string name);

}  // namespace ricci::jit
