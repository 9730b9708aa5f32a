#pragma once
#include "number.hpp"

namespace ricci::math {

/// e^x within 0.90 ulp; subnormal results, too.
template <Single Number>
Number exp(Number x) {
  // Outside of these bounds the result is infinite or 0, as it is at the bounds. A NaN passes.
  x = choose(x > 89.0f, 89.0f, x);
  x = choose(x < -104.0f, -104.0f, x);
  // x = n * ln 2 + r, where ln 2 has two parts.
  const auto n = nearest_whole(x, 1.44269502f);
  Number r = fma(n.value, -0.693147182f, x);
  r = fma(n.value, 1.90465421e-09f, r);
  // e^r = 1 + r + r^2 * p(r) on |r| <= ln 2 / 2, to 2^-28.2.
  const Number p = polynomial(r, 1.0f, 1.0f, 0.49999994f, 0.166665226f, 0.0416682921f, 0.00836853217f, 0.00138182961f);
  return scale(p, n);
}

/// The same for code that has no instruction for scale: ordinary results get their exponent by an addition.
template <Single Number>
Number exp_of_ordinary(Number x) {
  const auto n = nearest_whole(x, 1.44269502f);
  Number r = fma(n.value, -0.693147182f, x);
  r = fma(n.value, 1.90465421e-09f, r);
  const Number p = polynomial(r, 1.0f, 1.0f, 0.49999994f, 0.166665226f, 0.0416682921f, 0.00836853217f, 0.00138182961f);
  const auto exponent = n.low_bits << std::uint32_t{23};
  return usually(magnitude(x) < 87.0f, number(bits(p) + exponent), [&] { return exp(x); });
}

/// x = n * ln 2 + r + rest
template <class Number, class Integer>
struct Reduced {
  Whole<Number, Integer> n;
  Number r, rest;
};

template <class Number>
auto reduced(Number x) {
  using Real = RealOf<Number>;
  constexpr Real ln2 = Single<Number> ? 0.693147182f : 0.69314718055994529;
  constexpr Real missing = Single<Number> ? -1.90465421e-09f : 2.3190468138462996e-17;
  const auto n = nearest_whole(x, Real(1.4426950408889634));
  const Number first = fma(n.value, Number(-ln2), x);  // exact
  const Number r = fma(n.value, Number(-missing), first);
  const Number rest = fma(n.value, Number(-missing), first - r);
  return Reduced{n, r, rest};
}

/// e^r = 1 + r + z * (even + r * odd) on |r| <= ln 2 / 2, where z = r^2: in f32 to 2^-28.2, in f64 to 2^-57.9.
template <class Number>
struct ExpTerms {
  Number z, even, odd;
};

template <Single Number>
ExpTerms<Number> exp_terms(Number r) {
  const Number z = r * r;
  const Number even = polynomial(z, 0.49999994f, 0.0416682921f, 0.00138182961f);
  return {z, even, polynomial(z, 0.166665226f, 0.00836853217f)};
}

template <Double Number>
ExpTerms<Number> exp_terms(Number r) {
  const Number z = r * r;
  const Number even = polynomial(z, 0.50000000000000111, 0.041666666666528726, 0.0013888888943726497,
                                 2.4801493141885917e-05, 2.7630205222895601e-07);
  const Number odd = polynomial(z, 0.16666666666666463, 0.0083333333334715907, 0.00019841269543736595,
                                2.755756045031641e-06, 2.5006651605233057e-08);
  return {z, even, odd};
}

/// e^(r + rest) - 1 - r
template <Double Number>
Number exp_beyond(Number r, Number rest) {
  const ExpTerms<Number> terms = exp_terms(r);
  const Number q = fma(terms.odd, r, terms.even);
  return fma(terms.z, q, rest);
}

/// 1 + r + beyond
template <Double Number>
Number one_more(Number r, Number beyond) {
  const Number sum = r + 1.0;
  const Number rest_of_sum = r - (sum - 1.0);
  return sum + (beyond + rest_of_sum);
}

/// e^x within 0.54 ulp; subnormal results within 0.83.
template <Double Number>
Number exp(Number x) {
  x = choose(x > 710.0, 710.0, x);
  x = choose(x < -746.0, -746.0, x);
  const auto parts = reduced(x);
  const Number beyond = exp_beyond(parts.r, parts.rest);
  const Number p = one_more(parts.r, beyond);
  return scale(p, parts.n);
}

}  // namespace ricci::math
