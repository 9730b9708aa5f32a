#pragma once
// How far a number is from the true value.
#include <algorithm>
#include <cmath>
#include <limits>

namespace ricci::test {

/// How far `x` is from `exact`, in units of the last place of a number of that size; infinite if it is of another kind.
template <class Real, class Wide>
double error_in_ulp(Real x, Wide exact) {
  using Limits = std::numeric_limits<Real>;
  constexpr double never = std::numeric_limits<double>::infinity();
  const Real nearest = static_cast<Real>(exact);
  const auto ulp = [](int exponent) { return std::ldexp(Wide{1}, exponent - Limits::digits + 1); };
  if (std::isnan(exact) || std::isnan(x)) return std::isnan(exact) && std::isnan(x) ? 0 : never;
  if (std::isinf(x) || std::isinf(exact)) {
    if (x == nearest) return 0;
    if (std::isinf(exact)) return never;
    const Wide above = std::ldexp(Wide{1}, Limits::max_exponent);
    return static_cast<double>((above - std::abs(exact)) / ulp(Limits::max_exponent - 1));
  }
  if (exact == 0 || nearest == 0) return x == nearest && std::signbit(x) == std::signbit(exact) ? 0 : never;
  const int exponent = std::max(std::ilogb(exact), Limits::min_exponent - 1);
  return static_cast<double>(std::abs(x - exact) / ulp(exponent));
}

}  // namespace ricci::test
