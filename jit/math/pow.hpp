#pragma once
#include <limits>

#include "exp.hpp"
#include "log.hpp"

namespace ricci::math {

/// 2^logarithm = 2^whole * q, but where it is out of range.
template <class Number, class Integer>
struct Power {
  Number logarithm;
  Whole<Number, Integer> whole;
  Number q;
};

/// size^y for a normal positive number.
template <Single Number>
auto power_of(Number size, Number y) {
  using Bits = BitsOf<Number>;
  // x = 2^n * m with 0.7 <= m < 1.41, in 16 intervals of equal bits, and 1 / c is near the middle of that of m. c has
  // so few bits that f = m * c - 1 is exact; |f| < 0.0343. -log2(c) has two parts, of which the first has 17 bits
  // after the point, so that n + the first is exact.
  static constexpr Table inverse{1.375f,   1.34375f, 1.28125f, 1.21875f,  1.1875f,  1.15625f,  1.09375f,  1.0625f,
                                 1.03125f, 1.0f,     0.9375f,  0.890625f, 0.84375f, 0.796875f, 0.765625f, 0.71875f};
  static constexpr Table log_high{-0.459434509f,  -0.426261902f, -0.357551575f, -0.285400391f,
                                  -0.247924805f,  -0.209449768f, -0.12928009f,  -0.0874633789f,
                                  -0.0443954468f, 0.0f,          0.0931091309f, 0.167106628f,
                                  0.245109558f,   0.327575684f,  0.385292053f,  0.47644043f};
  static constexpr Table log_low{
      2.89063996e-06f,  -2.85284659e-06f, -4.2991104e-07f, -1.82823726e-06f, -2.70875603e-06f,
      -3.59756245e-06f, -2.92661298e-06f, 5.37655922e-07f, 1.32741889e-06f,  0.0f,
      2.73532095e-07f,  3.3574172e-06f,   2.93973108e-06f, -1.02556521e-06f, -1.89733782e-06f,
      -2.38574444e-06f};
  const auto above = bits(size) - 0x3f340000u;
  const auto place = above >> Bits{19};
  const auto exponent = above & 0xff800000u;
  const Number m = number(bits(size) - exponent);
  const Number f = fma(m, entry(inverse, place), -1.0f);
  const Number n = to_number(signed_shift(above, 23));
  const Number base = n + entry(log_high, place);
  // log2(1 + f) = f * t = f * (log2(e) - f / 2 * log2(e) + f^2 * p(f)), to 2^-36.6: t has two parts, and the sum too.
  const Number t = fma(f, -0.721347511f, 1.44269502f);
  const Number missing = fma(f, -0.721347511f, 1.44269502f - t);
  const Number beyond = polynomial(f, -9.62981517e-09f, 0.480898231f, -0.360673577f, 0.288869888f, -0.240818053f);
  const Number rest_of_t = fma(beyond, f, missing + 1.92596303e-08f);
  const Number high = fma(f, t, base);
  const Number rest_of_high = fma(f, t, base - high);
  const Number low = fma(f, rest_of_t, rest_of_high + entry(log_low, place));
  const Number log = high + low;
  const Number rest_of_log = low - (log - high);
  // x^y = 2^(y * log2(x)) = 2^whole * 2^r
  const Number power = y * log;
  const Number rest_of_power = fma(y, rest_of_log, fma(y, log, -power));
  const auto whole = nearest_whole(power, 1.0f);
  const Number r = (power - whole.value) + rest_of_power;
  // 2^r on |r| <= 1/2, to 2^-28.3.
  const Number q =
      polynomial(r, 1.0f, 0.693147182f, 0.240226477f, 0.0555035956f, 0.00961850584f, 0.00133910251f, 0.000153267814f);
  return Power{power, whole, q};
}

template <Double Number>
auto power_of(Number size, Number y) {
  const Parted<Number> parts = parted(size);
  // log2(x) = n + 2 / ln 2 * atanh(s) for s = f / (2 + f), in two parts; each step has the rest of its rounding.
  const Number below = parts.m + 1.0;
  const Number rest_of_below = parts.m - (below - 1.0);
  const Number s = parts.f / below;
  const Number opposite = -s;
  const Number missing = fma(opposite, below, parts.f);
  const Number inverse = fma(opposite, 0.5, Number(0.5));  // 1 / (2 + f)
  const Number rest_of_s = inverse * fma(opposite, rest_of_below, missing);
  const Number high = s * 2.8853900817779268;
  const Number lost_of_high = fma(s, 2.8853900817779268, -high);
  const Number rest_of_high = fma(rest_of_s, 2.8853900817779268, fma(s, 4.0710547481862066e-17, lost_of_high));
  // atanh s = s + s * z / 3 + s * z^2 * p(z), to 2^-66.3: the last is so small that its rounding does not matter.
  const Number z = s * s;
  const Number lost_of_z = fma(s, s, -z);
  const Number rest_of_z = fma(rest_of_s, s + s, lost_of_z);
  const Number cube = high * z;
  const Number lost_of_cube = fma(high, z, -cube);
  const Number rest_of_cube = fma(rest_of_high, z, fma(high, rest_of_z, lost_of_cube));
  const Number third = cube * 0.33333333333333331;
  const Number lost_of_third = fma(cube, 0.33333333333333331, -third);
  const Number rest_of_third = fma(rest_of_cube, 0.33333333333333331, fma(cube, 1.8503717077085943e-17, lost_of_third));
  const Number w = z * z;
  const Number even =
      polynomial(w, 0.20000000000001128, 0.11111111259940688, 0.076933785300541249, 0.065981263736542603);
  const Number odd = polynomial(w, 0.14285714285049858, 0.090908921859811434, 0.066284125243856851);
  const Number fifth = cube * z;
  const Number rest_of_fifth = fma(rest_of_cube, z, cube * rest_of_z);
  const Number first_sum = parts.n + high;
  const Number rest_of_first = (parts.n - first_sum) + high;
  const Number sum = first_sum + third;
  const Number rest_of_sum = (first_sum - sum) + third;
  const Number rests = rest_of_first + (rest_of_high + rest_of_third);
  const Number p = fma(odd, z, even);
  const Number low = fifth * p;
  const Number log = sum + low;
  const Number rest_of_low = (sum - log) + low;
  const Number rest_of_log = rest_of_low + fma(rest_of_fifth, p, rest_of_sum + rests);
  // x^y = 2^(y * log2(x)) = 2^whole * e^(r + rest)
  const Number power = y * log;
  const Number rest_of_power = fma(y, rest_of_log, fma(y, log, -power));
  const auto whole = nearest_whole(power, 1.0);
  const Number fraction = power - whole.value;
  const Number r = fraction * 0.69314718055994529;
  const Number lost_of_r = fma(fraction, 0.69314718055994529, -r);
  const Number rest = fma(rest_of_power, 0.69314718055994529, fma(fraction, 2.3190468138462996e-17, lost_of_r));
  // e^(r + rest) = e^r + rest * e^r: the rest of a large power is so large that the last factor matters.
  const ExpTerms<Number> terms = exp_terms(r);
  const Number beyond = terms.z * fma(terms.odd, r, terms.even);
  const Number near = r + 1.0;
  const Number rest_of_near = r - (near - 1.0);
  const Number without_rest = beyond + rest_of_near;
  const Number tail = fma(rest, near + beyond, without_rest);
  return Power{power, whole, near + tail};
}

/// x to the power of y within 0.93 ulp. Where x is subnormal, infinite or NaN, or y is infinite or NaN, it is what
/// `library` gives.
template <class Number, class Library>
Number pow(Number x, Number y, Library library) {
  using Real = RealOf<Number>;
  using F = Format<Number>;
  using Bits = BitsOf<Number>;
  using Limits = std::numeric_limits<Real>;
  constexpr Real infinity = Limits::infinity();
  constexpr Bits least_normal = Bits{1} << F::fraction;
  constexpr Bits normal_numbers = (F::bias * 2) << F::fraction;
  const Number size = magnitude(x);
  const auto [power, whole, q] = power_of(size, y);
  const auto power_of_two = whole.low_bits << Bits{F::fraction};
  const Number result = number(bits(q) + power_of_two);
  const auto positive = bits(x) - least_normal < Bits{normal_numbers};
  const auto ordinary = magnitude(power) < Real{F::bias - 2};
  return usually(positive & ordinary, result, [&] {
    // Subnormal, 0 or infinite.
    Number power_of_size = scale(q, whole);
    power_of_size = choose(power > Real{F::bias + 23}, infinity, power_of_size);
    power_of_size = choose(power < -Real{F::bias + F::fraction + 5}, Real{0}, power_of_size);
    const auto is_zero = size < Limits::denorm_min();
    const auto falls = y < Real{0};
    const Number unless_positive =
        choose(falls, infinity, choose_constant(magnitude(y) < Limits::denorm_min(), Real{1}, Real{0}, y));
    power_of_size = choose(is_zero, unless_positive, power_of_size);
    // Of a negative number: negative where y is odd, none where it is not whole.
    const Number whole_y = trunc(y);
    const Number half = whole_y * Real{0.5};
    const auto is_odd = bits(magnitude(half - trunc(half))) == bits(Real{0.5});
    const auto is_whole = bits(magnitude(y - whole_y)) == Bits{0};
    const Number of_whole = choose(is_odd, -power_of_size, power_of_size);
    const Number of_fraction = choose(is_zero, power_of_size, Number(Limits::quiet_NaN()));
    const Number of_negative = choose(is_whole, of_whole, of_fraction);
    const auto negative = Bits{sign_bit<Number> - 1} < bits(x);
    const Number value = choose(negative, of_negative, power_of_size);
    const auto finite = bits(magnitude(y)) < bits(infinity);
    // 0, and the normal numbers, less their smallest.
    const auto known = choose(is_zero, Number(Real{1}), size);
    const auto normal = bits(known) - least_normal < Bits{normal_numbers};
    return usually(normal & finite, value, [&] { return library(x, y); });
  });
}

}  // namespace ricci::math
