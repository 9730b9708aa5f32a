// The product of two matrices.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads matmul() {
  const auto make = [] {
    constexpr std::int64_t size = 512;
    const auto a = uniform(-1, 1, size, size), b = uniform(-1, 1, size, size);
    Tensor<float, 2> out(size, size), by_hand(size, size);
    Case c;
    c.bytes = size * size * 12;
    c.ricci = [=]() mutable {
      auto [i, j, k] = indices<"i j k">;
      out[i, j] = sum(k, a[i, k] * b[k, j]);
    };
    c.hand = [=](int threads) mutable {
      parallel_for(size / 8, 8, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().matmul(a.data(), b.data(), by_hand.data(), size, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
    return c;
  };
  return {{"matmul", "[512,512] [512,512]", make}};
}

}  // namespace ricci::bench
