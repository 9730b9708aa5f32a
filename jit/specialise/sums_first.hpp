#pragma once
// Functions of reductions along rows of memory. Such reductions run their lanes along the rows, where functions would
// take results one by one; and lanes that run from result to result would gather the rows. So all results are stored
// first, those of one reduction in the place of what is made of them:
//
//     y[i] = tanh(sum(k, x[i, k] * w[k]))     ->     y[i] = sum(k, x[i, k] * w[k]); y[i] = tanh(y[i])
#include <span>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// The statements of a normalised program, by number, for which these extents, by axis, and layouts make it worth it.
std::vector<std::size_t> find_sums_first(const ir::Program&, std::span<const TensorView>,
                                         std::span<const std::int64_t> extents);

/// A program in which each of them has statements of its own for its reductions before it. Its further tensors stand
/// behind all others.
ir::Program with_sums_first(ir::Program, const std::vector<std::size_t>&);

}  // namespace ricci::jit
