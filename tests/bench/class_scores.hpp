#pragma once
// Scores of 21 classes for each pixel of eight pictures, as a segmentation network gives them.
#include <bitset>

#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

inline constexpr std::int64_t batch = 8, classes = 21, height = 512, width = 512;

/// Noise, so that neighbours have different best classes, or smooth fields, whose best classes form areas.
inline Tensor<float, 4> class_scores(bool smooth, const Planes& s = {batch, classes, 0, height * width}) {
  const std::int64_t rows = s.pixels / width;
  Tensor<float, 4> scores = uniform(-1, 1, s.batch, s.classes, rows, width);
  if (!smooth) return scores;
  for (std::int64_t plane = 0; plane < s.batch * s.classes; ++plane) {
    float* score = scores.data() + plane * s.pixels;
    const float phase = score[0] * 9;
    const float fx = 0.02f + 0.03f * std::abs(score[1]), fy = 0.02f + 0.03f * std::abs(score[2]);
    for (std::int64_t h = 0; h < rows; ++h)
      for (std::int64_t w = 0; w < width; ++w)
        score[h * width + w] =
            std::sin(fx * static_cast<float>(w) + phase) * std::cos(fy * static_cast<float>(h) - phase);
  }
  return scores;
}

/// Cache lines of a float array that reading it at the best class of every pixel touches.
inline double gathered_lines(const Tensor<float, 4>& scores) {
  const std::int64_t count = scores.extent(1), pixels = scores.extent(2) * scores.extent(3);
  double lines = 0;
  for (std::int64_t b = 0; b < scores.extent(0); ++b)
    for (std::int64_t first = 0; first < pixels; first += 16) {
      std::bitset<1024> winners;
      for (std::int64_t p = first; p < first + 16; ++p) {
        const float* score = scores.data() + b * count * pixels + p;
        std::int64_t best = 0;
        for (std::int64_t c = 1; c < count; ++c)
          if (score[c * pixels] > score[best * pixels]) best = c;
        winners.set(static_cast<std::size_t>(best));
      }
      lines += static_cast<double>(winners.count());
    }
  return lines;
}

}  // namespace ricci::bench
