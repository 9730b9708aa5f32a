#pragma once
// Pictures of what the classifier of fashion.hpp got wrong. They are drawn by scatters.
#include <array>
#include <tuple>
#include <vector>

#include "fashion.hpp"

namespace example {

inline constexpr int side = 28;  // of an image, in pixels

/// A wrongly classified test image.
struct Mistake {
  std::int64_t image;
  int truth, pred;
  float margin;
};

/// All of them, ordered by true class, predicted class, and then the most certain first.
inline std::vector<Mistake> mistakes_of(const Fashion& fashion, const Classification& result) {
  std::vector<Mistake> mistakes;
  for (std::int64_t n = 0; n < result.pred.extent(0); ++n) {
    const int truth = fashion.test.label.at(n), pred = static_cast<int>(result.pred.at(n));
    if (truth != pred) mistakes.push_back({n, truth, pred, result.margin.at(n)});
  }
  std::ranges::sort(mistakes, {}, [](const Mistake& m) { return std::tuple(m.truth, m.pred, -m.margin, m.image); });
  return mistakes;
}

/// The confusion matrix as a picture (height, width, 3): rows are true classes, columns predicted ones. A cell shows
/// up to 16 of its mistakes, the most certain first; the diagonal shows the class means.
inline Tensor<std::uint8_t, 3> confusion_picture(const Fashion& fashion, const Classification& result,
                                                 const std::vector<Mistake>& mistakes) {
  auto [m, y, x, c, k, i, j] = indices<"m y x c k i j">;
  constexpr int across = 4, cell = across * side, gap = 4, pitch = cell + gap, width = classes * pitch + gap;

  std::vector<std::int64_t> shown, top, left;
  for (std::size_t first = 0, n = 0; n < mistakes.size(); ++n) {
    const Mistake& mistake = mistakes[n];
    if (mistake.truth != mistakes[first].truth || mistake.pred != mistakes[first].pred) first = n;
    const int place = static_cast<int>(n - first);
    if (place >= across * across) continue;
    shown.push_back(mistake.image);
    top.push_back(gap + mistake.truth * pitch + place / across * side);
    left.push_back(gap + mistake.pred * pitch + place % across * side);
  }
  const auto tensor = [](const std::vector<std::int64_t>& list) {
    return Tensor<std::int64_t, 1>(list, {static_cast<std::int64_t>(list.size())});
  };
  const Tensor<std::int64_t, 1> image_of = tensor(shown), top_of = tensor(top), left_of = tensor(left);
  const Tensor<float, 1> paper{255, 253, 248}, page{226, 222, 214}, dark{96, 12, 20}, blue{8, 54, 106};

  Tensor<std::uint8_t, 3> picture(width, width, 3);
  picture[y, x, c] = cast<std::uint8_t>(page[c]);
  // Cells, and in them the enlarged pixels of the diagonal, are axes of views of the picture.
  std::uint8_t* corner = &picture.at(gap, gap, 0);
  constexpr std::int64_t row = width * 3, zoom = cell / side;
  auto cells = Tensor<std::uint8_t, 5>::view(corner, {classes, classes, cell, cell, 3},
                                             {pitch * row, pitch * 3, row, 3, 1});
  cells[k, m, y, x, c] = cast<std::uint8_t>(paper[c]);
  auto diagonal = Tensor<std::uint8_t, 6>::view(corner, {classes, side, zoom, side, zoom, 3},
                                                {pitch * (row + 3), zoom * row, row, zoom * 3, 3, 1});
  diagonal[k, y, i, x, j, c] = cast<std::uint8_t>(paper[c] + (blue[c] - paper[c]) * result.mean[k, y, x] / 255);
  picture[top_of[m] + y, left_of[m] + x, c] =
      cast<std::uint8_t>(paper[c] + (dark[c] - paper[c]) * fashion.test.image[image_of[m], y, x] / 255);
  return picture;
}

/// Five images in a row at half their size, (14, 80): what fits a terminal. Dark ones are brightened.
inline Tensor<std::uint8_t, 2> strip(const LabelledImages& images, const std::array<std::int64_t, 5>& shown) {
  auto [m, y, x, i, j] = indices<"m y x i j">;
  constexpr int half = side / 2;
  const Tensor<std::int64_t, 1> image_of(shown, {5});
  // Axes i and j count the pixels that become one.
  const auto blocks = Tensor<std::uint8_t, 5>::view(const_cast<std::uint8_t*>(images.image.data()),
                                                    {images.image.extent(0), half, 2, half, 2});
  Tensor<std::uint8_t, 2> picture(half, 5 * (half + 2));
  picture[y, (half + 2) * m + x] = cast<std::uint8_t>(sqrt(255 * mean(i, j, blocks[image_of[m], y, i, x, j])));
  return picture;
}

}  // namespace example
