#pragma once
#include <limits>

#include "log.hpp"

namespace ricci::math {

/// (1 - e)^(-2/3) = 1 + e * p(e): the first terms of the series.
template <Single Number>
Number cbrt_polynomial(Number e) {
  return polynomial(e, 2 / 3.0f, 5 / 9.0f, 40 / 81.0f);
}

template <Double Number>
Number cbrt_polynomial(Number e) {
  return polynomial(e, 2 / 3.0, 5 / 9.0, 40 / 81.0, 110 / 243.0, 308 / 729.0);
}

/// The cube root. x = 2^(3q + r) * (1 + f) with r from -1 to 1; a = 2^r * (1 + f).
template <class Number>
Number cbrt(Number x) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  constexpr Real up = Single<Number> ? 0x1p24 : 0x1p54;
  constexpr Real back = Single<Number> ? 0x1p-8 : 0x1p-18;
  const Number size = magnitude(x);
  const auto subnormal = size < std::numeric_limits<Real>::min();
  const Number normal = choose(subnormal, size * up, size);
  const Parted<Number> parts = parted(normal);
  const auto q = nearest_whole(parts.n, Real{1} / 3);
  const Number r = fma(q.value, Number(Real{-3}), parts.n);
  const auto thrice = (q.integer << Bits{1}) + q.integer;
  const auto exponent_of_cube = thrice << Bits{F::fraction};
  const Number a = number(bits(normal) - exponent_of_cube);
  // (1 + f)^(-1/3) to 2^-11, and 2^(-r/3).
  const Number near = polynomial(parts.f, Real(0.999660492), Real(-0.33409211), Real(0.242194667), Real(-0.172248498));
  const Number change = fma(r, Number(Real(0.02681079)), Number(Real(-0.23311027)));
  const Number first = fma(near * r, change, near);
  // With so few bits of it that the square, and in f64 the cube, are exact.
  constexpr Bits kept = Single<Number> ? Bits(0xfffff000u) : Bits(0xfffffff000000000u);
  const Number inverse = number(bits(first) & kept);
  const Number square = inverse * inverse;
  const Number cube = square * inverse;
  Number lacks = fma(-a, cube, Number(Real{1}));
  if constexpr (Single<Number>) {
    const Number rest_of_cube = fma(square, inverse, -cube);
    lacks = fma(-a, rest_of_cube, lacks);
  }
  // The root is a * inverse^2 * (1 - lacks)^(-2/3).
  const Number near_root = a * square;
  const Number rest = fma(a, square, -near_root);
  const Number part = near_root * lacks;
  const Number p = cbrt_polynomial(lacks);
  const Number exact = near_root + fma(part, p, rest);
  const auto exponent = q.low_bits << Bits{F::fraction};
  const Number scaled = number(bits(exact) + exponent);
  const Number result = scaled * choose_constant(subnormal, back, Real{1}, x);
  const auto ordinary = bits(size) - Bits{1} < bits(std::numeric_limits<Real>::infinity()) - Bits{1};
  return choose(ordinary, with_sign_of(x, result), x);
}

}  // namespace ricci::math
