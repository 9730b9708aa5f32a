// Counting labels: of independent neighbours, and of runs of equal ones, as in label maps.
#include <atomic>
#include <stdexcept>

#include "data.hpp"
#include "ricci/compile.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads histogram() {
  const auto make = [](std::int32_t bins, int run) {
    constexpr std::int64_t size = 16 << 20;
    const auto label = labels(bins, size, run);
    Tensor<std::int32_t, 1> hist(bins), by_hand(bins);
    Case c;
    c.bytes = size * 4;
    c.ricci = [=]() mutable {
      auto [n] = indices<"n">;
      hist[label[n]] += 1;
    };
    c.hand = [=](int threads) mutable {
      // With many bins there is one table of counts for each thread, the first of them the result itself: to clear and
      // to merge them is work of its own. Tensors of such sizes have large pages.
      const bool many = bins > 1024;
      const std::int64_t blocks = size / 4096, grain = many ? blocks / threads : 128;
      const std::int64_t tables = blocks / grain - many;
      Tensor<std::int32_t, 2> counts(tables, bins);
      const auto table = [&](std::int64_t t) {
        return many && t == 0 ? by_hand.data() : counts.data() + (t - many) * bins;
      };
      std::atomic<bool> inside = true;
      parallel_for(blocks, grain, threads, [&](std::int64_t begin, std::int64_t end) {
        if (!hand().histogram(label.data(), table(begin / grain), bins, begin, end)) inside = false;
      });
      if (!inside) throw std::out_of_range("a label is no bin");
      parallel_for(bins, many ? bins / threads : bins, threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = 0; t < tables; ++t)
          for (std::int64_t bin = begin; bin < end; ++bin) by_hand.data()[bin] += counts.data()[t * bins + bin];
      });
    };
    // Calls add up: the results are compared after one call of each into zeros.
    c.difference = [=, r = c.ricci, h = c.hand]() mutable {
      hist.fill(0);
      by_hand.fill(0);
      r();
      h(default_options().threads);
      return difference_of(hist, by_hand);
    };
    return c;
  };
  return {{"W7 histogram random", "[16777216] into [1024]", [=] { return make(1024, 1); }},
          {"W7 histogram of runs", "[16777216] into [1024]", [=] { return make(1024, 100); }},
          {"W7 few bins", "[16777216] into [16]", [=] { return make(16, 1); }},
          {"W7 many bins", "[16777216] into [1048576]", [=] { return make(1 << 20, 1); }}};
}

}  // namespace ricci::bench
