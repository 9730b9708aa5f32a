// A chain of elementwise functions in one pass.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads elementwise() {
  const auto make = [](std::int64_t size) {
    const auto x = uniform(-4, 4, size);
    Tensor<float, 1> out(size), by_hand(size);
    Case c;
    c.bytes = static_cast<double>(size) * 8;
    c.ricci = [=]() mutable {
      auto [i] = indices<"i">;
      out[i] = sin(x[i]) * exp(-x[i] * x[i]) + sqrt(abs(x[i]));
    };
    c.hand = [=](int threads) mutable {
      parallel_for(size / 1024, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().elementwise(x.data(), by_hand.data(), begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-6); };
    return c;
  };
  return {{"W6 sin exp sqrt", "[16777216]", [=] { return make(16 << 20); }},
          {"W6 four times as many", "[67108864]", [=] { return make(64 << 20); }}};
}

}  // namespace ricci::bench
