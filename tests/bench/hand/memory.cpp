// Kernels that memory limits: element by element, sum, copy, transposition.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

namespace {

constexpr int block = 4096;

/// A tile of lanes x lanes elements, transposed: interleaving the rows i and i + lanes/2 once per halving.
inline void transpose_tile(const float* x, std::int64_t stride_x, float* out, std::int64_t stride_out) {
  Floats rows[lanes];
  for (int i = 0; i < lanes; ++i) rows[i] = load(x + i * stride_x);
  for (int halving = lanes; halving > 1; halving /= 2) {
    Floats next[lanes];
    for (int i = 0; i < lanes / 2; ++i) {
      next[2 * i] = interleave_lower(rows[i], rows[i + lanes / 2]);
      next[2 * i + 1] = interleave_upper(rows[i], rows[i + lanes / 2]);
    }
    __builtin_memcpy(rows, next, sizeof rows);
  }
  for (int i = 0; i < lanes; ++i) store(out + i * stride_out, rows[i]);
}

}  // namespace

void elementwise(const float* x, float* out, std::int64_t begin, std::int64_t end) {
  // Arithmetic takes as long as memory here, so streaming stores would only stand in each other's way.
  for (std::int64_t at = begin * 1024; at < end * 1024; at += lanes) {
    const Floats v = load(x + at), magnitude = (Floats)((Ints)v & 0x7fffffff);
    Floats root;
    for (int lane = 0; lane < lanes; ++lane) root[lane] = __builtin_sqrtf(magnitude[lane]);
    store(out + at, sin(v) * exp(-v * v) + root);
  }
}

float sum(const float* x, std::int64_t begin, std::int64_t end) {
  constexpr int parts = 8;
  Floats total[parts] = {};
  for (std::int64_t i = begin * block; i < end * block; i += parts * lanes)
    for (int p = 0; p < parts; ++p) total[p] += load(x + i + p * lanes);
  for (int p = 1; p < parts; ++p) total[0] += total[p];
  return sum_of_lanes(total[0]);
}

void copy(const float* x, float* out, std::int64_t begin, std::int64_t end) {
  // A line at four places in turn: at a single one, loads run ahead of what the processor fetches by itself.
  constexpr int places = 4, line = 16;
  const std::int64_t apart = (end - begin) * block / places;
  for (std::int64_t at = begin * block; at < begin * block + apart; at += line)
    for (int place = 0; place < places; ++place) stream_line(out + at + place * apart, x + at + place * apart);
  _mm_sfence();
}

void transpose(const float* x, float* out, std::int64_t size, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i0 = begin * 64; i0 < end * 64; i0 += 64)
    for (std::int64_t j0 = 0; j0 < size; j0 += 64)
      for (std::int64_t j = j0; j < j0 + 64; j += lanes)
        for (std::int64_t i = i0; i < i0 + 64; i += lanes)
          transpose_tile(x + i * size + j, size, out + j * size + i, size);
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
