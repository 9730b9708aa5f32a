// The feature at the best class of each pixel: feature[b, argmax(scores, 1), h, w].
#include "class_scores.hpp"

namespace ricci::bench {

Workloads gather_of_argmax() {
  const auto make = [](bool smooth) {
    constexpr std::int64_t channels = 64;
    const auto scores = class_scores(smooth), feature = uniform(-1, 1, batch, channels, height, width);
    Tensor<float, 3> out(batch, height, width), by_hand(batch, height, width);
    const Planes planes{batch, classes, channels, height * width};
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
          {"W1 smooth", "[8,21,512,512] [8,64,512,512]", [=] { return make(true); }}};
}

}  // namespace ricci::bench
