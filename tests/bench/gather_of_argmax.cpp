// The feature at the best class of each pixel: feature[b, argmax(scores, 1), h, w].
#include "class_scores.hpp"

namespace ricci::bench {

namespace {

/// The features have one more axis, which the winner does not depend on: it is found once for all of it.
Case with_rows() {
  constexpr std::int64_t depth = 4;
  const Planes planes{4, classes, classes, height * width};
  const auto scores = class_scores(false, planes);
  const auto feature = uniform(-1, 1, planes.batch, planes.channels, depth, height, width);
  Tensor<float, 4> out(planes.batch, depth, height, width), by_hand(planes.batch, depth, height, width);
  Case c;
  c.bytes = static_cast<double>(scores.size() + out.size()) * 4 + 64.0 * depth * gathered_lines(scores);
  c.ricci = [=]() mutable {
    auto [b, d, h, w] = indices<"b d h w">;
    out[b, d, h, w] = feature[b, argmax(scores, 1)[b, h, w], d, h, w];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(planes.batch * planes.pixels / 2048, 32, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().gather_rows_of_argmax(scores.data(), feature.data(), by_hand.data(), planes, depth, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand); };
  return c;
}

}  // namespace

Workloads gather_of_argmax() {
  const auto make = [](bool smooth, const Planes& planes = {batch, classes, 64, height * width}) {
    const std::int64_t rows = planes.pixels / width;
    const auto scores = class_scores(smooth, planes);
    const auto feature = uniform(-1, 1, planes.batch, planes.channels, rows, width);
    Tensor<float, 3> out(planes.batch, rows, width), by_hand(planes.batch, rows, width);
    Case c;
    c.bytes = static_cast<double>(scores.size() + out.size()) * 4 + 64.0 * gathered_lines(scores);
    c.ricci = [=]() mutable {
      auto [b, h, w] = indices<"b h w">;
      out[b, h, w] = feature[b, argmax(scores, 1), h, w];
    };
    c.hand = [=](int threads) mutable {
      parallel_for(out.size() / 2048, 32, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().gather_of_argmax(scores.data(), feature.data(), by_hand.data(), planes, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand); };
    return c;
  };
  return {{"W1 random", "[8,21,512,512] [8,64,512,512]", [=] { return make(false); }},
          {"W1 smooth", "[8,21,512,512] [8,64,512,512]", [=] { return make(true); }},
          {"W1 with index d", "[4,21,512,512] [4,21,4,512,512]", with_rows},
          {"W1 of 3", "[8,3,512,512] twice", [=] { return make(false, {8, 3, 3, 512 * 512}); }},
          {"W1 of 150", "[2,150,512,512] twice", [=] { return make(true, {2, 150, 150, 512 * 512}); }},
          {"W1 of 1000", "[1,1000,128,512] twice", [=] { return make(true, {1, 1000, 1000, 128 * 512}); }}};
}

}  // namespace ricci::bench
