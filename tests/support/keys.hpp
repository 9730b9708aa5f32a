#pragma once
// Keys for scatters, with duplicates near and far.
#include "tensors.hpp"

namespace ricci::test {

/// So many of [0, classes), in no visible order.
inline Tensor<std::int32_t, 1> keys(std::int64_t count, int classes) {
  return filled<std::int32_t>([=](std::int64_t n) { return (n * n + n / 7 * 5) % classes; }, count);
}

}  // namespace ricci::test
