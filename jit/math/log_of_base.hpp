#pragma once
#include <utility>

#include "math/base.hpp"
#include "math/number.hpp"

namespace ricci::math {

/// A positive normal number as 2^n * m with 0.7 <= m < 1.41. Of its interval, c, f = m * c - 1, where |f| < 0.0343, and
/// log(1 / c) of a base in two parts.
template <class Number>
struct Parted {
  Number c, f, high, low;
  decltype(bits(std::declval<Number>())) exponent;  // n as the bits of a number have it
};

template <class Number>
Parted<Number> parted(Number x, const Base<RealOf<Number>>& base) {
  using Bits = BitsOf<Number>;
  constexpr int fraction = Format<Number>::fraction;
  const auto above = bits(x) - std::bit_cast<Bits>(RealOf<Number>{0.703125});
  const auto place = above >> Bits{fraction - 4};
  const auto exponent = above & Bits(~Bits{0} << fraction);
  const Number c = entry(base.table, 0, place);
  const Number m = number(bits(x) - exponent);
  const Number f = fma(m, c, Number(RealOf<Number>{-1}));
  const Number high = entry(base.table, 1, place);
  return {c, f, high, entry(base.table, 2, place), exponent};
}

/// The n of an exponent times a number, and something added.
template <class Number, class Exponent>
Number times_exponent(Exponent exponent, RealOf<Number> factor, Number addend) {
  constexpr auto whole = static_cast<RealOf<Number>>(BitsOf<Number>{1} << Format<Number>::fraction);
  return fma(to_number(exponent), Number(factor / whole), addend);
}

/// log(1 + f) / log(base) = f * factor + z * p(f), to 2^-30.7 in f32 and 2^-60.9 in f64 of it, where z = f^2.
template <Single Number>
Number log_polynomial(Number f, Number z, float factor) {
  const Number low = polynomial(f, factor * -0.49999994f, factor * 0.333333194f);
  const Number high = polynomial(f, factor * -0.250232548f, factor * 0.200286433f);
  return fma(high, z, low);
}

template <Double Number>
Number log_polynomial(Number f, Number z, double factor) {
  const Number first = polynomial(f, factor * -0.5, factor * 0.33333333333332132);
  const Number second = polynomial(f, factor * -0.24999999999996861, factor * 0.20000000009987132);
  const Number third = polynomial(f, factor * -0.16666666684443734, factor * 0.1428568856042261);
  const Number fourth = polynomial(f, factor * -0.12499965262020184, factor * 0.11137181277518933);
  const Number from_fourth_on = fma(z, Number(factor * -0.10028425533914725), fourth);
  const Number from_third_on = fma(from_fourth_on, z, third);
  const Number from_second_on = fma(from_third_on, z, second);
  return fma(from_second_on, z, first);
}

/// The logarithm of these parts of that base, with this exponent and `more`, which takes the place of the second part.
template <class Number, class Exponent>
Number log_of_parts(const Parted<Number>& parts, const Base<RealOf<Number>>& base, Exponent exponent, Number more) {
  const Number high = times_exponent(exponent, base.two, parts.high);  // exact, and 0 or more than log(1 + f)
  const Number f = parts.f;
  const bool natural = base.factor == 1;
  Number low = more;
  if (!natural) low = fma(f, Number(base.factor_rest), low);
  if (base.two_rest != 0) low = times_exponent(exponent, base.two_rest, low);
  const Number z = f * f;
  const Number small = fma(log_polynomial(f, z, base.factor), z, low);
  const Number sum = natural ? high + f : fma(f, Number(base.factor), high);
  const Number lost = high - sum;
  const Number rest = natural ? lost + f : fma(f, Number(base.factor), lost);
  return sum + (rest + small);
}

/// The logarithm within 0.6 ulp, or where x is no normal positive number what `library` gives.
template <class Number, class Library>
Number log_of_base(Number x, const Base<RealOf<Number>>& base, Library library) {
  const Parted<Number> parts = parted(x, base);
  const Number result = log_of_parts(parts, base, parts.exponent, parts.low);
  constexpr auto least = BitsOf<Number>{1} << Format<Number>::fraction;
  constexpr auto most = (Format<Number>::bias * 2) << Format<Number>::fraction;
  const auto usual = bits(x) - least < BitsOf<Number>(most);
  return usually(usual, result, [&] { return library(x); });
}

/// About 1 / m of these parts.
template <class Number>
Number inverse_of_fraction(const Parted<Number>& parts) {
  return fma(-parts.c, parts.f, parts.c);
}

/// log(2^n * m + lost) for parts of the base e, and log(2) more for what `exponent` is more than that of the parts.
template <class Number, class Exponent>
Number log_with_rest(const Parted<Number>& parts, Number lost, Exponent exponent) {
  using Real = RealOf<Number>;
  // log(m + delta) = log(m) + delta / m. 2 / 2^n is a number for all n.
  const auto inverse = BitsOf<Number>{(Format<Number>::bias + 1) << Format<Number>::fraction} - parts.exponent;
  const Number twice_delta = lost * number(inverse);
  const Number half = inverse_of_fraction(parts) * Real{0.5};
  return log_of_parts(parts, base_e<Real>, exponent, fma(twice_delta, half, parts.low));
}

}  // namespace ricci::math
