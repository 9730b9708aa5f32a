// The elements that a condition chooses.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads compress() {
  const auto make = [] {
    constexpr std::int64_t size = 16 << 20, blocks = size / 4096, grain = 64;
    const auto x = uniform(-1, 1, size);
    struct Results {
      Tensor<float, 1> ricci, by_hand;
    };
    const auto results = std::make_shared<Results>();
    Case c;
    c.bytes = size * 6;  // half of them are chosen
    c.ricci = [=] { results->ricci = x[x > 0]; };
    c.hand = [=](int threads) {
      std::vector<std::int64_t> first(blocks / grain + 1);
      parallel_for(blocks, grain, threads, [&](std::int64_t begin, std::int64_t end) {
        first[static_cast<std::size_t>(begin / grain) + 1] = hand().count_positive(x.data(), begin, end);
      });
      for (std::size_t k = 1; k < first.size(); ++k) first[k] += first[k - 1];
      const std::int64_t count[] = {first.back()};
      results->by_hand = Tensor<float, 1>(Array::uninitialised(DType::f32, count));
      parallel_for(blocks, grain, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().take_positive(x.data(), results->by_hand.data() + first[static_cast<std::size_t>(begin / grain)], begin,
                             end);
      });
    };
    c.difference = [=] { return difference_of(results->ricci, results->by_hand); };
    return c;
  };
  return {{"x[x > 0]", "[16777216]", make}};
}

}  // namespace ricci::bench
