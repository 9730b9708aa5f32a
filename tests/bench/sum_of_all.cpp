// The sum of a long vector.
#include <numeric>

#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads sum_of_all() {
  const auto make = [] {
    constexpr std::int64_t size = 16 << 20;
    const auto x = uniform(0, 1, size);
    Tensor<float, 0> out(0.0f), by_hand(0.0f);
    Case c;
    c.bytes = size * 4;
    c.ricci = [=]() mutable {
      auto [i] = indices<"i">;
      out[] = sum(i, x[i]);
    };
    c.hand = [=](int threads) mutable {
      constexpr std::int64_t blocks = size / 4096, grain = 64;
      double parts[blocks / grain];
      parallel_for(blocks, grain, threads, [&](std::int64_t begin, std::int64_t end) {
        parts[begin / grain] = static_cast<double>(hand().sum(x.data(), begin, end));
      });
      *by_hand.data() = static_cast<float>(std::accumulate(parts, parts + blocks / grain, 0.0));
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
    return c;
  };
  return {{"sum", "[16777216]", make}};
}

}  // namespace ricci::bench
