#pragma once
#include "math/number.hpp"

namespace ricci::math {

/// Larger arguments would need more parts of pi / 2: their sine and cosine are those of `library`.
template <class Number>
constexpr RealOf<Number> reducible = Single<Number> ? 1 << 16 : 1 << 21;

/// x - n * pi / 2 for the nearest n, as r - low, and n + offset.
template <class Number, class Integer>
struct Quadrant {
  Number r, low;
  Integer n;
};

/// pi / 2 has three parts. The first difference is exact, and so is the second product: that part has 31 bits.
template <Double Number>
auto reduce_to_quadrant(Number x, int offset) {
  const auto n = nearest_whole(x, 0.63661977236758138, offset);
  const Number first = fma(n.value, -1.5707963267948966, x);
  const Number r = fma(n.value, -6.1232339940921402e-17, first);
  const Number rest = fma(n.value, 6.1232339940921402e-17, r - first);
  return Quadrant{r, fma(n.value, 1.6446256936324258e-26, rest), n.low_bits};
}

/// The sine of r - low in odd quadrants and minus the cosine in even ones, for |r| <= pi / 4, with the sign that the
/// second bit of the quadrant's number says.
template <Double Number, class Integer>
Number sine_of(Quadrant<Number, Integer> q) {
  const Number r = q.r;
  const Number z = r * r;
  // sin r = r - r * z * p(z) to 2^-58, and -cos r = -1 + z * p(z) to 2^-63.4: one polynomial of chosen coefficients.
  // What is subtracted from a zero r is +0, so that r keeps its sign.
  const auto is_cosine = (q.n & std::uint64_t{1}) == std::uint64_t{0};
  const Number first = choose(is_cosine, Number(-1.0), r);
  const Number step = first * z;
  const Number rest = q.low * choose(is_cosine, r, Number(1.0));
  Number p = choose_constant(is_cosine, 1.1355453855591891e-11, 0.0, r);
  p = fma(p, z, choose_constant(is_cosine, -2.0875638346506159e-09, -1.5896909427715248e-10, r));
  p = fma(p, z, choose_constant(is_cosine, 2.7557313694885713e-07, 2.5050760246262415e-08, r));
  p = fma(p, z, choose_constant(is_cosine, -2.4801587287076665e-05, -2.7557313707033552e-06, r));
  p = fma(p, z, choose_constant(is_cosine, 0.0013888888888870029, 0.00019841269829857857, r));
  p = fma(p, z, choose_constant(is_cosine, -0.041666666666666574, -0.0083333333333224895, r));
  p = fma(p, z, choose_constant(is_cosine, 0.5, 0.16666666666666632, r));
  const Number result = first - fma(step, p, rest);
  const auto turned = q.n << std::uint64_t{62};
  const auto sign = turned & sign_bit<Number>;
  return number(bits(result) ^ sign);
}

/// The sine within 1.15 ulp.
template <Double Number, class Library>
Number sin(Number x, Library library) {
  // Early, where it is in the way of nothing.
  const auto ordinary = magnitude(x) < reducible<Number>;
  return usually(ordinary, sine_of(reduce_to_quadrant(x, 1)), [&] { return library(x); });
}

/// The cosine within 1.15 ulp.
template <Double Number, class Library>
Number cos(Number x, Library library) {
  const auto ordinary = magnitude(x) < reducible<Number>;
  return usually(ordinary, sine_of(reduce_to_quadrant(x, 2)), [&] { return library(x); });
}

/// In f32 the rest is left out.
template <Single Number>
auto reduce_to_quadrant(Number x) {
  const auto n = nearest_whole(x, 0.636619747f);
  Number r = fma(n.value, -1.57079637f, x);
  r = fma(n.value, 4.37113883e-08f, r);
  r = fma(n.value, 1.71509942e-15f, r);
  return Quadrant{r, Number(0.0f), n.low_bits};
}

/// The sine of r + n * pi / 2 for |r| <= pi / 4, but for its sign in the second half of a turn.
template <Single Number, class Integer>
Number sine_of(Quadrant<Number, Integer> q) {
  const Number r = q.r;
  const Number z = r * r;
  // sin r = r + r^3 * p(z) to 2^-26.4, but to 2^-30 for |r| < 1/4, where the rounding of r may be a whole ulp of the
  // result; cos r = 1 - z / 2 + z^2 * q(z) to 2^-33.
  const Number p = polynomial(z, -0.166666642f, 0.00833272003f, -0.0001958348f);
  const Number sine = fma(r * z, p, r);
  const Number cosine = polynomial(z, 1.0f, -0.5f, 0.0416666456f, -0.00138873095f, 2.44323273e-05f);
  return choose((q.n & 1u) == 0u, sine, cosine);
}

/// The sine within 1.49 ulp.
template <Single Number, class Library>
Number sin(Number x, Library library) {
  const Number size = magnitude(x);
  const auto q = reduce_to_quadrant(size);
  const Number half_turn = sine_of(q);
  // The sign of x, so that that of a zero is kept, changed in the second half of a turn.
  const auto turned = q.n << 30u;
  const auto sign = (bits(x) ^ turned) & sign_bit<Number>;
  const Number result = number(bits(half_turn) ^ sign);
  return usually(size < reducible<Number>, result, [&] { return library(x); });
}

/// The cosine within 1.49 ulp.
template <Single Number, class Library>
Number cos(Number x, Library library) {
  const Number size = magnitude(x);
  auto q = reduce_to_quadrant(size);
  q.n = q.n + 1u;  // cos x = sin(x + pi / 2)
  const Number half_turn = sine_of(q);
  const auto turned = q.n << 30u;
  const auto sign = turned & sign_bit<Number>;
  const Number result = number(bits(half_turn) ^ sign);
  return usually(size < reducible<Number>, result, [&] { return library(x); });
}

}  // namespace ricci::math
