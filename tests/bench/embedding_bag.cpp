// Sums of looked-up rows of a table.
#include <atomic>
#include <stdexcept>

#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads embedding_bag() {
  const auto make = [] {
    constexpr std::int64_t rows = 100000, columns = 64, bags = 65536, per_bag = 20;
    const auto table = uniform(-1, 1, rows, columns);
    const auto drawn = labels(rows, bags * per_bag);
    Tensor<std::int64_t, 2> ids(bags, per_bag);
    for (std::int64_t n = 0; n < ids.size(); ++n) ids.data()[n] = drawn.data()[n];
    Tensor<float, 2> out(bags, columns), by_hand(bags, columns);
    Case c;
    c.bytes = static_cast<double>(ids.size()) * (8 + columns * 4) + static_cast<double>(out.size()) * 4;
    c.ricci = [=]() mutable {
      auto [b, j, d] = indices<"b j d">;
      out[b, d] = sum(j, table[ids[b, j], d]);
    };
    c.hand = [=](int threads) mutable {
      std::atomic<bool> inside = true;
      parallel_for(bags, 512, threads, [&](std::int64_t begin, std::int64_t end) {
        if (!hand().embedding_bag(table.data(), ids.data(), by_hand.data(), rows, per_bag, begin, end)) inside = false;
      });
      if (!inside) throw std::out_of_range("an id is no row");
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-5); };
    return c;
  };
  return {{"W5 embedding bag", "[100000,64] at [65536,20]", make}};
}

}  // namespace ricci::bench
