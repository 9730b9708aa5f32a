#pragma once
// Losses of classifiers. The log-probability of class c is z[n, c] - logsumexp(c, z[n, c]), and the class of a sample
// is a subscript, so that nothing of the size of the scores is ever written.
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The mean of -log p[n, target[n]] over the samples whose target is not `ignored`: scores z (n, c) -> (). Scores of
/// ignored samples are not read. NaN when all are ignored.
template <class T>
Tensor<T, 0> cross_entropy(const Tensor<T, 2>& z, const Tensor<std::int64_t, 1>& target, std::int64_t ignored = -100) {
  auto [n, c] = indices<"n c">;
  const auto counts = target[n] != ignored;
  return sum(n, where(counts, logsumexp(c, z[n, c]) - z[n, target[n]], 0)) / count(n, counts);
}

/// Cross entropy with a target that is 1 - epsilon at its class and epsilon spread over all of them.
template <class T>
Tensor<T, 0> smoothed_cross_entropy(const Tensor<T, 2>& z, const Tensor<std::int64_t, 1>& target, double epsilon) {
  auto [n, c] = indices<"n c">;
  return mean(n, logsumexp(c, z[n, c]) - (1 - epsilon) * z[n, target[n]] - epsilon * mean(c, z[n, c]));
}

/// The weighted negative log-likelihood of every pixel's class: log-probabilities z (b, c, h, w), weight (c) -> ().
template <class T>
Tensor<T, 0> nll_2d(const Tensor<T, 4>& z, const Tensor<std::int64_t, 3>& target, const Tensor<T, 1>& weight) {
  auto [b, h, w] = indices<"b h w">;
  const auto t = target[b, h, w];
  return -sum(b, h, w, weight[t] * z[b, t, h, w]) / sum(b, h, w, weight[t]);
}

}  // namespace example
