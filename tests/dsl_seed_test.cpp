#include <catch2/catch.hpp>

#include <cmath>

#include "support/tensors.hpp"

using namespace ricci;
using test::filled;
using test::shuffled;
using test::values;

namespace {

constexpr int B = 2, C = 5, H = 3, W = 4;

std::int64_t first_winner(const Tensor<float, 4>& scores, int b, int h, int w) {
  std::int64_t best = 0;
  for (int c = 1; c < C; ++c)
    if (scores.at(b, c, h, w) > scores.at(b, best, h, w)) best = c;
  return best;
}

}  // namespace

TEST_CASE("the feature at the best class") {
  auto [b, c, h, w] = indices<"b c h w">;
  const auto scores = filled<float>(shuffled(11), B, C, H, W);
  const auto feature = filled<float>([](auto n) { return n; }, B, C, H, W);

  Tensor<float, 3> aligned = feature[b, argmax(scores, 1), h, w];
  const Tensor<float, 3> named = feature[b, argmax(c, scores[b, c, h, w]), h, w];
  Tensor<float, 3> written(B, H, W);
  written[b, h, w] = feature(b, argmax(scores, -3), h, w);

  for (int i = 0; i < B; ++i)
    for (int j = 0; j < H; ++j)
      for (int k = 0; k < W; ++k) REQUIRE(aligned.at(i, j, k) == feature.at(i, first_winner(scores, i, j, k), j, k));
  CHECK(values(named) == values(aligned));
  CHECK(values(written) == values(aligned));
}

TEST_CASE("the mean score of each class") {
  auto [b, c, h, w] = indices<"b c h w">;
  const auto scores = filled<float>(shuffled(11), B, C, H, W);
  Tensor<float, 1> mean_score(C);
  mean_score[c] = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w]) /
                  sum(b, h, w, delta(c, argmax(scores, 1)));

  std::vector<float> total(C), count(C);
  for (int i = 0; i < B; ++i)
    for (int j = 0; j < H; ++j)
      for (int k = 0; k < W; ++k) {
        const auto best = static_cast<std::size_t>(first_winner(scores, i, j, k));
        total[best] += scores.at(i, best, j, k);
        count[best] += 1;
      }
  for (int n = 0; n < C; ++n) {
    if (count[n] > 0) CHECK(mean_score.at(n) == total[n] / count[n]);
    else CHECK(std::isnan(mean_score.at(n)));
  }
}

TEST_CASE("the histogram of best classes") {
  using namespace ricci::names;
  const auto scores = filled<float>(shuffled(11), B, C, H, W);
  Tensor<std::int64_t, 1> hist(C);
  hist[argmax(c, scores[b, c, h, w])] += 1;
  hist[argmax(scores, 1)] += 1;

  std::vector<std::int64_t> expected(C);
  for (int i = 0; i < B; ++i)
    for (int j = 0; j < H; ++j)
      for (int k = 0; k < W; ++k) expected[static_cast<std::size_t>(first_winner(scores, i, j, k))] += 2;
  CHECK(values(hist) == expected);
}

TEST_CASE("vector quantisation: the nearest row of a palette") {
  auto [h, w, c, k] = indices<"h w c k">;
  const auto picture = filled<float>(shuffled(9), 4, 5, 3);
  const Tensor<float, 2> palette{{0, 0, 0}, {8, 0, 4}, {4, 4, 4}, {1, 7, 2}};
  const auto quantised = evaluate(palette[argmin(k, sum(c, sq(picture[h, w, c] - palette[k, c]))), c]);
  static_assert(std::is_same_v<decltype(quantised), const Tensor<float, 3>>);

  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 5; ++j) {
      int best = 0;
      float distance[4]{};
      for (int p = 0; p < 4; ++p) {
        for (int d = 0; d < 3; ++d) distance[p] += std::pow(picture.at(i, j, d) - palette.at(p, d), 2.0f);
        if (distance[p] < distance[best]) best = p;
      }
      for (int d = 0; d < 3; ++d) REQUIRE(quantised.at(i, j, d) == palette.at(best, d));
    }
}
