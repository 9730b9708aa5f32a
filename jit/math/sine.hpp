#pragma once
#include "number.hpp"

namespace ricci::math {

/// The sine of r + quadrant * pi / 2 for |r| <= pi / 4, but for its sign in the second half of a turn.
template <class Number, class Integer>
Number sine_of_quadrant(Number r, Integer quadrant) {
  const Number z = r * r;
  // sin r = r + r^3 * p(z) to 2^-26.4, but to 2^-30 for |r| < 1/4, where the rounding of r may be a whole ulp of the
  // result; cos r = 1 - z / 2 + z^2 * q(z) to 2^-33.
  const Number p = polynomial(z, -0.166666642f, 0.00833272003f, -0.0001958348f);
  const Number sine = fma(r * z, p, r);
  const Number cosine = polynomial(z, 1.0f, -0.5f, 0.0416666456f, -0.00138873095f, 2.44323273e-05f);
  return choose((quadrant & 1u) == 0u, sine, cosine);
}

/// x - n * pi / 2 for the nearest n, with n. pi / 2 has three parts, and the first difference is exact.
template <class Number>
auto reduce_to_quadrant(Number x) {
  const auto n = nearest_whole(x, 0.636619747f);
  Number r = fma(n.value, -1.57079637f, x);
  r = fma(n.value, 4.37113883e-08f, r);
  r = fma(n.value, 1.71509942e-15f, r);
  return Whole{r, n.integer};
}

/// Larger arguments would need more parts of pi / 2: their sine and cosine are those of `library`.
constexpr float reducible = 65536.0f;

/// The sine within 1.49 ulp.
template <class Number, class Library>
Number sin(Number x, Library library) {
  const Number size = magnitude(x);
  const auto [r, quadrant] = reduce_to_quadrant(size);
  const Number half_turn = sine_of_quadrant(r, quadrant);
  // The sign of x, so that that of a zero is kept, changed in the second half of a turn.
  const auto turned = quadrant << 30;
  const auto sign = (bits(x) ^ turned) & 0x80000000u;
  const Number result = number(bits(half_turn) ^ sign);
  return usually(size < reducible, result, [&] { return library(x); });
}

/// The cosine within 1.49 ulp.
template <class Number, class Library>
Number cos(Number x, Library library) {
  const Number size = magnitude(x);
  const auto [r, n] = reduce_to_quadrant(size);
  const auto quadrant = n + 1u;  // cos x = sin(x + pi / 2)
  const Number half_turn = sine_of_quadrant(r, quadrant);
  const auto sign = (quadrant << 30) & 0x80000000u;
  const Number result = number(bits(half_turn) ^ sign);
  return usually(size < reducible, result, [&] { return library(x); });
}

}  // namespace ricci::math
