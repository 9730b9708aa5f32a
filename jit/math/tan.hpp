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

}  // namespace ricci::math
