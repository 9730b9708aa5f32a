#pragma once
// Functions of the library where its own end before the numbers do.
#include "log.hpp"
#include "number.hpp"

namespace ricci::math {

namespace beyond {

/// A step of the exponent after which large arguments of sinh and cosh are some that the library takes; both it, in
/// these places, and the factor that it is for, e^step, are numbers: the factor to 2^-44 in f32 and 2^-74 in f64.
template <class Real>
constexpr Real most = sizeof(Real) == 4 ? 88 : 709;
template <class Real>
constexpr Real step = sizeof(Real) == 4 ? 0x1.0e9b8p+0 : 0x1.000000634f000p+0;
template <class Real>
constexpr Real factor = sizeof(Real) == 4 ? 0x1.705ef8p+1 : 0x1.5bf0a9383ee73p+1;

/// The logarithm of a number that is not small.
template <class Number>
Number log_of_large(Number x) {
  return log(x, [](Number all) { return all; });  // infinity and NaN stay
}

/// What `library` gives for a number that is not negative, and its multiple where that is too large.
template <class Number, class Library>
Number shifted(Number size, Library library) {
  using Real = RealOf<Number>;
  const auto large = size > most<Real>;
  const Number value = library(choose(large, size - step<Real>, size));
  return choose(large, value * factor<Real>, value);
}

}  // namespace beyond

/// The hyperbolic sine and cosine within 1.5 ulp.
template <class Number, class Library>
Number sinh(Number x, Library library) {
  return with_sign_of(x, beyond::shifted(magnitude(x), library));
}
template <class Number, class Library>
Number cosh(Number x, Library library) {
  return beyond::shifted(magnitude(x), library);
}

/// Their inverses within 1.5 ulp.
template <class Number, class Library>
Number asinh(Number x, Library library) {
  constexpr RealOf<Number> large = Single<Number> ? 0x1p60 : 0x1p500, log_of_2 = 0.69314718055994531;
  const Number size = magnitude(x);
  const auto usual = size < large;
  return usually(usual, library(x), [&] { return with_sign_of(x, beyond::log_of_large(size) + log_of_2); });
}
template <class Number, class Library>
Number acosh(Number x, Library library) {
  constexpr RealOf<Number> large = Single<Number> ? 0x1p60 : 0x1p500, log_of_2 = 0.69314718055994531;
  const auto usual = x < large;
  return usually(usual, library(x), [&] { return beyond::log_of_large(x) + log_of_2; });
}

}  // namespace ricci::math
