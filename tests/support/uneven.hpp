#pragma once
#include "dice.hpp"
#include "tensors.hpp"

namespace ricci::test {

/// Random f32 between -1.5 and 1.5, few of which are equal.
template <class... N>
auto uneven(Dice& dice, N... extents) {
  return filled<float>([&](auto) { return static_cast<float>(dice.below(2001) - 1000) / 701; }, extents...);
}

}  // namespace ricci::test
