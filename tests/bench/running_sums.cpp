// Running sums along rows and down columns.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads running_sums() {
  constexpr std::int64_t size = 4096;
  const auto make = [](bool along_rows) {
    const auto x = uniform(-1, 1, size, size);
    Tensor<float, 2> out(size, size), by_hand(size, size);
    Case c;
    c.bytes = size * size * 8;
    c.ricci = [=]() mutable {
      auto [i, j] = indices<"i j">;
      if (along_rows) out[i, j] = cumsum(j, x[i, j]);
      else out[i, j] = cumsum(i, x[i, j]);
    };
    c.hand = [=](int threads) mutable {
      if (along_rows)
        parallel_for(size, 32, threads, [&](std::int64_t begin, std::int64_t end) {
          hand().cumsum_rows(x.data(), by_hand.data(), size, begin, end);
        });
      else
        parallel_for(size / 64, 2, threads, [&](std::int64_t begin, std::int64_t end) {
          hand().cumsum_columns(x.data(), by_hand.data(), size, size, begin, end);
        });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-3); };
    return c;
  };
  return {{"cumsum along rows", "[4096,4096]", [=] { return make(true); }},
          {"cumsum down columns", "[4096,4096]", [=] { return make(false); }}};
}

}  // namespace ricci::bench
