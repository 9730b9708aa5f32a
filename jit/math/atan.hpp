#pragma once
#include "number.hpp"

namespace ricci::math {

/// The arc tangent within 1.43 ulp.
template <class Number>
Number atan(Number x) {
  const Number size = magnitude(x);
  // atan x = pi / 2 - atan(1 / x)
  const auto steep = size > 1.0f;
  const Number t = choose(steep, 1.0f / size, size);
  // atan t = t + t^3 * p(t^2) on [0, 1], to 2^-25.8.
  const Number z = t * t;
  const Number p = polynomial(z, -0.333331525f, 0.199937671f, -0.142110035f, 0.106657863f, -0.0755172893f,
                              0.0432059728f, -0.0163642373f, 0.00291975634f);
  const Number near = fma(t * z, p, t);
  // pi / 2 as a product of two numbers, to 2^-45.8.
  const Number far = fma(1.68325555f, 0.933189452f, -near);
  return with_sign_of(x, choose(steep, far, near));
}

}  // namespace ricci::math
