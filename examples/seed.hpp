#pragma once
// The computations of examples 01 to 03, apart from their printing.
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// The feature of the best class at every place: scores (b, c, h, w), feature (b, k, h, w) -> (b, h, w).
/// Throws Error{bounds} where the best class is no channel of `feature`.
inline Tensor<float, 3> argmax_gather(const Tensor<float, 4>& scores, const Tensor<float, 4>& feature) {
  auto [b, h, w] = indices<"b h w">;
  Tensor<float, 3> picked = feature[b, argmax(scores, 1), h, w];
  return picked;
}

/// The mean score of each class over the places where it is the best: scores (b, c, h, w) -> mean (c), NaN for a class
/// that is nowhere the best.
inline void class_means(const Tensor<float, 4>& scores, Tensor<float, 1>& mean) {
  auto [b, c, h, w] = indices<"b c h w">;
  mean[c] = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w]) /
            sum(b, h, w, delta(c, argmax(scores, 1)));
}

/// The probability of the best class at every place: scores and prob (b, c, h, w) -> (b, h, w).
inline Tensor<float, 3> confidence(const Tensor<float, 4>& scores, const Tensor<float, 4>& prob) {
  auto [b, k, h, w] = indices<"b k h w">;
  Tensor<float, 3> best = sum(k, one_hot(argmax(scores, 1)[b, h, w], k) * prob[b, k, h, w]);
  return best;
}

/// Scores (b, c, h, w) without a pattern that the eye can see.
inline Tensor<float, 4> made_up_scores(int batch, int classes, int height, int width) {
  auto [b, c, h, w] = indices<"b c h w">;
  Tensor<float, 4> scores(batch, classes, height, width);
  scores[b, c, h, w] = sin(5.1 * b + 2.3 * c * c + 1.7 * h * (c + 1) + 2.9 * w * (h + 1));
  return scores;
}

/// The feature at (b, c, h, w) is the number with the digits b c h w: whoever reads it sees where it came from.
inline Tensor<float, 4> digit_features(int batch, int channels, int height, int width) {
  auto [b, c, h, w] = indices<"b c h w">;
  Tensor<float, 4> feature(batch, channels, height, width);
  feature[b, c, h, w] = cast<float>(1000 * b + 100 * c + 10 * h + w);
  return feature;
}

}  // namespace example
