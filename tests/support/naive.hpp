#pragma once
// A second, independent evaluator of index programs: plain recursion without memo, and with every element a bound of
// what a float sum in another order may differ by. The running error analysis is Higham's ("Accuracy and Stability of
// Numerical Algorithms", chapters 3 and 4).
#include <span>
#include <string>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::test {

/// The value that the plain order gives, and by how much another order may differ. Error 0: exactly these bits (any
/// NaN for a NaN), but for the sign of a zero that has `either_sign`: one that some float sum gave. Infinite: the order
/// decides, every value is right.
struct Bounded {
  Scalar value;
  double error = 0;
  bool either_sign = false;
};

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

/// Equal bits, or both NaN.
bool same_value(const Scalar&, const Scalar&);

/// "1.5", "-7", "true".
std::string text(const Scalar&);

}  // namespace ricci::test
