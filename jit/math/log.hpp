#pragma once
#include "math/log_of_base.hpp"

namespace ricci::math {

/// log(1 + f) = f - f^2 / 2 + f^3 * p(f) on [-1/3, 1/3], to 2^-27.7: p(f).
template <Single Number>
Number log_polynomial(Number f) {
  return polynomial(f, 0.333332151f, -0.249998063f, 0.200104266f, -0.166801959f, 0.14005734f, -0.121874779f,
                    0.139845937f, -0.128800541f);
}

/// The natural logarithm within 0.94 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`. x = 2^n * (1 + f) with 2/3 <= 1 + f < 4/3.
template <Single Number, class Library>
Number log(Number x, Library library) {
  const auto exponent = (bits(x) - 0x3f2aaaabu) & 0xff800000u;
  const Number n = to_number(exponent) * 0x1p-23f;
  const Number f = number(bits(x) - exponent) - 1.0f;
  const Number p = fma(log_polynomial(f), f, -0.5f);
  const Number rest = fma(f * f, p, f);
  const Number result = fma(n, 0.693147182f, rest);
  return usually(bits(x) - 0x00800000u < 0x7f000000u, result, [&] { return library(x); });
}

/// The natural logarithm within 0.6 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <Double Number, class Library>
Number log(Number x, Library library) {
  return log_of_base(x, base_e<double>, library);
}

/// log(1 + x). The fraction gets what the sum has lost. Where there is no logarithm it is what `library` gives.
template <class Number, class Library>
Number log1p(Number x, Library library) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  constexpr Real large = Single<Number> ? 0x1p60 : 0x1p500;
  const Number u = x + Real{1};
  const auto is_more = x > Real{1};
  const Number more = choose(is_more, x, Real{1});
  const Number less = choose(is_more, Real{1}, x);
  const Number lost = less - (u - more);
  const Parted<Number> parts = parted(u, base_e<Real>);
  // 2^-n is a number for all n that there are here.
  const Number delta = lost * number(BitsOf<Number>{F::bias << F::fraction} - parts.exponent);
  const Number low = fma(delta, inverse_of_fraction(parts), parts.low);
  const Number value = with_sign_of(x, log_of_parts(parts, base_e<Real>, parts.exponent, low));  // of -0
  const auto usual = bits(u) - BitsOf<Number>{1} < BitsOf<Number>{bits(large) - 1};
  return usually(usual, value, [&] {
    const Number of_large = log(x, [](Number all) { return all; });
    const Number others = library(x);
    return choose(is_more, of_large, others);
  });
}

}  // namespace ricci::math
