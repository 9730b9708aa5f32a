#pragma once
#include <bit>

#include "math/number.hpp"

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

/// 2^(k / 16) in two parts for k from 0 to 15: the nearest number, and what is missing, as a fraction of it.
inline constexpr Table<double, 2> sixteenths{
    {{1.0, 1.0442737824274138, 1.0905077326652577, 1.1387886347566916, 1.189207115002721, 1.241857812073484,
      1.2968395546510096, 1.3542555469368927, 1.4142135623730951, 1.4768261459394993, 1.5422108254079407,
      1.6104903319492543, 1.681792830507429, 1.7562521603732995, 1.8340080864093424, 1.9152065613971474},
     {0.0, 8.1893176381955148e-17, -2.7939114859515733e-17, 7.8265732586360762e-17, 3.3484623336251524e-17,
      3.7508542013031272e-17, 1.9572585293112036e-17, 5.68648095791174e-17, -6.835808657661922e-17,
      -2.3591094770850053e-17, 5.1548301170786783e-17, 1.5341410053603723e-17, 4.8751605262270617e-17,
      1.6854872906289731e-17, 1.7901269076045131e-17, -5.5450656186394267e-17}}};
/// The first parts less k / 16 of an exponent, which the bits of k add again.
inline constexpr Table<double, 2> lowered_sixteenths = [] {
  Table<double, 2> lowered = sixteenths;
  for (std::uint64_t k = 0; k < lowered[0].size(); ++k)
    lowered[0][k] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(lowered[0][k]) - (k << 48));
  return lowered;
}();

/// 2^n * (1 + beyond) for a number of sixteenths n.
template <Double Number, class Integer>
struct Sixteenths {
  Whole<Number, Integer> n;
  Number beyond;
};

/// 2^n * e^r on |r| <= ln 2 / 32, or a little more, to 2^-66.2. The table is one of both.
template <Double Number, class Integer>
Sixteenths<Number, Integer> exp_in_sixteenths(Whole<Number, Integer> n, Number r, const Table<double, 2>& table) {
  const Number z = r * r;
  const Number even = polynomial(z, 0.50000000000000044, 0.04166666666074114, 0.001388911026585141);
  const Number odd = polynomial(z, 0.1666666666666668, 0.0083333333321869846, 0.00019841585328052034);
  const Number p = fma(odd, r, even);
  return {n, fma(z, p, r + entry(table, 1, n.low_bits))};
}

/// e^x
template <Double Number>
auto exp_in_sixteenths(Number x, const Table<double, 2>& table) {
  const auto n = nearest_sixteenth(x, 1.4426950408889634);
  const Number first = fma(n.value, Number(-0.69314718055994529), x);  // exact
  return exp_in_sixteenths(n, fma(n.value, Number(-2.3190468138462996e-17), first), table);
}

/// The number itself, of parts with the table `sixteenths`.
template <Double Number, class Integer>
Number whole(const Sixteenths<Number, Integer>& parts) {
  const Number power = entry(sixteenths, 0, parts.n.low_bits);
  return scale(fma(power, parts.beyond, power), parts.n);
}

/// The same where that is ordinary, of parts with the table `lowered_sixteenths`.
template <Double Number, class Integer>
Number whole_of_ordinary(const Sixteenths<Number, Integer>& parts) {
  const auto exponent = parts.n.low_bits << std::uint64_t{48};
  const Number power = number(bits(entry(lowered_sixteenths, 0, parts.n.low_bits)) + exponent);
  return fma(power, parts.beyond, power);
}

/// e^x within 0.54 ulp; subnormal results within 0.83.
template <Double Number>
Number exp(Number x) {
  x = choose(x > 710.0, 710.0, x);
  x = choose(x < -746.0, -746.0, x);
  return whole(exp_in_sixteenths(x, sixteenths));
}

/// The same for code that has no instruction for scale.
template <Double Number>
Number exp_of_ordinary(Number x) {
  const Number ordinary = whole_of_ordinary(exp_in_sixteenths(x, lowered_sixteenths));
  return usually(magnitude(x) < 708.0, ordinary, [&] { return exp(x); });
}

}  // namespace ricci::math
