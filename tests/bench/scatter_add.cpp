// Rows of one array added to computed rows of another.
#include <atomic>
#include <stdexcept>

#include "data.hpp"
#include "ricci/compile.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads scatter_add() {
  const auto make = [] {
    constexpr std::int64_t size = 1 << 20, rows = 10000, columns = 16;
    const auto x = uniform(-1, 1, size, columns);
    const auto index = labels(rows, size);
    Tensor<float, 2> out(rows, columns), by_hand(rows, columns);
    Case c;
    c.bytes = static_cast<double>(x.size() + index.size() + 2 * out.size()) * 4;
    c.ricci = [=]() mutable {
      auto [n, d] = indices<"n d">;
      out[index[n], d] += x[n, d];
    };
    c.hand = [=](int threads) mutable {
      // One table per thread; the first is the result itself.
      const std::int64_t part = size / threads;
      std::vector<float> tables(static_cast<std::size_t>(threads - 1) * rows * columns);
      const auto table = [&](std::int64_t t) {
        return t == 0 ? by_hand.data() : tables.data() + (t - 1) * rows * columns;
      };
      std::atomic<bool> inside = true;
      parallel_for(size, part, threads, [&](std::int64_t begin, std::int64_t end) {
        if (!hand().scatter_add(x.data(), index.data(), table(begin / part), rows, begin, end))
          inside = false;
      });
      if (!inside) throw std::out_of_range("an index is no row");
      for (int t = 1; t < threads; ++t)
        for (std::int64_t i = 0; i < rows * columns; ++i) by_hand.data()[i] += table(t)[i];
    };
    // Calls add up: the results are compared after one call of each into zeros.
    c.difference = [=, r = c.ricci, h = c.hand]() mutable {
      out.fill(0);
      by_hand.fill(0);
      r();
      h(default_options().threads);
      return difference_of(out, by_hand, 1e-4);
    };
    return c;
  };
  return {{"W7 scatter add", "[1048576,16] into [10000,16]", make}};
}

}  // namespace ricci::bench
