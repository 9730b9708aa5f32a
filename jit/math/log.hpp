#pragma once
#include "number.hpp"

namespace ricci::math {

/// The natural logarithm within 0.94 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <Single Number, class Library>
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

/// The natural logarithm within 0.86 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <Double Number, class Library>
Number log(Number x, Library library) {
  // x = 2^n * (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2). Put behind 2^52, an integer is a number already.
  const auto exponent = (bits(x) - 0x3fe6a09e00000000u) & 0xfff0000000000000u;
  const auto biased = ((exponent >> std::uint64_t{52}) ^ 0x800u) | 0x4330000000000000u;
  const Number n = number(biased) - (0x1p52 + 2048);
  const Number f = number(bits(x) - exponent) - 1.0;
  // log(1 + f) = 2 * atanh(s) = f - f^2 / 2 + s * (f^2 / 2 + s^2 * p(s^2)), to 2^-59.4.
  const Number s = f / (f + 2.0);
  const Number z = s * s;
  const Number half = f * 0.5;
  const Number square = half * f;
  const Number w = z * z;
  const Number even = polynomial(w, 0.66666666666667374, 0.28571428745741123, 0.18183581283761407, 0.14800038236142071);
  const Number odd = polynomial(w, 0.39999999999398661, 0.22222198238579693, 0.15313628815985186);
  const Number p = fma(odd, z, even);
  const Number low = n * 2.3190468138462996e-17;
  const Number rest = fma(s, fma(z, p, square), low);
  const Number result = fma(n, 0.69314718055994529, f - (square - rest));
  return usually(bits(x) - 0x0010000000000000u < 0x7fe0000000000000u, result, [&] { return library(x); });
}

}  // namespace ricci::math
