#pragma once
// Normalisation of features.
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// Every row has mean 0 and variance 1, then is scaled by gain (f) and moved by bias (f): x (n, f) -> (n, f).
template <class T>
Tensor<T, 2> layer_norm(const Tensor<T, 2>& x, const Tensor<T, 1>& gain, const Tensor<T, 1>& bias,
                        double epsilon = 1e-5) {
  auto [n, f] = indices<"n f">;
  return (x[n, f] - mean(f, x[n, f])) / sqrt(var(f, x[n, f]) + epsilon) * gain[f] + bias[f];
}

}  // namespace example
