#pragma once
// Bags of embeddings: bag b has the rows ids[offset[b]], ..., ids[offset[b + 1] - 1] of E. The rows are never copied.
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The sum of the rows of each bag: E (v, f), ids (j), offset (bags + 1) -> (b, f). An empty bag has 0.
template <class T>
Tensor<T, 2> embedding_bag_sum(const Tensor<T, 2>& E, const Tensor<std::int64_t, 1>& ids,
                               const Tensor<std::int64_t, 1>& offset) {
  auto [b, j, f] = indices<"b j f">;
  return sum(j(offset[b], offset[b + 1]), E[ids[j], f]);
}

/// Their mean; 0 for an empty bag.
template <class T>
Tensor<T, 2> embedding_bag_mean(const Tensor<T, 2>& E, const Tensor<std::int64_t, 1>& ids,
                                const Tensor<std::int64_t, 1>& offset) {
  auto [b, j, f] = indices<"b j f">;
  return where(offset[b] < offset[b + 1], mean(j(offset[b], offset[b + 1]), E[ids[j], f]), 0);
}

/// Their largest elements; 0 for an empty bag.
template <class T>
Tensor<T, 2> embedding_bag_max(const Tensor<T, 2>& E, const Tensor<std::int64_t, 1>& ids,
                               const Tensor<std::int64_t, 1>& offset) {
  auto [b, j, f] = indices<"b j f">;
  return where(offset[b] < offset[b + 1], max(j(offset[b], offset[b + 1]), E[ids[j], f]), 0);
}

}  // namespace example
