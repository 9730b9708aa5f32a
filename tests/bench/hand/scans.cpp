// Running sums, and the elements that a condition chooses.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

namespace {

constexpr int block = 4096;

/// The vector moved up by `by` lanes, zeros below.
template <int by>
inline Floats shifted(Floats v) {
  Ints from;
  for (int lane = 0; lane < lanes; ++lane) from[lane] = lane >= by ? lane - by : lanes;
  return __builtin_shuffle(v, Floats{}, from);
}

}  // namespace

void cumsum_rows(const float* x, float* out, std::int64_t length, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    Floats before{};
    for (std::int64_t i = 0; i < length; i += lanes) {
      Floats v = load(x + row * length + i);
      v += shifted<1>(v);
      v += shifted<2>(v);
      v += shifted<4>(v);
      if (lanes > 8) v += shifted<8>(v);
      v += before;
      store(out + row * length + i, v);
      before = __builtin_shuffle(v, Ints{} + (lanes - 1));
    }
  }
}

void cumsum_columns(const float* x, float* out, std::int64_t rows, std::int64_t columns, std::int64_t begin,
                    std::int64_t end) {
  constexpr int strip = 64, parts = strip / lanes;
  for (std::int64_t first = begin * strip; first < end * strip; first += strip) {
    Floats total[parts] = {};
    for (std::int64_t i = 0; i < rows; ++i)
      for (int p = 0; p < parts; ++p) {
        total[p] += load(x + i * columns + first + p * lanes);
        store(out + i * columns + first + p * lanes, total[p]);
      }
  }
}

std::int64_t count_positive(const float* x, std::int64_t begin, std::int64_t end) {
  Ints count{};
  for (std::int64_t i = begin * block; i < end * block; i += lanes) count -= load(x + i) > 0.0f;
  std::int64_t total = 0;
  for (int lane = 0; lane < lanes; ++lane) total += count[lane];
  return total;
}

void take_positive(const float* x, float* out, std::int64_t begin, std::int64_t end) {
#ifdef __AVX512F__
  const std::int64_t mine = count_positive(x, begin, end);
  float* const stop = out + mine;
  for (std::int64_t i = begin * block; i < end * block; i += lanes) {
    const __m512 v = _mm512_loadu_ps(x + i);
    const __mmask16 chosen = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
    const int count = __builtin_popcount(chosen);
    const __m512 packed = _mm512_maskz_compress_ps(chosen, v);
    if (out + lanes <= stop) _mm512_storeu_ps(out, packed);
    else _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1u << count) - 1), packed);
    out += count;
  }
#else
  for (std::int64_t i = begin * block; i < end * block; ++i)
    if (x[i] > 0) *out++ = x[i];
#endif
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
