// Softmax in three sweeps over a strip that stays in the first-level cache; memory is touched once.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

void softmax_planes(const float* in, float* out, const Planes& s, std::int64_t begin, std::int64_t end) {
  // The planes share a few sets of the caches (see argmax.cpp): they are read seven at a time and only once, into a
  // tile without such conflicts.
  constexpr int strip = 512;
  alignas(64) float tile[64][strip], most[strip];
  for (std::int64_t first = begin * strip; first < end * strip; first += strip) {
    const std::int64_t at = first / s.pixels * s.classes * s.pixels + first % s.pixels;
    for (int i = 0; i < strip; i += lanes) store(most + i, splat(-__builtin_inff()));
    for (std::int64_t c = 0; c < s.classes; c += 7)
      for (int i = 0; i < strip; i += lanes) {
        Floats m = load(most + i);
        for (std::int64_t plane = c; plane < c + 7 && plane < s.classes; ++plane) {
          const Floats v = load(in + at + plane * s.pixels + i);
          m = larger(v, m);
          store(&tile[plane][i], v);
        }
        store(most + i, m);
      }
    for (int i = 0; i < strip; i += lanes) {
      const Floats m = load(most + i);
      Floats total{};
      for (std::int64_t c = 0; c < s.classes; ++c) {
        const Floats e = exp(load(&tile[c][i]) - m);
        total += e;
        store(&tile[c][i], e);
      }
      store(most + i, 1.0f / total);
    }
    for (std::int64_t c = 0; c < s.classes; ++c)
      for (int i = 0; i < strip; i += lanes) stream(out + at + c * s.pixels + i, load(&tile[c][i]) * load(most + i));
  }
  _mm_sfence();
}

void softmax_rows(const float* in, float* out, std::int64_t length, std::int64_t begin, std::int64_t end) {
  constexpr int parts = 4;
  alignas(64) float tile[4096];
  for (std::int64_t row = begin; row < end; ++row) {
    const float* from = in + row * length;
    Floats most[parts], total[parts] = {};
    for (int p = 0; p < parts; ++p) most[p] = load(from + p * lanes);
    for (std::int64_t i = parts * lanes; i < length; i += parts * lanes)
      for (int p = 0; p < parts; ++p) most[p] = larger(load(from + i + p * lanes), most[p]);
    const Floats most_of_row =
        splat(max_of_lanes(larger(larger(most[0], most[1]), larger(most[2], most[3]))));
    for (std::int64_t i = 0; i < length; i += parts * lanes)
      for (int p = 0; p < parts; ++p) {
        __builtin_prefetch(from + length + i + p * lanes);
        const Floats e = exp(load(from + i + p * lanes) - most_of_row);
        total[p] += e;
        store(tile + i + p * lanes, e);
      }
    const float scale = 1.0f / sum_of_lanes((total[0] + total[1]) + (total[2] + total[3]));
    for (std::int64_t i = 0; i < length; i += lanes) stream(out + row * length + i, load(tile + i) * scale);
  }
  _mm_sfence();
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
