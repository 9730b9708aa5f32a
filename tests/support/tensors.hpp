#pragma once
// Tensors for tests: filled in order, and compared with what they should hold.
#include <vector>

#include "ricci/ricci.hpp"

namespace ricci::test {

/// The elements in row-major order.
template <class T, int Rank>
std::vector<T> values(const Tensor<T, Rank>& tensor) {
  const Tensor<T, Rank> copy = tensor.copy();
  return std::vector<T>(copy.data(), copy.data() + copy.size());
}

/// A tensor with elements f(0), f(1), ... in row-major order.
template <class T, class... N, class F>
auto filled(F f, N... extents) {
  Tensor<T, sizeof...(N)> tensor(extents...);
  for (std::int64_t n = 0; n < tensor.size(); ++n) tensor.data()[n] = static_cast<T>(f(n));
  return tensor;
}

/// Small whole numbers without a visible order, so that float sums of them are exact.
inline auto shuffled(int modulus, int factor = 7) {
  return [=](std::int64_t n) { return (n * factor + n / 3) % modulus; };
}

}  // namespace ricci::test
