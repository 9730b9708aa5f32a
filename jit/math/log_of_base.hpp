#pragma once
#include "log.hpp"
#include "number.hpp"

namespace ricci::math {

/// log(1 + f) = f - square + a * b, where square is f^2 / 2, rounded, in both formats.
template <class Number>
struct LogBeyond {
  Number square, a, b;
};

template <Single Number>
LogBeyond<Number> log_beyond(const Parted<Number>& parts) {
  const Number f = parts.f;
  const Number square = f * 0.5f * f;
  return {square, f * f * f, log_polynomial(f)};
}

template <Double Number>
LogBeyond<Number> log_beyond(const Parted<Number>& parts) {
  const LogTerms<Number> terms = log_terms(parts);
  return {terms.square, terms.s, terms.sum};
}

/// A logarithm of another base: 1 / log(base) in two parts, and log(2) / log(base), of which the first part has so few
/// bits that its products with exponents are exact.
template <class Real>
struct Base {
  Real factor, factor_rest, two, two_rest;
};
template <class Real>
constexpr Base<Real> base_2{};
template <>
inline constexpr Base<float> base_2<float>{0x1.715476p+0f, 0x1.4ae0cp-26f, 1, 0};
template <>
inline constexpr Base<double> base_2<double>{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56, 1, 0};
template <class Real>
constexpr Base<Real> base_10{};
template <>
inline constexpr Base<float> base_10<float>{0x1.bcb7b2p-2f, -0x1.5b235ep-27f, 0x1.344p-2f, 0x1.3509f8p-18f};
template <>
inline constexpr Base<double> base_10<double>{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57, 0x1.34413509f6p-2,
                                              0x1.9fef311f12b36p-42};

/// The logarithm of that base, or where x is no normal positive number what `library` gives. The product of the
/// fraction and the factor has what it is rounded by, and so has its sum with the exponent.
template <class Number, class Library>
Number log_of_base(Number x, const Base<RealOf<Number>>& base, Library library) {
  const Parted<Number> parts = parted(x);
  const Number product = parts.f * base.factor;
  const Number missing = fma(parts.f, Number(base.factor), -product);
  const Number whole = parts.n * base.two;
  const Number sum = whole + product;
  const Number rest_of_sum = (whole - sum) + product;
  Number rest = fma(parts.f, Number(base.factor_rest), rest_of_sum + missing);
  if (base.two_rest != 0) rest = fma(parts.n, Number(base.two_rest), rest);
  const LogBeyond<Number> beyond = log_beyond(parts);
  const Number lost = fma(parts.f * RealOf<Number>{-0.5}, parts.f, beyond.square);
  const Number beyond_square = fma(beyond.a, beyond.b, lost);
  const Number all_rests = fma(beyond_square, Number(base.factor), rest);
  const Number result = sum + fma(-beyond.square, Number(base.factor), all_rests);
  constexpr auto least = BitsOf<Number>{1} << Format<Number>::fraction;
  constexpr auto most = (Format<Number>::bias * 2) << Format<Number>::fraction;
  const auto usual = bits(x) - least < BitsOf<Number>(most);
  return usually(usual, result, [&] { return library(x); });
}

/// log(2^n * m + lost) for the fraction of these parts, where 2^n is theirs but for small factors.
template <class Number>
Number log_of_parts(const Parted<Number>& parts, Number n, Number lost) {
  using Real = RealOf<Number>;
  // log(1 + f + delta) = log(1 + f) + delta / (1 + f), and the last factor is about 1 - f. 2 / 2^n is a number
  // for all n.
  const auto inverse = BitsOf<Number>{(Format<Number>::bias + 1) << Format<Number>::fraction} - parts.exponent;
  const Number twice_delta = lost * number(inverse);
  const Number half_slope = fma(parts.f, Number(Real{-0.5}), Number(Real{0.5}));
  const Number high = n * Real(Single<Number> ? 0x1.62e4p-1 : 0x1.62e42fefa2p-1);  // of log(2), exact
  const Number rest_of_high = n * Real(Single<Number> ? 0x1.7f7d1cp-20 : 0x1.9ef35793c7673p-41);
  const Number low = fma(twice_delta, half_slope, rest_of_high);
  const Number sum = high + parts.f;
  const Number rest_of_sum = (high - sum) + parts.f;
  const LogBeyond<Number> beyond = log_beyond(parts);
  const Number rest = fma(beyond.a, beyond.b, rest_of_sum + low);
  return sum + (rest - beyond.square);
}

/// log(1 + x). The fraction gets what the sum has lost. Where there is no logarithm it is what `library` gives.
template <class Number, class Library>
Number log1p(Number x, Library library) {
  using Real = RealOf<Number>;
  constexpr Real tiny = Single<Number> ? 0x1p-30 : 0x1p-60, large = Single<Number> ? 0x1p60 : 0x1p500;
  const Number u = x + Real{1};
  const Number behind = x - (u - Real{1});
  const Number before = Real{1} - (u - x);
  const auto is_large = x > Real{1};
  const Number lost = choose(is_large, before, behind);
  const Parted<Number> parts = parted(u);
  const Number result = log_of_parts(parts, parts.n, lost);
  const auto is_tiny = magnitude(x) < tiny;
  const Number value = choose(is_tiny, x, result);
  const auto below = x < large;
  const auto above = x > Real{-1};
  return usually(below & above, value, [&] {
    const Number of_large = log(x, [](Number all) { return all; });
    const Number others = library(x);
    return choose(is_large, of_large, others);
  });
}

}  // namespace ricci::math
