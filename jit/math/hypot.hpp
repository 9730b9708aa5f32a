#pragma once
#include <limits>

#include "math/number.hpp"

namespace ricci::math {

/// The root of x^2 + y^2 within 1.26 ulp, also where the squares are no numbers. Infinite where x or y is, even beside
/// NaN.
template <class Number>
Number hypot(Number x, Number y) {
  using Real = RealOf<Number>;
  constexpr bool single = Single<Number>;
  constexpr Real large = single ? 0x1p60 : 0x1p500, small = single ? 0x1p-40 : 0x1p-400;
  constexpr Real down = single ? 0x1p-70 : 0x1p-600, up = single ? 0x1p100 : 0x1p700;
  constexpr Real most = std::numeric_limits<Real>::max();
  const Number a = magnitude(x), b = magnitude(y);
  const auto second = a < b;
  const Number longer = choose(second, b, a), shorter = choose(second, a, b);
  const auto is_large = longer > large;
  const auto is_small = longer < small;
  const Number factor = choose(is_large, Number(down), choose_constant(is_small, up, Real{1}, x));
  const Number back = choose(is_large, Number(1 / down), choose_constant(is_small, 1 / up, Real{1}, x));
  const Number leg = longer * factor, other = shorter * factor;
  const Number square = other * other;
  const Number root = sqrt(fma(leg, leg, square));
  const Number length = root * back;
  const auto b_is_infinite = b > most;
  const Number finite_a = choose(b_is_infinite, b, length);
  const auto a_is_infinite = a > most;
  return choose(a_is_infinite, a, finite_a);
}

}  // namespace ricci::math
