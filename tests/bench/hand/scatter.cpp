// Kernels whose targets are computed.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

bool scatter_add(const float* x, const std::int32_t* index, float* table, std::int64_t rows, std::int64_t begin,
                 std::int64_t end) {
  constexpr int columns = 16;
  for (std::int64_t n = begin; n < end; ++n) {
    const auto row = static_cast<std::uint32_t>(index[n]);
    if (row >= static_cast<std::uint64_t>(rows)) return false;
    float* to = table + row * columns;
    for (int d = 0; d < columns; d += lanes) store(to + d, load(to + d) + load(x + n * columns + d));
  }
  return true;
}

bool histogram(const std::int32_t* label, std::int32_t* counts, std::int64_t begin, std::int64_t end) {
  // Eight tables: equal neighbours, as in label maps, would otherwise wait for each other's store. They are not a
  // multiple of 4 KB apart, because processors take addresses that agree in 12 bits for the same at first.
  constexpr int bins = 1024, tables = 8, block = 4096;
  alignas(64) std::int32_t table[tables][bins + 16] = {};
  for (std::int64_t first = begin * block; first < end * block; first += block) {
    Ints all{};
    for (int i = 0; i < block; i += lanes) {
      Ints v;
      __builtin_memcpy(&v, label + first + i, sizeof v);
      all |= v;
    }
    for (int lane = 0; lane < lanes; ++lane)
      if ((all[lane] & ~(bins - 1)) != 0) return false;  // exact because bins is a power of two
    for (int i = 0; i < block; i += tables)
      for (int t = 0; t < tables; ++t) ++table[t][label[first + i + t]];
  }
  for (int bin = 0; bin < bins; ++bin)
    for (int t = 0; t < tables; ++t) counts[bin] += table[t][bin];
  return true;
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
