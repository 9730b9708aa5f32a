#pragma once
#include <type_traits>

#include "dice.hpp"
#include "tensors.hpp"

namespace ricci::test {

/// Random floats between -1.5 and 1.5, few of which are equal, whose products and sums are rounded, or integers between
/// -1000 and 1000.
template <class T = float, class... N>
auto uneven(Dice& dice, N... extents) {
  return filled<T>(
      [&](auto) {
        const int n = dice.below(2001) - 1000;
        if constexpr (std::is_integral_v<T>)
          return n;
        else
          return T(static_cast<float>(n) / 701);
      },
      extents...);
}

}  // namespace ricci::test
