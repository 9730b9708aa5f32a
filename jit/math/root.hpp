#pragma once
#include "math/number.hpp"

namespace ricci::math {

/// The root of a number in two parts.
template <class Number>
struct Root {
  Number root, rest;
};

/// 1 / sqrt(z) within a thirtieth: half the exponent, negated. A number for 0, too.
template <class Number>
Number inverse_root(Number z) {
  constexpr auto start = static_cast<BitsOf<Number>>(Single<Number> ? 0x5f375a86u : 0x5fe6eb50c7b537a9u);
  const auto halved = bits(z) >> BitsOf<Number>{1};
  return number(start - halved);
}

/// Of z + missing; `inverse` is about 1 / sqrt(z), as exact as the rest shall be.
template <class Number>
Root<Number> root_of(Number z, Number missing, Number inverse) {
  const Number root = sqrt(z);
  const Number lacks = fma(-root, root, z);
  const Number half = inverse * RealOf<Number>{0.5};
  return {root, half * (lacks + missing)};
}

}  // namespace ricci::math
