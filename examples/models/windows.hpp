#pragma once
// Windows that slide over pictures: convolution and pooling. A window is arithmetic in the subscripts.
#include <tuple>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// Convolution of X (b, c, rows, columns) with K (o, c, i, j), with zeros around X: -> (b, o, y, x).
template <class T>
Tensor<T, 4> conv2d(const Tensor<T, 4>& X, const Tensor<T, 4>& K, std::int64_t stride, std::int64_t padding,
                    std::int64_t dilation) {
  auto [b, c, o, y, x, i, j] = indices<"b c o y x i j">;
  const auto size = [&](int axis) {
    return (X.extent(axis) + 2 * padding - dilation * (K.extent(axis) - 1) - 1) / stride + 1;
  };
  Tensor<T, 4> out(X.extent(0), K.extent(0), size(2), size(3));
  out[b, o, y, x] =
      sum(c, i, j,
          fill(X, 0)[b, c, stride * y + dilation * i - padding, stride * x + dilation * j - padding] * K[o, c, i, j]);
  return out;
}

/// The largest of every 2 x 2 pixels, and where it lies in its plane: row * columns + column. Among equals the first.
/// X (b, c, rows, columns) -> (b, c, rows / 2, columns / 2) twice, by one kernel.
template <class T>
std::tuple<Tensor<T, 4>, Tensor<std::int64_t, 4>> max_pool_with_indices(const Tensor<T, 4>& X) {
  auto [b, c, y, x, i, j] = indices<"b c y x i j">;
  const auto pixel = X[b, c, 2 * y + i, 2 * x + j];
  const auto winner = argmax(i(0, 2), j(0, 2), pixel);
  const auto place = (2 * y + along(i, winner)) * X.extent(3) + 2 * x + along(j, winner);
  return eval(max(i(0, 2), j(0, 2), pixel), order(place, b, c, y, x));
}

/// Puts every value back where max_pool_with_indices found it, with zeros elsewhere.
template <class T>
Tensor<T, 4> max_unpool(const Tensor<T, 4>& value, const Tensor<std::int64_t, 4>& index, std::int64_t rows,
                        std::int64_t columns) {
  auto [b, c, y, x] = indices<"b c y x">;
  Tensor<T, 4> out(value.extent(0), value.extent(1), rows, columns);
  const auto at = index[b, c, y, x];
  out[b, c, floor_divide(at, columns), at % columns] = value[b, c, y, x];
  return out;
}

}  // namespace example
