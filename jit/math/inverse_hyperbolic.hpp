#pragma once
#include <limits>

#include "math/log_of_base.hpp"
#include "math/root.hpp"

namespace ricci::math {

/// log(a + b + rest) for a >= b or a = 0, and log(2) more if it is `twice`.
template <class Number, class Condition>
Number log_of_sum(Number a, Number b, Number rest, Condition twice) {
  const Number sum = a + b;
  const Number lost = ((a - sum) + b) + rest;
  const Parted<Number> parts = parted(sum, base_e<RealOf<Number>>);
  const Number of_two = choose_constant(twice, std::numeric_limits<RealOf<Number>>::min(), RealOf<Number>{0}, sum);
  return log_with_rest(parts, lost, parts.exponent + bits(of_two));
}

/// From here on x and the root of x^2, more or less 1, are the same: the logarithm is log(x) + log(2).
template <class Number>
constexpr RealOf<Number> no_root = Single<Number> ? 0x1p20 : 0x1p40;

/// asinh x = log(x + sqrt(x^2 + 1)), and x where that is tiny, infinite or NaN.
template <class Number>
Number asinh(Number x) {
  using Real = RealOf<Number>;
  constexpr Real tiny = Single<Number> ? 0x1p-12 : 0x1p-28;
  const Number size = magnitude(x);
  const Number sum = fma(size, size, Number(Real{1}));
  const Number missing = fma(size, size, Real{1} - sum);
  // For small x the root must have an exact rest.
  const Number near_1 = fma(sum, Number(Real{-0.5}), Number(Real{1.5}));
  const auto is_small = size < Real{0.5};
  const auto root = root_of(sum, missing, choose(is_small, near_1, inverse_root(sum)));
  const auto is_large = size > no_root<Number>;
  const Number longer = choose(is_large, Real{0}, root.root);
  const Number rest = choose(is_large, Real{0}, root.rest);
  const Number value = with_sign_of(x, log_of_sum(longer, size, rest, is_large));
  const auto usual = bits(size) - bits(tiny) < bits(std::numeric_limits<Real>::infinity()) - bits(tiny);
  return choose(usual, value, x);
}

/// acosh x = log(x + sqrt(x^2 - 1))
template <class Number>
Number acosh(Number x) {
  using Real = RealOf<Number>;
  const Number square = x * x;
  const Number square_rest = fma(x, x, -square);
  const Number less = square - Real{1};
  const Number difference = fma(x, x, Number(Real{-1}));
  const Number missing = (less - difference) + square_rest;
  const auto root = root_of(difference, missing, inverse_root(difference));
  const auto is_large = x > no_root<Number>;
  const Number shorter = choose(is_large, Real{0}, root.root);
  const Number rest = choose(is_large, Real{0}, root.rest);
  const Number value = log_of_sum(x, shorter, rest, is_large);
  const auto above = bits(x) - bits(Real{1});
  const auto usual = above < bits(std::numeric_limits<Real>::infinity()) - bits(Real{1});
  const auto infinite = x > Real{1};
  return choose(usual, value, choose(infinite, x, std::numeric_limits<Real>::quiet_NaN()));
}

/// atanh s = s + s^3 * p(s^2) for |s| <= 0.2007: in f32 to 2^-28.4, in f64 to 2^-62.6.
template <Single Number>
Number atanh_polynomial(Number z) {
  return polynomial(z, 0.333334774f, 0.199785292f, 0.151886657f);
}

template <Double Number>
Number atanh_polynomial(Number z) {
  const Number w = z * z;
  const Number even =
      polynomial(w, 0.33333333333333298, 0.14285714277800871, 0.090908319337747623, 0.065861901314750795);
  const Number odd =
      polynomial(w, 0.20000000000028653, 0.11111112163465259, 0.076955907909093291, 0.069257668044316531);
  return fma(odd, z, even);
}

/// atanh x = log((1 + x) / (1 - x)) / 2. With a power of two, 2^n, that is near the quotient, it is n * log(2) / 2 +
/// atanh(s) for s = (1 + x - 2^n * (1 - x)) / (1 + x + 2^n * (1 - x)).
template <class Number>
Number atanh(Number x) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  constexpr bool single = Single<Number>;
  constexpr Real whole = static_cast<Real>(Bits{1} << F::fraction);
  const Number size = magnitude(x);
  const Number above = size + Real{1};
  const Number above_rest = size - (above - Real{1});
  const Number below = Real{1} - size;
  const Number below_rest = (Real{1} - below) - size;
  // The bits of a number are nearly a logarithm.
  const auto bits_below = bits(below);
  const auto logarithm = bits(above) - bits_below;
  const auto integer = (logarithm + Bits{Bits{1} << (F::fraction - 1)}) >> Bits{F::fraction};
  const Number n = number(integer | bits(whole)) - whole;
  const Number power = number((integer + Bits{F::bias}) << Bits{F::fraction});
  const Number like = below * power;
  const Number top = above - like;  // exact
  const Number top_rest = fma(-power, below_rest, above_rest);
  const Number bottom = above + like;
  const Number rest_of_bottom = (above - bottom) + like;
  const Number bottom_rest = fma(power, below_rest, rest_of_bottom + above_rest);
  const Number inverse = Real{1} / bottom;
  const Number s = top * inverse;
  const Number opposite = -s;
  const Number missing = fma(opposite, bottom, top);
  const Number all_missing = fma(opposite, bottom_rest, missing + top_rest);
  const Number z = s * s;
  const Number cube = s * z;
  const Number low = n * Real(single ? 0x1.7f7d1cp-21 : 0x1.9ef35793c7673p-42);
  const Number high = n * Real(single ? 0x1.62e4p-2 : 0x1.62e42fefa2p-2);  // of log(2) / 2, exact
  const Number beyond = fma(all_missing, inverse, fma(cube, atanh_polynomial(z), low));
  const Number sum = high + s;
  const Number rest_of_sum = (high - sum) + s;
  const Number value = sum + (rest_of_sum + beyond);
  const auto is_one = bits(size) == bits(Real{1});
  const Number end =
      choose_constant(is_one, std::numeric_limits<Real>::infinity(), std::numeric_limits<Real>::quiet_NaN(), size);
  const auto inside = size < Real{1};
  return with_sign_of(x, choose(inside, value, end));
}

}  // namespace ricci::math
