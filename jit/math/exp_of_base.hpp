#pragma once
#include "math/exp.hpp"
#include "math/number.hpp"

namespace ricci::math {

/// 2^x; subnormal results, too.
template <Single Number>
Number exp2(Number x) {
  x = choose(x > 129.0f, 129.0f, x);
  x = choose(x < -151.0f, -151.0f, x);
  const auto n = nearest_whole(x, 1.0f);
  const Number r = x - n.value;
  // 2^r on |r| <= 1/2, to 2^-28.3.
  const Number p =
      polynomial(r, 1.0f, 0.693147182f, 0.240226477f, 0.0555035956f, 0.00961850584f, 0.00133910251f, 0.000153267814f);
  return scale(p, n);
}

template <Double Number>
auto exp2_in_sixteenths(Number x, const Table<double, 2>& table) {
  const auto n = nearest_sixteenth(x, 1.0);
  const Number r = x - n.value;
  // 2^r - 1 on |r| <= 1/32, to 2^-57 of 2^r.
  const Number p = polynomial(r, 0.69314718055994684, 0.24022650695910111, 0.055504108652165533, 0.0096181291056884628,
                              0.001333381829760176, 0.00015403816364441291);
  return Sixteenths{n, fma(r, p, entry(table, 1, n.low_bits))};
}

template <Double Number>
Number exp2(Number x) {
  x = choose(x > 1025.0, 1025.0, x);
  x = choose(x < -1076.0, -1076.0, x);
  return whole(exp2_in_sixteenths(x, sixteenths));
}

/// The same for code that has no instruction for scale.
template <Double Number>
Number exp2_of_ordinary(Number x) {
  const Number ordinary = whole_of_ordinary(exp2_in_sixteenths(x, lowered_sixteenths));
  return usually(magnitude(x) < 1022.0, ordinary, [&] { return exp2(x); });
}

/// e^x - 1 = 2^n * (e^r - 1) + 2^n - 1, but for large x, where the last is nothing.
template <Single Number>
Number expm1(Number x) {
  Number inside = choose(x > 89.0f, 89.0f, x);
  inside = choose(inside < -18.0f, -18.0f, inside);
  const auto n = nearest_whole(inside, 1.44269502f);
  Number r = fma(n.value, -0.693147182f, inside);
  r = fma(n.value, 1.90465421e-09f, r);
  const Number p = polynomial(r, 0.49999994f, 0.166665226f, 0.0416682921f, 0.00836853217f, 0.00138182961f);
  const Number square = r * r;
  const Number beyond = square * p;
  const Number q = fma(square, p, r);
  const Number power = scale(q + 1.0f, n);
  const Number factor = number((n.low_bits + 127u) << std::uint32_t{23});
  const Number less = factor - 1.0f;
  const Number near = fma(factor, beyond, fma(factor, r, less));
  const auto is_large = x > 17.0f;
  const Number value = choose(is_large, power - 1.0f, near);
  const auto is_tiny = magnitude(x) < 0x1p-30f;
  return choose(is_tiny, x, value);
}

template <Double Number>
Number expm1(Number x) {
  Number inside = choose(x > 710.0, 710.0, x);
  inside = choose(inside < -40.0, -40.0, inside);
  const auto [n, r, rest] = reduced(inside);
  const Number beyond = exp_beyond(r, rest);
  const Number power = scale(one_more(r, beyond), n);
  const Number factor = number((n.low_bits + std::uint64_t{1023}) << std::uint64_t{52});
  const Number less = factor - 1.0;
  const Number near = fma(factor, beyond, fma(factor, r, less));
  const auto is_large = x > 36.0;
  const Number value = choose(is_large, power - 1.0, near);
  const auto is_tiny = magnitude(x) < 0x1p-60;
  return choose(is_tiny, x, value);
}

}  // namespace ricci::math
