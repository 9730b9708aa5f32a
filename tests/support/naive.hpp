#pragma once
// A second, independent evaluator of index programs: plain recursion without memo (but for what conditions choose), and
// with every element a bound of what a float sum in another order may differ by.
#include <span>
#include <string>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"
#include "support/error_bound.hpp"

namespace ricci::test {

/// Runs the program on `tensors`, writing its targets as evaluate_reference does. Returns, by tensor, one entry per
/// element in row-major order; nothing for tensors that no statement writes. Subscripts must be inside, and no two
/// elements of a target may share an address.
std::vector<std::vector<Bounded>> run_naive(const ir::Program&, std::span<const TensorView> tensors,
                                            std::span<const Scalar> params);

/// Empty if every element of `actual` is within its bound; else a sentence about the first that is not.
std::string first_outside(const ir::Program&, const std::vector<std::vector<Bounded>>& expected,
                          std::span<const TensorView> actual);

/// The elements of a view in row-major order.
std::vector<Scalar> elements(const TensorView&);

/// "1.5", "-7", "true".
std::string text(const Scalar&);

}  // namespace ricci::test
