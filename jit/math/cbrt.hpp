#pragma once
#include <limits>

#include "log.hpp"

namespace ricci::math {

/// The cube root. x = 2^(3q + r) * (1 + f) with r from -1 to 1; a = 2^r * (1 + f).
template <class Number>
Number cbrt(Number x) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  constexpr Real up = Single<Number> ? 0x1p24 : 0x1p54;
  constexpr Real down = Single<Number> ? -24 : -54;
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
  const Number power = polynomial(r, Real{1}, Real(-0.23311027), Real(0.02681079));
  const Number first = near * power;
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
  const Number p = Single<Number>
                       ? polynomial(lacks, Real{2} / 3, Real{5} / 9, Real{40} / 81)
                       : polynomial(lacks, Real{2} / 3, Real{5} / 9, Real{40} / 81, Real{110} / 243, Real{308} / 729);
  const Number exact = near_root + fma(part, p, rest);
  const Number moved = q.value + choose_constant(subnormal, down / 3, Real{0}, x);
  const auto exponent = nearest_whole(moved, Real{1}).integer << Bits{F::fraction};
  const Number result = number(bits(exact) + exponent);
  const auto ordinary = bits(size) - Bits{1} < bits(std::numeric_limits<Real>::infinity()) - Bits{1};
  return choose(ordinary, with_sign_of(x, result), x);
}

}  // namespace ricci::math
