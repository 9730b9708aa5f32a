#pragma once
#include "math/number.hpp"

namespace ricci::math {

/// The arc tangent within 1.34 ulp.
template <Single Number>
Number atan(Number x) {
  const Number size = magnitude(x);
  // atan x = pi / 2 - atan(1 / x)
  const auto steep = size > 1.0f;
  const Number t = choose(steep, 1.0f / size, size);
  // atan t = t + t^3 * p(t^2) on [0, 1], to 2^-28.5.
  const Number z = t * t;
  const Number p = polynomial(z, -0.333332986f, 0.199985296f, -0.142640159f, 0.109508805f, -0.0839930624f,
                              0.0578813925f, -0.0310970023f, 0.0108687095f, -0.00178283197f);
  const Number near = fma(t * z, p, t);
  // pi / 2 as a product of two numbers, to 2^-45.8.
  const Number far = fma(1.68325555f, 0.933189452f, -near);
  return with_sign_of(x, choose(steep, far, near));
}

/// For the numbers below 1/8, for two intervals of each power of two from there to 16, and for those beyond: the
/// tangent of an angle in the middle as b / a, and the angle in two parts.
inline constexpr Table<double, 4> atan_table{
    {{2.4140625, 3.43359375, 4.80859375, 6.859375, 9.6015625, 13.71875, 1.0, 0.0, 0.1561279296875, 0.218505859375,
      0.311279296875, 0.43603515625, 0.6181640625, 0.8671875, 1.2197265625, 1.7236328125},
     {1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0},
     {1.1780751213422282, 1.2873954367204441, 1.3657578023706705, 1.426030296957411, 1.4670207558575732,
      1.4980320809100003, 1.5707963267948966, 0.0, 0.15487757859999721, 0.21512469621418373, 0.30177238256617062,
      0.41118027230071302, 0.55366847567170896, 0.71438805215676904, 0.88406485586668704, 1.0450853564003317},
     {8.2382213981378847e-17, -9.9496648633253851e-17, -6.4081899314137521e-17, 1.0673931728076415e-16,
      -1.4314075811703653e-17, 5.351669448652064e-17, 6.123233995736766e-17, 0.0, 1.1813414509014477e-17,
      -5.1145064227878037e-18, 1.3308485649157119e-17, 7.3800306651849041e-18, -1.8095155723714643e-17,
      -6.0651999619898273e-18, -1.6248098541442947e-17, 2.4014297947392137e-17}}};

/// The arc tangent within 0.6 ulp: of the angle in the middle, and of (a x - b) / (b x + a), of which the dividend is
/// exact. The quotient has what it is rounded by, and so has the divisor.
template <Double Number>
Number atan(Number x) {
  Number size = magnitude(x);
  size = choose(size > 0x1p1000, 0x1p1000, size);  // whose inverse is a number, too
  Number within = choose(size > 16.0, 16.0, size);
  within = choose(within < 0x1.fffffffffffffp-4, 0x1.fffffffffffffp-4, within);
  const auto place = bits(within) >> std::uint64_t{51};
  const Number b = entry(atan_table, 0, place);
  const Number a = entry(atan_table, 1, place);
  const Number top = fma(size, a, -b);
  const Number bottom = fma(size, b, a);
  const Number rest_of_bottom = fma(size, b, a - bottom);
  const Number inverse = 1.0 / bottom;
  const Number t = top * inverse;
  const Number minus_t = -t;
  const Number missing = fma(minus_t, bottom, top);
  const Number rest_of_t = fma(minus_t, rest_of_bottom, missing);
  const Number rest = fma(rest_of_t, inverse, entry(atan_table, 3, place));
  // atan t = t + t^3 * p(t^2) on |t| <= 1/8, to 2^-58.9.
  const Number z = t * t;
  const Number p = polynomial(z, -0.33333333333332571, 0.19999999999049251, -0.14285713890802704, 0.11111035635435673,
                              -0.09083602868767636, 0.073427293132294472);
  const Number tail = fma(t * z, p, rest);
  const Number base = entry(atan_table, 2, place);
  const Number sum = base + t;
  const Number rest_of_sum = (base - sum) + t;
  return with_sign_of(x, sum + (tail + rest_of_sum));
}

}  // namespace ricci::math
