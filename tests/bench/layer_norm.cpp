// Rows with mean 0 and variance 1.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads layer_norm() {
  const auto make = [] {
    constexpr std::int64_t rows = 16384, length = 1024;
    const auto x = uniform(-1, 1, rows, length);
    const auto gain = uniform(0, 1, length), bias = uniform(-1, 1, length);
    Tensor<float, 2> out(rows, length), by_hand(rows, length);
    Case c;
    c.bytes = static_cast<double>(x.size()) * 8;
    c.ricci = [=]() mutable {
      auto [n, f] = indices<"n f">;
      out[n, f] = (x[n, f] - mean(f, x[n, f])) / sqrt(var(f, x[n, f]) + 1e-5) * gain[f] + bias[f];
    };
    c.hand = [=](int threads) mutable {
      parallel_for(rows, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().layer_norm(x.data(), gain.data(), bias.data(), by_hand.data(), length, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
    return c;
  };
  return {{"layer norm", "[16384,1024]", make}};
}

}  // namespace ricci::bench
