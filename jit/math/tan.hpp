#pragma once
#include "math/sine.hpp"

namespace ricci::math {

// Both subtract what is negative or +0 from the reduced argument, so that a zero keeps its sign, and ask early whether
// the argument is ordinary, where that is in the way of nothing.

/// The tangent within 1.42 ulp.
template <Single Number, class Library>
Number tan(Number x, Library library) {
  const auto ordinary = magnitude(x) < reducible<Number>;
  // x - n * pi / 2 = r - low, where pi / 2 has three parts. The first difference is exact.
  const auto n = nearest_whole(x, 0.636619747f);
  const Number first = fma(n.value, -1.57079625f, x);
  const Number second = n.value * 7.54979013e-08f;
  const Number r = first - second;
  const Number rest = second - (first - r);
  const Number rest_of_second = fma(n.value, 7.54979013e-08f, -second);
  const Number low = rest + fma(n.value, -1.71512451e-15f, rest_of_second);
  // tan r = r - r * z * p(z) on |r| <= pi / 4, to 2^-24.8, near 0 to 2^-27; its derivative is about 1 + z.
  const Number z = r * r;
  const Number p = polynomial(z, -0.333330303f, -0.133416265f, -0.0532064214f, -0.025080068f, -0.00218046131f,
                              -0.00989223737f);
  const Number tail = fma(z, fma(p, r, low), low);
  const Number t = r - tail;
  // tan(r + pi / 2) = -1 / tan r, with what that lacks of it.
  const Number inverse = -1.0f / t;
  const Number without_tail = fma(inverse, r, 1.0f);
  const Number lacks = fma(-inverse, tail, without_tail);
  const Number turned = fma(inverse, lacks, inverse);
  const auto even = (n.low_bits & 1u) == 0u;
  return usually(ordinary, choose(even, t, turned), [&] { return library(x); });
}

/// The tangent within 1.5 ulp.
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
  // tan r = (r * d(z) - r * z * p(z)) / d(z) on |r| <= pi / 4, to 2^-54.1, and to 2^-57 at the end, where
  // most roundings add up; the derivative of what is divided is about 1 + z.
  const Number z = r * r;
  const Number p = polynomial(z, -0.33333333333332926, 0.020540715558198371, -0.00020104409791998234);
  const Number d = polynomial(z, 1.0, -0.4616221466749002, 0.023347229061540437, -0.0002085334958130508);
  const Number step = fma(z, fma(p, r, low), low);
  const Number near = fma(r, d, -step);
  const Number lacks = fma(r, d, -near) - step;
  // tan(r + pi / 2) = -1 / tan r, so that one division does for both.
  const auto even = (n.low_bits & std::uint64_t{1}) == std::uint64_t{0};
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
