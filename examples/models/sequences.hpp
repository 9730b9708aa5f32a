#pragma once
// The most probable sequence of states: Viterbi's recurrence and the way back.
#include <tuple>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The best path through states: log-probabilities of transitions A (j, k) from j to k and of emissions E (t, k).
/// -> the state at each t, and the score of the path.
template <class T>
std::tuple<Tensor<std::int64_t, 1>, Tensor<T, 0>> viterbi(const Tensor<T, 2>& A, const Tensor<T, 2>& E) {
  auto [t, j, k] = indices<"t j k">;
  const std::int64_t steps = E.extent(0);
  Tensor<T, 2> D(E.extents());  // the score of the best path that ends in k at t
  D[t, k].scan(t, where(t > 0, max(j, D[t - 1, j] + A[j, k]), 0) + E[t, k]);
  // Backwards from the best end: the state before `path[t]` is the one that D[t, path[t]] came from.
  Tensor<std::int64_t, 1> path(steps);
  path[steps - 1 - t].scan(
      t, where(t > 0, argmax(j, D[steps - 1 - t, j] + A[j, path[steps - t]]), argmax(k, D[steps - 1, k])));
  return {path, max(k, D[steps - 1, k])};
}

}  // namespace example
