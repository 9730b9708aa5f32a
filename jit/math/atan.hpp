#pragma once
#include "number.hpp"

namespace ricci::math {

/// The arc tangent within 1.34 ulp.
template <class Number>
Number atan(Number x) {
  const Number size = magnitude(x);
  // atan x = pi / 2 - atan(1 / x)
  const auto steep = size > 1.0f;
  const Number t = choose(steep, 1.0f / size, size);
  // atan t = t + t^3 * p(t^2) on [0, 1], to 2^-28.5.
  const Number z = t * t;
  const Number p = polynomial(z, -0.333332986f, 0.199985296f, -0.142640159f, 0.109508805f, -0.0839930624f,
                              0.0578813925f, -0.0310970023f, 0.0108687095f, -0.00178283197f);
  const Number near = fma(t * z, p, t);
  // pi / 2 as a product of two numbers, to 2^-45.8.
  const Number far = fma(1.68325555f, 0.933189452f, -near);
  return with_sign_of(x, choose(steep, far, near));
}

}  // namespace ricci::math
