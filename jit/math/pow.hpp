#pragma once
#include <limits>

#include "number.hpp"

namespace ricci::math {

/// x to the power of y within 0.93 ulp. Where x is subnormal, infinite or NaN, or y is infinite or NaN, it is what
/// `library` gives.
template <Single Number, class Library>
Number pow(Number x, Number y, Library library) {
  using Bits = BitsOf<Number>;
  // x = 2^n * m with 0.7 <= m < 1.41, in 16 intervals of equal bits, and 1 / c is near the middle of that of m. c has
  // so few bits that f = m * c - 1 is exact; |f| < 0.0343. -log2(c) has two parts, of which the first has 17 bits
  // after the point, so that n + the first is exact.
  static constexpr Table inverse{1.375f,   1.34375f, 1.28125f, 1.21875f,  1.1875f,  1.15625f,  1.09375f,  1.0625f,
                                 1.03125f, 1.0f,     0.9375f,  0.890625f, 0.84375f, 0.796875f, 0.765625f, 0.71875f};
  static constexpr Table log_high{
      -0.459434509f, -0.426261902f,  -0.357551575f,  -0.285400391f, -0.247924805f, -0.209449768f,
      -0.12928009f,  -0.0874633789f, -0.0443954468f, 0.0f,          0.0931091309f, 0.167106628f,
      0.245109558f,  0.327575684f,   0.385292053f,   0.47644043f};
  static constexpr Table log_low{
      2.89063996e-06f,  -2.85284659e-06f, -4.2991104e-07f,  -1.82823726e-06f, -2.70875603e-06f, -3.59756245e-06f,
      -2.92661298e-06f, 5.37655922e-07f,  1.32741889e-06f,  0.0f,             2.73532095e-07f,  3.3574172e-06f,
      2.93973108e-06f,  -1.02556521e-06f, -1.89733782e-06f, -2.38574444e-06f};
  const Number size = magnitude(x);
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
  const Number q = polynomial(r, 1.0f, 0.693147182f, 0.240226477f, 0.0555035956f, 0.00961850584f, 0.00133910251f,
                              0.000153267814f);
  const auto power_of_two = whole.low_bits << Bits{23};
  const Number result = number(bits(q) + power_of_two);
  const auto positive = bits(x) - 0x00800000u < Bits{0x7f000000};
  const auto ordinary = magnitude(power) < 125.0f;
  return usually(positive & ordinary, result, [&] {
    constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN(),
                    least = std::numeric_limits<float>::denorm_min();
    // Subnormal, 0 or infinite.
    Number power_of_size = scale(q, whole);
    power_of_size = choose(power > 150.0f, infinity, power_of_size);
    power_of_size = choose(power < -180.0f, 0.0f, power_of_size);
    const auto is_zero = size < least;
    const auto falls = y < 0.0f;
    const Number unless_positive = choose(falls, infinity, choose_constant(magnitude(y) < least, 1.0f, 0.0f, y));
    power_of_size = choose(is_zero, unless_positive, power_of_size);
    // Of a negative number: negative where y is odd, none where it is not whole.
    const Number whole_y = trunc(y);
    const Number half = whole_y * 0.5f;
    const auto is_odd = bits(magnitude(half - trunc(half))) == Bits{0x3f000000};
    const auto is_whole = bits(magnitude(y - whole_y)) == Bits{0};
    const Number of_whole = choose(is_odd, -power_of_size, power_of_size);
    const Number of_fraction = choose(is_zero, power_of_size, Number(nan));
    const Number of_negative = choose(is_whole, of_whole, of_fraction);
    const auto negative = Bits{0x7fffffff} < bits(x);
    const Number value = choose(negative, of_negative, power_of_size);
    const auto finite = bits(magnitude(y)) < Bits{0x7f800000};
    // 0, and the normal numbers, less their smallest.
    const auto known = choose(is_zero, Number(1.0f), size);
    const auto normal = bits(known) - 0x00800000u < Bits{0x7f000000};
    return usually(normal & finite, value, [&] { return library(x, y); });
  });
}

}  // namespace ricci::math
