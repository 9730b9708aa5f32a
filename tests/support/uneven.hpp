#pragma once
#include "dice.hpp"
#include "tensors.hpp"

namespace ricci::test {

/// Random floats between -1.5 and 1.5, few of which are equal.
template <class T = float, class... N>
auto uneven(Dice& dice, N... extents) {
  return filled<T>([&](auto) { return T(dice.below(2001) - 1000) / T(701); }, extents...);
}

}  // namespace ricci::test
