#pragma once
#include "exp.hpp"

namespace ricci::math {

/// The hyperbolic tangent within 1.37 ulp.
template <Single Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  // Near 0 tanh x = x + x^3 * p(x^2), to 2^-27.7.
  const Number z = size * size;
  const Number p = polynomial(z, -0.333332807f, 0.133314058f, -0.0537365153f, 0.0206281673f, -0.0056922962f);
  const Number near_zero = fma(size * z, p, size);
  // Elsewhere tanh x = 1 - 2 / (e^2x + 1), which is 1 from 10 on. e^2x is as in exp, but for an x of half the size.
  const Number bounded = choose(size > 10.0f, 10.0f, size);
  const auto n = nearest_whole(bounded, 2.88539004f);
  Number r = fma(n.value, -0.346573591f, bounded);
  r = fma(n.value, 9.52327106e-10f, r);
  const Number q = polynomial(r, 1.0f, 2.0f, 1.99999976f, 1.33332181f, 0.666692674f, 0.26779303f, 0.0884370953f);
  const auto exponent = n.low_bits << std::uint32_t{23};
  const Number power = number(bits(q) + exponent);
  const Number elsewhere = 1.0f - 2.0f / (power + 1.0f);
  return with_sign_of(x, choose(size > 0.625f, elsewhere, near_zero));
}

/// The hyperbolic tangent within 1.3 ulp.
template <Double Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  // Near 0 tanh x = x + x^3 * p(x^2), to 2^-61.2.
  const Number z = size * size;
  const Number w = z * z;
  const Number even = polynomial(w, -0.33333333333333315, -0.053968253966140592, -0.0088632343341149486,
                                 -0.0014557269054047202, -0.00023702039609718861, -3.0199628013455011e-05);
  const Number odd = polynomial(w, 0.1333333333332995, 0.021869488470422048, 0.0035921141754913246,
                                0.00058945532449316174, 9.1572040714614131e-05, 6.0474430940045593e-06);
  const Number p = fma(odd, z, even);
  const Number near_zero = fma(size * z, p, size);
  // Elsewhere tanh x = 1 - 2 / (e^2x + 1).
  const Number power = exp(size + size);
  const Number elsewhere = 1.0 - 2.0 / (power + 1.0);
  return with_sign_of(x, choose(size < 0.625, near_zero, elsewhere));
}

}  // namespace ricci::math
