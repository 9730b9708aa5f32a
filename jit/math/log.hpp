#pragma once
#include "number.hpp"

namespace ricci::math {

/// The natural logarithm within 0.94 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <class Number, class Library>
Number log(Number x, Library library) {
  // x = 2^n * (1 + f) with 2/3 <= 1 + f < 4/3.
  const auto exponent = (bits(x) - 0x3f2aaaabu) & 0xff800000u;
  const Number n = to_number(exponent) * 0x1p-23f;
  const Number f = number(bits(x) - exponent) - 1.0f;
  // log(1 + f) = f - f^2 / 2 + f^3 * p(f), to 2^-27.7.
  const Number p = polynomial(f, -0.5f, 0.333332151f, -0.249998063f, 0.200104266f, -0.166801959f, 0.14005734f,
                              -0.121874779f, 0.139845937f, -0.128800541f);
  const Number rest = fma(f * f, p, f);
  const Number result = fma(n, 0.693147182f, rest);
  return usually(bits(x) - 0x00800000u < 0x7f000000u, result, [&] { return library(x); });
}

}  // namespace ricci::math
