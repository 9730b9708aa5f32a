#pragma once
#include "number.hpp"

namespace ricci::math {

/// e^x within 0.90 ulp; subnormal results, too.
template <class Number>
Number exp(Number x) {
  // Outside of these bounds the result is infinite or 0, as it is at the bounds. A NaN passes.
  x = choose(x > 89.0f, 89.0f, x);
  x = choose(x < -104.0f, -104.0f, x);
  // x = n * ln 2 + r, where ln 2 has two parts.
  const auto n = nearest_whole(x, 1.44269502f);
  Number r = fma(n.value, -0.693147182f, x);
  r = fma(n.value, 1.90465421e-09f, r);
  // e^r = 1 + r + r^2 * p(r) on |r| <= ln 2 / 2, to 2^-28.2.
  const Number p = polynomial(r, 1.0f, 1.0f, 0.49999994f, 0.166665226f, 0.0416682921f, 0.00836853217f, 0.00138182961f);
  return scale(p, n);
}

}  // namespace ricci::math
