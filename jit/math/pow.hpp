#pragma once
#include "number.hpp"

namespace ricci::math {

/// x to the power of y within 0.8 ulp, computed in f64. Where x is not a normal positive number, or y is infinite or
/// NaN, it is what `library` gives.
template <Single Number, class Library>
Number pow(Number x, Number y, Library library) {
  // x = 2^n * (1 + f) with 2/3 <= 1 + f < 4/3, and log2(1 + f) = s * p(s^2), to 2^-37.8.
  const auto exponent = (bits(x) - 0x3f2aaaabu) & 0xff800000u;
  const Number n = to_number(exponent) * 0x1p-23f;
  const Number fraction = number(bits(x) - exponent) - 1.0f;
  const auto f = widen(fraction);
  // s = f / (f + 2) to 2^-45: a division of f32, and what it lacks.
  const auto inverse = widen(1.0f / (fraction + 2.0f));
  const auto lacks = fma(-inverse, f + 2.0, 1.0);
  const auto quotient = f * inverse;
  const auto s = fma(quotient, lacks, quotient);
  const auto p = polynomial(s * s, 2.885390081790141, 0.96179667328400897, 0.57708359448084257, 0.41167221787277638,
                            0.34073835153295251);
  auto power = widen(y) * fma(s, p, widen(n));
  // Beyond these bounds the result is infinite or 0, as it is at the bounds.
  power = choose(power > 200.0, 200.0, power);
  power = choose(power < -200.0, -200.0, power);
  const auto whole = nearest_whole(power, 1.0);
  const auto r = power - whole.value;
  // 2^r on |r| <= 1/2, to 2^-29.
  const auto w = r * r;
  const auto even = polynomial(w, 1.0000000005541669, 0.2402264689063057, 0.0096184889576552413,
                               0.00015345811797753617);
  const auto odd = polynomial(w, 0.69314720573726651, 0.055503287769680679, 0.0013399931217105514);
  const auto q = fma(odd, r, even);
  // An f64 has room for the exponent.
  const Number result = narrow(number(bits(q) + (whole.integer << std::uint64_t{52})));
  const auto positive = bits(x) - 0x00800000u < 0x7f000000u;
  const auto finite = bits(magnitude(y)) < 0x7f800000u;
  return usually(positive & finite, result, [&] { return library(x, y); });
}

}  // namespace ricci::math
