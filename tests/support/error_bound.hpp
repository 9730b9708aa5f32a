#pragma once
// By how much floats may differ that are summed in another order. The running error analysis is Higham's ("Accuracy and
// Stability of Numerical Algorithms", chapters 3 and 4).
#include <limits>
#include <vector>

#include "ricci/op.hpp"

namespace ricci::test {

/// The value that the plain order gives, and by how much another order may differ. Error 0: exactly these bits (any
/// NaN for a NaN), but for the sign of a zero that has `either_sign`: one that some float sum gave. Infinite: the order
/// decides, every value is right.
struct Bounded {
  Scalar value;
  double error = 0;
  bool either_sign = false;
  bool rounded = false;  // a product that is not exact: what sums it by fma does not round it
};

/// The error of a value for which the order decides.
inline constexpr double undetermined = std::numeric_limits<double>::infinity();

bool is_zero(const Scalar&);

/// A float sum or product with its bound, over terms in any order.
struct Accumulation {
  Reduction reduction;
  Scalar value;
  int terms = 0;
  bool special = false;  // some term is NaN or infinite
  bool integral = true;  // all others are integers
  bool either_sign = false;  // of a zero: a sum's may be left out or begin it, a product's may be of either sign
  double error = 0;
  double magnitude = 0;  // sum of the finite terms' absolute values
  double bits = 0;       // by how many bits a partial product may grow or shrink

  void add(const Bounded& term);
  Bounded result() const;

 private:
  Bounded sized() const;
};

/// The op on the values, and what errors of its arguments make of it.
Bounded apply(Op, DType, const std::vector<Bounded>& args);

/// Equal bits, or both NaN.
bool same_value(const Scalar&, const Scalar&);

}  // namespace ricci::test
