#pragma once
#include <limits>

#include "math/exp.hpp"
#include "math/log_of_base.hpp"

namespace ricci::math {

/// The power is about 2^logarithm: `usual` where that is ordinary; elsewhere it is 2^whole times what `fraction` gives,
/// but where it is out of range.
template <class Number, class Integer, class Fraction>
struct Power {
  Number logarithm;
  Whole<Number, Integer> whole;
  Number usual;
  Fraction fraction;
};

/// size^y for a normal positive number.
template <Single Number>
auto power_of(Number size, Number y) {
  const Parted<Number> parts = parted(size, base_2<float>);
  const Number f = parts.f;
  const Number base = times_exponent(parts.exponent, 1.0f, parts.high);
  // log2(1 + f) = f * t = f * (log2(e) - f / 2 * log2(e) + f^2 * p(f)), to 2^-36.6: t has two parts, and the sum too.
  const Number t = fma(f, -0.721347511f, 1.44269502f);
  const Number missing = fma(f, -0.721347511f, 1.44269502f - t);
  const Number beyond = polynomial(f, -9.62981517e-09f, 0.480898231f, -0.360673577f, 0.288869888f, -0.240818053f);
  const Number rest_of_t = fma(beyond, f, missing + 1.92596303e-08f);
  const Number high = fma(f, t, base);
  const Number rest_of_high = fma(f, t, base - high);
  const Number low = fma(f, rest_of_t, rest_of_high + parts.low);
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
  const auto power_of_two = whole.low_bits << std::uint32_t{23};
  return Power{power, whole, number(bits(q) + power_of_two), [=] { return q; }};
}

template <Double Number>
auto power_of(Number size, Number y) {
  // log(x) = high + f + f^2 * t + low for t = -1/2 + f / 3 + ..., and each step has the rest of its rounding.
  const Base<double>& base = base_e<double>;
  const Parted<Number> parts = parted(size, base);
  const Number f = parts.f;
  const Number high = times_exponent(parts.exponent, base.two, parts.high);
  const Number low_of_parts = times_exponent(parts.exponent, base.two_rest, parts.low);
  const Number square = f * f;
  const Number rest_of_square = fma(f, f, -square);
  const Number t = fma(f, 0.33333333333333331, Number(-0.5));
  const Number missing = fma(f, 0.33333333333333331, -0.5 - t);
  const Number second = square * t;
  const Number lost_of_second = fma(square, t, -second);
  const Number rest_of_second = fma(rest_of_square, t, lost_of_second);
  // With what is missing of a third, and f^4 * p(f), to 2^-72.2 of f.
  const Number fourth = square * square;
  const Number first_two = polynomial(f, 1.850371707708594e-17, -0.25);
  const Number second_two = polynomial(f, 0.19999999999997861, -0.16666666666662538);
  const Number third_two = polynomial(f, 0.14285714298906285, -0.12500000019979599);
  const Number fourth_two = polynomial(f, 0.11111083216554432, -0.099999651858981797);
  const Number last_two = polynomial(f, 0.09115452790366825, -0.083594381353393102);
  const Number first_four = fma(second_two, square, first_two);
  const Number second_four = fma(fourth_two, square, third_two);
  const Number from_fourth_on = fma(last_two, fourth, second_four);
  const Number beyond = fma(from_fourth_on, fourth, first_four);
  const Number rest_of_t = fma(beyond, f, missing);
  const Number sum = high + f;
  const Number rest_of_sum = (high - sum) + f;
  const Number log = sum + second;
  const Number rest_of_log = (sum - log) + second;
  const Number rests = rest_of_sum + low_of_parts;
  const Number all_rests = rest_of_log + rests;
  const Number low = fma(square, rest_of_t, rest_of_second) + all_rests;
  // x^y = e^(y * log(x)) = 2^n * e^r with a number of sixteenths n
  const Number power = y * log;
  const Number lost_of_power = fma(y, log, -power);
  const Number rest_of_power = fma(y, low, lost_of_power);
  const auto n = nearest_sixteenth(power, 1.4426950408889634);
  const Number first = fma(n.value, Number(-0.69314718055994529), power);
  const Number r = fma(n.value, Number(-2.3190468138462996e-17), first) + rest_of_power;
  const auto result = exp_in_sixteenths(n, r, lowered_sixteenths);
  const auto fraction = [=] {
    const Number power_of_two = entry(sixteenths, 0, n.low_bits);
    return fma(power_of_two, result.beyond, power_of_two);
  };
  return Power{n.value, n, whole_of_ordinary(result), fraction};
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
  const auto parts = power_of(size, y);
  const Number power = parts.logarithm;
  const auto positive = bits(x) - least_normal < Bits{normal_numbers};
  const auto ordinary = magnitude(power) < Real{F::bias - 2};
  return usually(positive & ordinary, parts.usual, [&] {
    // Subnormal, 0 or infinite.
    Number power_of_size = scale(parts.fraction(), parts.whole);
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
