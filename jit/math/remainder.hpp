#pragma once
#include <limits>

#include "math/number.hpp"

namespace ricci::math {

/// What is left of x when y is taken away as often as it fits, exactly, with the sign of x. Where it fits very often,
/// and where there is no quotient, it is what `library` gives, which is exact as well.
template <class Number, class Library>
Number fmod(Number x, Number y, Library library) {
  constexpr RealOf<Number> most = static_cast<RealOf<Number>>(BitsOf<Number>{1} << (Format<Number>::fraction - 1));
  const Number size = magnitude(x), by = magnitude(y);
  // Rounding keeps the order of numbers, so that the whole part of the quotient is at most one too large. Both what is
  // left then, and what is missing, are numbers, for they are multiples of the last place of x or y and below y.
  const Number quotient = size / by;
  const Number left = fma(-trunc(quotient), by, size);
  const auto once_more = left < RealOf<Number>{0};
  const Number rest = choose(once_more, left + by, left);
  const auto below = size < by;  // also where y is infinite
  const Number result = with_sign_of(x, choose(below, size, rest));
  const auto few = quotient < most;
  return usually(few, result, [&] { return library(x, y); });
}

/// Whether the signs of x and y differ, also those of zeros.
template <class Number>
auto opposite(Number x, Number y) {
  const auto sign_of_x = bits(x) & sign_bit<Number>;
  const auto sign_of_y = bits(y) & sign_bit<Number>;
  const auto both = sign_of_x ^ sign_of_y;
  return BitsOf<Number>{0} < both;
}

/// x % y of NumPy: with the sign of y, also where it is 0.
template <class Number, class Library>
Number remainder(Number x, Number y, Library library) {
  const Number rest = fmod(x, y, library);
  const auto differ = opposite(rest, y);
  const Number moved = choose(differ, rest + y, rest);
  const Number size = magnitude(rest);
  const auto inexact = size > RealOf<Number>{0};
  return choose(inexact, moved, with_sign_of(y, size));
}

/// x // y of NumPy: the whole number for which x % y is the rest; x / y where y is 0.
template <class Number, class Library>
Number floor_divide(Number x, Number y, Library library) {
  const Number rest = fmod(x, y, library);
  const Number quotient = x / y;
  const Number multiple = x - rest;
  const Number near = multiple / y;
  const auto differ = opposite(rest, y);
  const Number lower = choose(differ, near - RealOf<Number>{1}, near);
  const auto inexact = magnitude(rest) > RealOf<Number>{0};
  const Number moved = choose(inexact, lower, near);
  const Number whole = floor(moved);
  const auto above = moved - whole > RealOf<Number>{0.5};
  const Number rounded = choose(above, whole + RealOf<Number>{1}, whole);
  const Number size = magnitude(moved);
  const Number zero = with_sign_of(quotient, magnitude(size - size));
  const auto is_zero = size < std::numeric_limits<RealOf<Number>>::denorm_min();
  const Number result = choose(is_zero, zero, rounded);
  const auto by_zero = magnitude(y) < std::numeric_limits<RealOf<Number>>::denorm_min();
  return choose(by_zero, quotient, result);
}

}  // namespace ricci::math
