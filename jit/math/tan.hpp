#pragma once
#include "sine.hpp"

namespace ricci::math {

/// The tangent within 1.49 ulp.
template <Single Number, class Library>
Number tan(Number x, Library library) {
  const Number size = magnitude(x);
  // size - n * pi / 2 = r + low, where pi / 2 has three parts. The first difference is exact.
  const auto n = nearest_whole(size, 0.636619747f);
  const Number first = fma(n.value, -1.57079637f, size);
  const Number second = n.value * 4.37113883e-08f;
  const Number r = first + second;
  const Number rest_of_r = second - (r - first);
  const Number rest_of_second = fma(n.value, 4.37113883e-08f, -second);
  const Number low = rest_of_r + fma(n.value, 1.71509942e-15f, rest_of_second);
  // tan r = r + r * z * p(z) on |r| <= pi / 4, to 2^-25.7; its derivative is about 1 + 1.6 * z.
  const Number z = r * r;
  const Number p = polynomial(z, 0.333331555f, 0.133388326f, 0.0534086786f, 0.0244390182f, 0.0031061729f,
                              0.00939331204f);
  const Number rest = low * fma(z, 1.6f, 1.0f);
  const Number tail = fma(r * z, p, rest);
  const Number t = r + tail;
  // tan(r + pi / 2) = -1 / tan r, with what t lacks.
  const Number rest_of_t = tail - (t - r);
  const Number inverse = 1.0f / t;
  const Number lacks = inverse * rest_of_t;
  const Number turned = fma(inverse, lacks, -inverse);
  const Number result = choose((n.integer & 1u) == 0u, t, turned);
  const auto sign = bits(x) & sign_bit<Number>;
  return usually(size < reducible<Number>, number(bits(result) ^ sign), [&] { return library(x); });
}

/// The tangent within 1.45 ulp.
template <Double Number, class Library>
Number tan(Number x, Library library) {
  const auto ordinary = magnitude(x) < reducible<Number>;
  // x - n * pi / 2 = r - low, where pi / 2 has three parts. The first difference is exact, and so is the product with
  // the second part, which has 31 bits.
  const auto n = nearest_whole(x, 0.63661977236758138);
  const Number first = fma(n.value, -1.5707963267948966, x);
  const Number second = n.value * 6.1232339940921402e-17;
  const Number r = first - second;
  const Number rest = second - (first - r);
  const Number low = fma(n.value, 1.6446256936324258e-26, rest);
  const Number z = r * r;
  // tan r = r + r * z * p(z) / d(z) on |r| <= pi / 4, to 2^-60.5: a quotient of r * d + r * z * p, which is near, and
  // d. The negative p and low keep the sign of a zero.
  const Number p =
      polynomial(z, -0.33333333333333331, 0.021441005408225366, -0.00024480365578871476, 1.7860967717824715e-08);
  const Number d = polynomial(z, 1.0, -0.4643230162246766, 0.02455885555247517, -0.00025595402359175753);
  const Number cube = r * z;
  const Number step = fma(cube, p, low);
  const Number near = fma(r, d, -step);
  const Number lacks = fma(r, d, -near) - step;
  // tan(r + pi / 2) = -1 / tan r, so that one division does for both.
  const auto even = (n.integer & std::uint64_t{1}) == std::uint64_t{0};
  const Number above = choose(even, near, d);
  const Number below = choose(even, d, near);
  const Number inverse = -1.0 / below;
  const Number t = above * inverse;
  const Number rest_of_division = fma(t, below, above);
  const Number whole_rest = fma(choose(even, Number(1.0), t), lacks, rest_of_division);
  const Number result = fma(whole_rest, inverse, t);
  return usually(ordinary, choose(even, -result, result), [&] { return library(x); });
}

}  // namespace ricci::math
