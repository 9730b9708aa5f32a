// A layer of a network: 64 filters of 3 by 3 places over 64 planes.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads convolution() {
  const auto make = [] {
    constexpr std::int64_t batch = 4, channels = 64, size = 56;
    const auto x = uniform(-1, 1, batch, channels, size + 2, size + 2);
    const auto w = uniform(-1, 1, channels, channels, 3, 3);
    Tensor<float, 4> out(batch, channels, size, size), by_hand(batch, channels, size, size);
    Case c;
    c.bytes = static_cast<double>(x.size() + w.size() + out.size()) * 4;
    c.ricci = [=]() mutable {
      auto [b, o, i, j, c, u, v] = indices<"b o i j c u v">;
      out[b, o, i, j] = sum(c, u, v, w[o, c, u, v] * x[b, c, i + u, j + v]);
    };
    c.hand = [=](int threads) mutable {
      parallel_for(batch * size, 4, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().convolution(x.data(), w.data(), by_hand.data(), channels, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-3); };
    return c;
  };
  return {{"convolution", "[4,64,58,58] [64,64,3,3]", make}};
}

}  // namespace ricci::bench
