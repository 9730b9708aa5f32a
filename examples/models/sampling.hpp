#pragma once
// Reading pictures between pixels. A bilinear sample is a sum over the 2 x 2 pixels around it, each weighted by a tent.
#include <algorithm>

#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// What grid_sample does with places outside the picture.
enum class Padding { zeros, border, reflection };

/// 1 at 0, falling to 0 at -1 and 1.
template <Expression E>
auto tent(const E& e) {
  return maximum(1 - abs(e), 0);
}

template <Expression E>
auto clamp(const E& e, double low, double high) {
  return minimum(maximum(e, low), high);
}

/// The picture (b, c, rows, columns) at the place y, x, which are expressions in units of pixels: free indices are b, c
/// and those of the place. Outside it is 0, and so where y or x is NaN.
template <class T, Expression Y, Expression X>
auto bilinear(const Tensor<T, 4>& picture, const Y& y, const X& x) {
  auto [b, c, i, j] = indices<"b c i j">;
  const auto row = cast<std::int64_t>(floor(y)) + i;
  const auto column = cast<std::int64_t>(floor(x)) + j;
  return sum(i(0, 2), j(0, 2),
             ((y == y) & (x == x)) * (tent(y - row) * tent(x - column) * fill(picture, 0)[b, c, row, column]));
}

/// A coordinate of [-1, 1] in pixels of an axis: the ends are the centres of the outermost pixels if the corners are
/// aligned, else their outer edges.
template <Expression E>
auto pixel(const E& coordinate, std::int64_t pixels, bool align_corners) {
  const double half = 0.5 * static_cast<double>(align_corners ? pixels - 1 : pixels);
  return (coordinate + 1) * half - (align_corners ? 0.0 : 0.5);
}

/// A place as if the axis were folded at its ends again and again.
template <Expression E>
auto reflect(const E& place, std::int64_t pixels, bool align_corners) {
  const double low = align_corners ? 0.0 : -0.5, length = static_cast<double>(align_corners ? pixels - 1 : pixels);
  const double period = std::max(2 * length, 1.0);
  const auto distance = abs(place - low);
  const auto folded = length - abs(distance - floor(distance / period) * period - length) + low;
  return clamp(folded, 0, static_cast<double>(pixels - 1));
}

/// PyTorch's grid_sample: picture (b, c, rows, columns) at grid (b, h, w, 2), whose last axis is x, y in [-1, 1]
/// -> (b, c, h, w). A NaN coordinate gives 0, whatever the padding.
template <class T>
Tensor<T, 4> grid_sample(const Tensor<T, 4>& picture, const Tensor<T, 4>& grid, Padding padding, bool align_corners) {
  auto [b, c, h, w] = indices<"b c h w">;
  const std::int64_t rows = picture.extent(2), columns = picture.extent(3);
  const auto y = pixel(grid[b, h, w, 1], rows, align_corners);
  const auto x = pixel(grid[b, h, w, 0], columns, align_corners);
  Tensor<T, 4> out(picture.extent(0), picture.extent(1), grid.extent(1), grid.extent(2));
  switch (padding) {
    case Padding::zeros:
      out[b, c, h, w] = bilinear(picture, y, x);
      break;
    case Padding::border:
      out[b, c, h, w] =
          bilinear(picture, clamp(y, 0, static_cast<double>(rows - 1)), clamp(x, 0, static_cast<double>(columns - 1)));
      break;
    case Padding::reflection:
      out[b, c, h, w] = bilinear(picture, reflect(y, rows, align_corners), reflect(x, columns, align_corners));
      break;
  }
  return out;
}

/// The picture (b, c, rows, columns) with another number of rows and columns, edge to edge, as PyTorch's interpolate
/// does without align_corners.
template <class T>
Tensor<T, 4> bilinear_resize(const Tensor<T, 4>& picture, std::int64_t rows, std::int64_t columns) {
  auto [b, c, h, w] = indices<"b c h w">;
  const auto place = [](auto index, std::int64_t from, std::int64_t to) {
    const double step = static_cast<double>(from) / static_cast<double>(to);
    return cast<T>(clamp((index + 0.5) * step - 0.5, 0, static_cast<double>(from - 1)));
  };
  Tensor<T, 4> out(picture.extent(0), picture.extent(1), rows, columns);
  out[b, c, h, w] = bilinear(picture, place(h, picture.extent(2), rows), place(w, picture.extent(3), columns));
  return out;
}

}  // namespace example
