// The smallest shapes: what a whole call costs, the allocation of its result included.
#include <memory>

#include "data.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads tiny() {
  const auto make = [] {
    constexpr std::int64_t batch = 2, classes = 5, height = 3, width = 4;
    const auto scores = uniform(-1, 1, batch, classes, height, width);
    const auto feature = uniform(0, 1, batch, classes, height, width);
    const Planes planes{batch, classes, classes, height * width};
    struct Results {
      Tensor<float, 3> ricci;
      std::unique_ptr<float[]> by_hand;
    };
    const auto results = std::make_shared<Results>();
    Case c;
    c.bytes = static_cast<double>(scores.size() + 2 * batch * height * width) * 4;
    c.ricci = [=] {
      auto [b, h, w] = indices<"b h w">;
      results->ricci = feature[b, argmax(scores, 1), h, w];
    };
    c.hand = [=](int) {
      results->by_hand = std::make_unique_for_overwrite<float[]>(batch * height * width);
      hand().tiny_gather_of_argmax(scores.data(), feature.data(), results->by_hand.get(), planes);
    };
    c.difference = [=] {
      return difference_of(results->ricci, Tensor<float, 3>::view(results->by_hand.get(), {batch, height, width}));
    };
    return c;
  };
  return {{"W10 tiny", "[2,5,3,4]", make}};
}

}  // namespace ricci::bench
