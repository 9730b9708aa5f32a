// Sums of looked-up rows: the rows of later bags are fetched into the second cache while this one is summed, and then
// into the first one.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

bool embedding_bag(const float* table, const std::int64_t* ids, float* out, std::int64_t rows, std::int64_t per_bag,
                   std::int64_t begin, std::int64_t end) {
  constexpr int columns = 64, parts = columns / lanes, ahead = 16, far_ahead = 64;  // rows
  const std::int64_t last = end * per_bag;
  for (std::int64_t bag = begin; bag < end; ++bag) {
    Floats total[parts] = {};
    for (std::int64_t j = bag * per_bag; j < (bag + 1) * per_bag; ++j) {
      const auto row = static_cast<std::uint64_t>(ids[j]);
      if (row >= static_cast<std::uint64_t>(rows)) return false;
      if (j + far_ahead < last)
        for (int line = 0; line < columns; line += 16)
          __builtin_prefetch(table + ids[j + far_ahead] * columns + line, 0, 2);
      if (j + ahead < last)
        for (int line = 0; line < columns; line += 16) __builtin_prefetch(table + ids[j + ahead] * columns + line);
      for (int p = 0; p < parts; ++p) total[p] += load(table + row * columns + p * lanes);
    }
    for (int p = 0; p < parts; ++p) store(out + bag * columns + p * lanes, total[p]);
  }
  return true;
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
