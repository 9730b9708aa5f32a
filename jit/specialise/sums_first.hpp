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

/// A statement of a normalised program, by number, whose reductions have statements of their own before it: that of the
/// last one stores its results in the target, if what is read does not lie there.
struct SumsFirst {
  std::size_t statement;
  bool in_target;
  auto operator<=>(const SumsFirst&) const = default;
};

/// Those for which these extents, by axis, and layouts make it worth it.
std::vector<SumsFirst> find_sums_first(const ir::Program&, std::span<const TensorView>,
                                       std::span<const std::int64_t> extents);

/// The program with these statements. Its further tensors stand behind all others.
ir::Program with_sums_first(ir::Program, const std::vector<SumsFirst>&);

}  // namespace ricci::jit
