#pragma once
#include "log.hpp"
#include "number.hpp"

namespace ricci::math {

/// log(1 + f) - f.
template <Single Number>
Number log_beyond(Number f) {
  const Number p = log_polynomial(f);
  const Number square = f * f;
  return square * p;
}

template <Double Number>
Number log_beyond(Number f) {
  const LogTerms<Number> terms = log_terms(f);
  const Number loss = -terms.square;
  return fma(terms.s, terms.sum, loss);
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

/// The logarithm of that base, or where x is no normal positive number what `library` gives. The products with the
/// factor are computed with what they are rounded by.
template <class Number, class Library>
Number log_of_base(Number x, const Base<RealOf<Number>>& base, Library library) {
  const Parted<Number> parts = parted(x);
  const Number beyond = log_beyond(parts.f);
  const Number high = parts.f + beyond;
  const Number low = beyond - (high - parts.f);
  const Number product = high * base.factor;
  const Number missing = fma(high, Number(base.factor), -product);
  const Number rest = fma(low, Number(base.factor), fma(high, Number(base.factor_rest), missing));
  const Number whole = parts.n * base.two;
  const Number sum = whole + product;
  const Number rest_of_sum = (whole - sum) + product;
  const Number rests = fma(parts.n, Number(base.two_rest), rest_of_sum);
  const Number all_rests = rests + rest;
  const Number result = sum + all_rests;
  constexpr auto least = BitsOf<Number>{1} << Format<Number>::fraction;
  constexpr auto most = (Format<Number>::bias * 2) << Format<Number>::fraction;
  const auto usual = bits(x) - least < BitsOf<Number>(most);
  return usually(usual, result, [&] { return library(x); });
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
  const auto inverse = BitsOf<Number>{Format<Number>::bias << Format<Number>::fraction} - parts.exponent;
  const Number f = fma(lost, number(inverse), parts.f);
  const Number beyond = log_beyond(f);
  const Number high = parts.n * Real(Single<Number> ? 0x1.62e4p-1 : 0x1.62e42fefa2p-1);  // of log(2), exact
  const Number low = parts.n * Real(Single<Number> ? 0x1.7f7d1cp-20 : 0x1.9ef35793c7673p-41);
  const Number sum = high + f;
  const Number rest_of_sum = (high - sum) + f;
  const Number rest = rest_of_sum + low;
  const Number result = sum + (rest + beyond);
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
