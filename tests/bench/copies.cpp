// Copies: as they are, which is the bandwidth that the others can be compared with, and transposed.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

Case copy() {
  constexpr std::int64_t size = 16 << 20;
  const auto x = uniform(-1, 1, size);
  Tensor<float, 1> out(size), by_hand(size);
  Case c;
  c.bytes = size * 8;
  c.ricci = [=]() mutable {
    auto [i] = indices<"i">;
    out[i] = x[i];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(size / 4096, 64, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().copy(x.data(), by_hand.data(), begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand); };
  return c;
}

Case transposed() {
  constexpr std::int64_t size = 2048;
  const auto x = uniform(-1, 1, size, size);
  Tensor<float, 2> out(size, size), by_hand(size, size);
  Case c;
  c.bytes = size * size * 8;
  c.ricci = [=]() mutable {
    auto [i, j] = indices<"i j">;
    out[j, i] = x[i, j];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(size / 64, 1, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().transpose(x.data(), by_hand.data(), size, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand); };
  return c;
}

}  // namespace

Workloads copies() {
  return {{"copy", "[16777216]", copy}, {"transposed copy", "[2048,2048]", transposed}};
}

}  // namespace ricci::bench
