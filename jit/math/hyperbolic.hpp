#pragma once
#include "exp.hpp"

namespace ricci::math {

/// The hyperbolic cosine and sine divided by 2^n.
template <class Number, class Integer>
struct Hyperbolic {
  Whole<Number, Integer> n;
  Number cosine, sine;
};

/// Of a number that is not negative. For size = n * ln 2 + r and v = 2^(-2n) / 2 the cosine is (1/2 + v) * cosh r +
/// (1/2 - v) * sinh r, and the sine the same with the factors exchanged. e^r and e^-r have their terms in common.
template <class Number>
auto hyperbolic(Number size) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  const auto [n, r, rest] = reduced(size);
  const ExpTerms<Number> terms = exp_terms(r);
  const auto twice = n.low_bits << Bits{F::fraction + 1};
  const auto is_large = size > Real{40};
  const Number v = choose(is_large, Real{0}, number(Bits{(F::bias - 1) << F::fraction} - twice));
  const Number sum = v + Real{0.5};
  const Number sum_rest = (Real{0.5} - sum) + v;
  const Number difference = Real{0.5} - v;
  const Number difference_rest = (Real{0.5} - difference) - v;
  // cosh r = 1 + even, sinh r = r + odd
  const Number even = terms.z * terms.even;
  const Number cube = terms.z * r;
  const Number odd = fma(cube, terms.odd, rest);
  const Number cosine = fma(difference, r, sum);
  const Number cosine_beyond = fma(sum, even, fma(difference, r, sum - cosine));
  const Number sine = fma(sum, r, difference);
  const Number sine_beyond = fma(difference, even, fma(sum, r, difference - sine));
  return Hyperbolic{n, cosine + fma(difference, odd, cosine_beyond + sum_rest),
                    sine + fma(sum, odd, sine_beyond + difference_rest)};
}

/// The hyperbolic sine and cosine. From these bounds on they are infinite; a NaN passes.
template <class Number>
constexpr RealOf<Number> hyperbolic_end = Single<Number> ? 90 : 711;

template <class Number>
Number sinh(Number x) {
  const Number size = magnitude(x);
  const auto parts = hyperbolic(choose(size > hyperbolic_end<Number>, hyperbolic_end<Number>, size));
  return with_sign_of(x, scale(parts.sine, parts.n));
}

template <class Number>
Number cosh(Number x) {
  const Number size = magnitude(x);
  const auto parts = hyperbolic(choose(size > hyperbolic_end<Number>, hyperbolic_end<Number>, size));
  return scale(parts.cosine, parts.n);
}

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

/// With e = e^(-2 * size) - 1 the hyperbolic tangent is -e / (2 + e), of which both are in two parts.
template <Double Number>
Number tanh(Number x) {
  const Number size = magnitude(x);
  const auto [n, r, rest] = reduced(choose(size > 20.0, 20.0, size) * -2.0);
  const Number beyond = exp_beyond(r, rest);
  const Number factor = number((n.low_bits + std::uint64_t{1023}) << std::uint64_t{52});
  const Number less = factor - 1.0;
  const Number rest_of_less = factor - (less + 1.0);
  const Number sum = fma(factor, r, less);
  const Number rest_of_sum = fma(factor, r, (less - sum) + rest_of_less);
  const Number e_beyond = fma(factor, beyond, rest_of_sum);
  const Number e = sum + e_beyond;
  const Number rest_of_e = (sum - e) + e_beyond;
  const Number below = e + 2.0;
  const Number rest_of_below = e - (below - 2.0);
  const Number inverse = -1.0 / below;
  const Number t = e * inverse;
  const Number missing = fma(t, below, e);
  const Number rests = rest_of_below + rest_of_e;
  const Number missing_rests = fma(t, rests, rest_of_e);
  const Number result = fma(missing + missing_rests, inverse, t);
  return with_sign_of(x, magnitude(result));  // -0 is one, too
}

}  // namespace ricci::math
