#pragma once
#include "number.hpp"

namespace ricci::math {

/// The arc tangent within 1.34 ulp.
template <Single Number>
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

/// The arc tangent within 0.9 ulp. The quotient has what it is rounded by, and so have what is divided.
template <Double Number>
Number atan(Number x) {
  Number size = magnitude(x);
  size = choose(size > 0x1p1000, 0x1p1000, size);  // whose quotient is a number, too
  // atan x = pi / 2 - atan(1 / x), and = pi / 4 + atan((x - 1) / (x + 1))
  const auto steep = size > 2.414213562373095;
  const auto beyond = size > 0.41421356237309503;
  const Number middle = choose(steep, 0.0, choose_constant(beyond, 1.0, 0.0, size));
  const Number above = size - middle;
  const Number rest_of_above = size - (above + middle);
  const Number below = fma(middle, size, Number(1.0));
  const Number rest_of_below = fma(middle, size, 1.0 - below);
  const Number top = choose(steep, -below, above);
  const Number bottom = choose(steep, above, below);
  const Number inverse = 1.0 / bottom;
  const Number t = top * inverse;
  const Number minus_t = -t;
  const Number missing = fma(minus_t, bottom, top);
  const Number rest_of_t = fma(minus_t, rest_of_below, missing + rest_of_above);
  const Number base = choose(steep, 1.5707963267948966, middle * 0.78539816339744828);
  const Number z = t * t;
  const Number w = z * z;
  const Number even = polynomial(w, -0.33333333333333326, -0.14285714285319132, -0.090909079973540086,
                                 -0.066661799606855088, -0.052155843388085883, -0.033218151333594605);
  const Number odd = polynomial(w, 0.19999999999997106, 0.11111111083993531, 0.076922795126087615, 0.05876573981219875,
                                0.044923196041406932, 0.01493970033376819);
  const Number p = fma(odd, z, even);
  const Number rest = fma(rest_of_t, inverse, base * 3.8981718325193755e-17);  // of pi / 2
  const Number tail = fma(t * z, p, rest);
  const Number sum = base + t;
  const Number rest_of_sum = (base - sum) + t;
  return with_sign_of(x, sum + (tail + rest_of_sum));
}

}  // namespace ricci::math
