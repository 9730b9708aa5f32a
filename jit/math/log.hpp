#pragma once
#include <utility>

#include "number.hpp"

namespace ricci::math {

/// A number as an exponent and a fraction: 2^n * m = 2^n * (1 + f), with 2/3 <= 1 + f < 4/3 in f32 and sqrt(1/2) <= 1 +
/// f < sqrt(2) in f64. (Put behind 2^52, an integer is a number already.)
template <class Number>
struct Parted {
  Number n, m, f;
  decltype(bits(std::declval<Number>())) exponent;  // n as the bits of a number have it
};

template <Single Number>
Parted<Number> parted(Number x) {
  const auto exponent = (bits(x) - 0x3f2aaaabu) & 0xff800000u;
  const Number n = to_number(exponent) * 0x1p-23f;
  const Number m = number(bits(x) - exponent);
  return {n, m, m - 1.0f, exponent};
}

template <Double Number>
Parted<Number> parted(Number x) {
  const auto exponent = (bits(x) - 0x3fe6a09e00000000u) & 0xfff0000000000000u;
  const auto biased = ((exponent >> std::uint64_t{52}) ^ 0x800u) | 0x4330000000000000u;
  const Number n = number(biased) - (0x1p52 + 2048);
  const Number m = number(bits(x) - exponent);
  return {n, m, m - 1.0, exponent};
}

/// log(1 + f) = f - f^2 / 2 + f^3 * p(f) on the fractions of f32, to 2^-27.7: p(f).
template <Single Number>
Number log_polynomial(Number f) {
  return polynomial(f, 0.333332151f, -0.249998063f, 0.200104266f, -0.166801959f, 0.14005734f, -0.121874779f,
                    0.139845937f, -0.128800541f);
}

/// log(1 + f) = 2 * atanh(s) = f - square + s * sum on the fractions of f64, to 2^-59.4, where s = f / (2 + f),
/// square = f^2 / 2 and sum = square + s^2 * p(s^2).
template <Double Number>
struct LogTerms {
  Number s, square, sum;
};

template <Double Number>
LogTerms<Number> log_terms(const Parted<Number>& parts) {
  const Number f = parts.f;
  const Number s = f / (parts.m + 1.0);
  const Number z = s * s;
  const Number half = f * 0.5;
  const Number square = half * f;
  const Number w = z * z;
  const Number even = polynomial(w, 0.66666666666667374, 0.28571428745741123, 0.18183581283761407, 0.14800038236142071);
  const Number odd = polynomial(w, 0.39999999999398661, 0.22222198238579693, 0.15313628815985186);
  const Number p = fma(odd, z, even);
  return {s, square, fma(z, p, square)};
}

/// The natural logarithm within 0.94 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <Single Number, class Library>
Number log(Number x, Library library) {
  const Parted<Number> parts = parted(x);
  const Number p = fma(log_polynomial(parts.f), parts.f, -0.5f);
  const Number rest = fma(parts.f * parts.f, p, parts.f);
  const Number result = fma(parts.n, 0.693147182f, rest);
  return usually(bits(x) - 0x00800000u < 0x7f000000u, result, [&] { return library(x); });
}

/// The natural logarithm within 0.86 ulp. Of subnormal numbers, 0, negative numbers, infinity and NaN it is that of
/// `library`.
template <Double Number, class Library>
Number log(Number x, Library library) {
  const Parted<Number> parts = parted(x);
  const LogTerms<Number> terms = log_terms(parts);
  const Number low = parts.n * 2.3190468138462996e-17;
  const Number rest = fma(terms.s, terms.sum, low);
  const Number result = fma(parts.n, 0.69314718055994529, parts.f - (terms.square - rest));
  return usually(bits(x) - 0x0010000000000000u < 0x7fe0000000000000u, result, [&] { return library(x); });
}

}  // namespace ricci::math
