#pragma once
#include <limits>

#include "number.hpp"

namespace ricci::math {

/// size^(-1/3) within 3.4 %, from the bits of a normal number as a logarithm: a constant less a third of them.
template <Single Number>
Number inverse_cube_root_start(Number size) {
  const Number third = fma(to_number(bits(size)), Number(-0x1p-9f / 3), Number(0x1p23f + 2773246));
  return number(bits(third) << std::uint32_t{9});
}
template <Double Number>
Number inverse_cube_root_start(Number size) {
  const auto behind = (bits(size) >> std::uint64_t{32}) | 0x4330000000000000u;  // as a number 2^52 more than the bits
  const Number third = fma(number(behind), Number(-1 / 3.0), Number(0x1p52 + 0x1p52 / 3 + 1430186545));
  return number(bits(third) << std::uint64_t{32});
}

/// (1 - e)^(-1/3) on |e| <= 0.103: in f32 to 2^-14.4, and 2^-12 more than it is, which the bits that are cut off then
/// make up for; in f64 to 2^-18.9.
template <Single Number>
Number inverse_cube_root_polynomial(Number e) {
  return polynomial(e, 1.00024164f, 0.334796458f, 0.223890394f);
}
template <Double Number>
Number inverse_cube_root_polynomial(Number e) {
  return polynomial(e, 0.99999796048020528, 0.33332829193231112, 0.22375910348699526, 0.17458405813262709);
}

/// (1 - e)^(-2/3) = 1 + e * p(e): in f32 to 2^-33.5 on |e| <= 2^-10.2, in f64 the first terms of the series.
template <Single Number>
Number cube_root_polynomial(Number e) {
  return polynomial(e, 0.666666925f, 0.55555588f);
}
template <Double Number>
Number cube_root_polynomial(Number e) {
  return polynomial(e, 2 / 3.0, 5 / 9.0, 40 / 81.0);
}

/// The cube root of a normal positive number, or of 0.
template <class Number>
Number cube_root(Number size) {
  using Real = RealOf<Number>;
  using Bits = BitsOf<Number>;
  const Number start = inverse_cube_root_start(size);
  const Number square_of_start = start * start;
  const Number product = size * start;
  const Number e = fma(-product, square_of_start, Number(Real{1}));
  const Number first = start * inverse_cube_root_polynomial(e);
  // size^(-1/3) with so few bits that the square is exact.
  constexpr Bits kept = Single<Number> ? Bits(0xfffff000u) : Bits(0xffffffffe0000000u);
  const Number inverse = number(bits(first) & kept);
  const Number square = inverse * inverse;
  // The root is size * inverse^2 * (1 - lacks)^(-2/3).
  const Number near_root = size * square;
  const Number rest = fma(size, square, -near_root);
  const Number without_rest = fma(-near_root, inverse, Number(Real{1}));
  const Number lacks = fma(-rest, inverse, without_rest);
  const Number part = near_root * lacks;
  return near_root + fma(part, cube_root_polynomial(lacks), rest);
}

/// The cube root within 0.51 ulp. No step has a subnormal number, for which processors may need a hundred cycles.
template <class Number>
Number cbrt(Number x) {
  using Real = RealOf<Number>;
  using Bits = BitsOf<Number>;
  using Limits = std::numeric_limits<Real>;
  // The bits of a subnormal number, put behind this one, are 2^150 or 2^1074 times as much.
  constexpr Real before = Single<Number> ? 0x1p24 : 0x1p52;
  constexpr Real back = Single<Number> ? 0x1p-50 : 0x1p-358;
  const Number size = magnitude(x);
  const auto subnormal = size < Limits::min();
  const Number behind = number(bits(size) | Bits{bits(before)});
  const Number root = cube_root(choose(subnormal, behind - before, size));
  const Number result = choose(subnormal, root * back, root);
  const auto finite = size < Limits::infinity();
  return choose(finite, with_sign_of(x, result), x);
}

}  // namespace ricci::math
