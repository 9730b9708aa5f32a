#pragma once
// Data for workloads, the same in every run, and comparison of results.
#include <cmath>
#include <random>

#include "ricci/ricci.hpp"

namespace ricci::bench {

template <class... N>
auto uniform(float low, float high, N... extents) {
  Tensor<float, sizeof...(N)> tensor(extents...);
  std::minstd_rand random(1);
  const float step = (high - low) / static_cast<float>(std::minstd_rand::max());
  for (std::int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = low + step * static_cast<float>(random());
  return tensor;
}

/// Integers in [0, count): independent ones, or the same for `run` neighbours.
inline Tensor<std::int32_t, 1> labels(std::int32_t count, std::int64_t size, int run = 1) {
  Tensor<std::int32_t, 1> tensor(size);
  std::minstd_rand random(2);
  std::int32_t label = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    if (i % run == 0) label = static_cast<std::int32_t>(random() % static_cast<std::uint32_t>(count));
    tensor.data()[i] = label;
  }
  return tensor;
}

/// The first element by which two results differ more than rounding explains: |a - b| > tolerance * (1 + |b|).
template <class T, int rank>
std::string difference_of(const Tensor<T, rank>& ricci, const Tensor<T, rank>& hand, double tolerance = 0) {
  for (std::int64_t i = 0; i < ricci.size(); ++i) {
    const auto a = static_cast<double>(ricci.data()[i]), b = static_cast<double>(hand.data()[i]);
    if (!(std::abs(a - b) <= tolerance * (1 + std::abs(b))))
      return "element " + std::to_string(i) + " is " + std::to_string(a) + ", by hand " + std::to_string(b);
  }
  return {};
}

}  // namespace ricci::bench
