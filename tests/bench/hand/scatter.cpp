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
    __builtin_prefetch(x + (n + 32) * columns);
    for (int d = 0; d < columns; d += lanes) store(to + d, load(to + d) + load(x + n * columns + d));
  }
  return true;
}

namespace {

constexpr int block = 4096;  // labels of an item
constexpr int part = 512;    // and labels at a time

/// Whether all labels of a part are bins; their number is a power of two. The next part comes while this one is
/// counted.
inline bool are_bins(const std::int32_t* label, std::int32_t bins) {
  Ints all{};
  for (int i = 0; i < part; i += lanes) {
    if (i % 16 == 0) __builtin_prefetch(label + part + i);
    Ints v;
    __builtin_memcpy(&v, label + i, sizeof v);
    all |= v;
  }
  for (int lane = 0; lane < lanes; ++lane)
    if ((all[lane] & ~(bins - 1)) != 0) return false;
  return true;
}

/// Eight tables: equal neighbours, as in label maps, would otherwise wait for each other's store. They are not a
/// multiple of 4 KB apart, because processors take addresses that agree in 12 bits for the same at first.
template <int bins>
bool count_in_tables(const std::int32_t* label, std::int32_t* counts, std::int64_t begin, std::int64_t end) {
  constexpr int tables = 8;
  alignas(64) std::int32_t table[tables][bins + 16] = {};
  for (std::int64_t first = begin * block; first < end * block; first += part) {
    if (!are_bins(label + first, bins)) return false;
    for (int i = 0; i < part; i += tables)
      for (int t = 0; t < tables; ++t) ++table[t][label[first + i + t]];
  }
  for (int bin = 0; bin < bins; ++bin)
    for (int t = 0; t < tables; ++t) counts[bin] += table[t][bin];
  return true;
}

}  // namespace

bool histogram(const std::int32_t* label, std::int32_t* counts, std::int32_t bins, std::int64_t begin,
               std::int64_t end) {
  if (bins == 16) return count_in_tables<16>(label, counts, begin, end);
  if (bins == 1024) return count_in_tables<1024>(label, counts, begin, end);
  // One table that no inner cache holds: equal neighbours are rare, and the processor overlaps the misses.
  for (std::int64_t first = begin * block; first < end * block; first += part) {
    if (!are_bins(label + first, bins)) return false;
    for (int i = 0; i < part; ++i) ++counts[label[first + i]];
  }
  return true;
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
