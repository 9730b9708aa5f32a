#pragma once
// Nearest rows: vector quantisation and k-means. No matrix of distances is made.
#include <tuple>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// For each row of x (n, d) the number of the nearest row of E (k, d); among equals the first.
template <class T>
auto nearest(const Tensor<T, 2>& x, const Tensor<T, 2>& E) {
  auto [n, k, d] = indices<"n k d">;
  return argmin(k, sum(d, sq(x[n, d] - E[k, d])));
}

/// Each row replaced by its nearest one in the codebook, the number of that, and the mean squared distance of both:
/// (n, d), (n), (). One kernel.
template <class T>
std::tuple<Tensor<T, 2>, Tensor<std::int64_t, 1>, Tensor<T, 0>> vq_lookup(const Tensor<T, 2>& x,
                                                                          const Tensor<T, 2>& codebook) {
  auto [n, d] = indices<"n d">;
  const auto row = codebook[nearest(x, codebook), d];
  return eval(row, nearest(x, codebook), mean(n, d, sq(x[n, d] - row)));
}

/// The means of the points (n, d) that are nearest to each centre (k, d). A centre without points stays where it is.
template <class T>
Tensor<T, 2> k_means_step(const Tensor<T, 2>& x, const Tensor<T, 2>& centre) {
  auto [n, k, d] = indices<"n k d">;
  const auto member = delta(k, nearest(x, centre));
  const auto members = sum(n, member);
  return where(members > 0, sum(n, member * x[n, d]) / members, centre[k, d]);
}

}  // namespace example
