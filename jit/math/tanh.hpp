#pragma once
#include "exp.hpp"

namespace ricci::math {

/// The hyperbolic tangent within 1.37 ulp.
template <class Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  // Near 0 tanh x = x + x^3 * p(x^2), to 2^-27.7.
  const Number z = size * size;
  const Number p = polynomial(z, -0.333332807f, 0.133314058f, -0.0537365153f, 0.0206281673f, -0.0056922962f);
  const Number near_zero = fma(size * z, p, size);
  // Elsewhere tanh x = 1 - 2 / (e^2x + 1).
  const Number power = exp(size + size);
  const Number elsewhere = 1.0f - 2.0f / (power + 1.0f);
  return with_sign_of(x, choose(size < 0.625f, near_zero, elsewhere));
}

}  // namespace ricci::math
