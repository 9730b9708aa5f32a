// The mean of the winning score of each predicted class, by sums over delta.
#include "class_scores.hpp"

namespace ricci::bench {

Workloads class_statistics() {
  const auto make = [](bool smooth) {
    const auto scores = class_scores(smooth);
    Tensor<float, 1> mean_score(classes), by_hand(classes);
    const Planes planes{batch, classes, 0, height * width};
    Case c;
    c.bytes = static_cast<double>(scores.size()) * 4;
    c.ricci = [=]() mutable {
      auto [b, c, h, w] = indices<"b c h w">;
      mean_score[c] = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w]) /
                      sum(b, h, w, delta(c, argmax(scores, 1)));
    };
    c.hand = [=](int threads) mutable {
      constexpr std::int64_t blocks = batch * height * width / 2048, grain = 32;
      float sums[blocks / grain][classes] = {};
      std::int32_t counts[blocks / grain][classes] = {};
      parallel_for(blocks, grain, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().class_statistics(scores.data(), sums[begin / grain], counts[begin / grain], planes, begin, end);
      });
      for (std::int64_t k = 0; k < classes; ++k) {
        double sum = 0, count = 0;
        for (std::int64_t chunk = 0; chunk < blocks / grain; ++chunk) {
          sum += static_cast<double>(sums[chunk][k]);
          count += counts[chunk][k];
        }
        by_hand.data()[k] = static_cast<float>(sum / count);
      }
    };
    c.difference = [=] { return difference_of(mean_score, by_hand, 1e-4); };
    return c;
  };
  return {{"W2 random", "[8,21,512,512]", [=] { return make(false); }},
          {"W2 smooth", "[8,21,512,512]", [=] { return make(true); }}};
}

}  // namespace ricci::bench
