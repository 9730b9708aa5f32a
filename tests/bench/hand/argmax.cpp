// Kernels over the winning class of each pixel. Lanes run over pixels. The planes of the scores are a power of two
// apart, so all of them fall into the same few sets of the caches: reading many planes a line at a time evicts lines
// before the prefetcher's work is used. Therefore a block of pixels is read seven planes at a time, its winners so far
// waiting in the first-level cache, so that each plane is a stream of 8 KB.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

namespace {

constexpr int block = 2048;

struct Winners {
  alignas(64) float score[block];
  alignas(64) int index[block];
};

/// Lets `planes` planes, of which `c` is the first, compete with the winners so far. NaN is larger than every number.
template <int planes>
inline void compete(const float* scores, std::int64_t c, std::int64_t pixels, Winners& winners) {
  for (int i = 0; i < block; i += lanes) {
    Floats best = c == 0 ? load(scores + i) : load(winners.score + i);
    Ints index{};
    if (c > 0) __builtin_memcpy(&index, winners.index + i, sizeof index);
    for (int plane = 0; plane < planes; ++plane) {
      const Floats v = load(scores + plane * pixels + i);
      const Ints keeps = (v <= best) | (best != best);
      best = keeps ? best : v;
      index = keeps ? index : splat(static_cast<int>(c) + plane);
    }
    store(winners.score + i, best);
    __builtin_memcpy(winners.index + i, &index, sizeof index);
  }
}

inline void find_winners(const float* scores, const Planes& s, Winners& winners) {
  std::int64_t c = 0;
  for (; c + 7 <= s.classes; c += 7) compete<7>(scores + c * s.pixels, c, s.pixels, winners);
  for (; c < s.classes; ++c) compete<1>(scores + c * s.pixels, c, s.pixels, winners);
}

}  // namespace

void gather_of_argmax(const float* scores, const float* feature, float* out, const Planes& s, std::int64_t begin,
                      std::int64_t end) {
  Winners winners;
  for (std::int64_t first = begin * block; first < end * block; first += block) {
    const std::int64_t b = first / s.pixels, p = first % s.pixels;
    find_winners(scores + b * s.classes * s.pixels + p, s, winners);
    const float* from = feature + b * s.channels * s.pixels + p;
    for (int i = 0; i < block; i += lanes) {
      Floats picked{};
      for (int lane = 0; lane < lanes; ++lane) picked[lane] = from[winners.index[i + lane] * s.pixels + i + lane];
      stream(out + first + i, picked);
    }
  }
  _mm_sfence();
}

void gather_rows_of_argmax(const float* scores, const float* feature, float* out, const Planes& s, std::int64_t depth,
                           std::int64_t begin, std::int64_t end) {
  Winners winners;
  for (std::int64_t first = begin * block; first < end * block; first += block) {
    const std::int64_t b = first / s.pixels, p = first % s.pixels;
    find_winners(scores + b * s.classes * s.pixels + p, s, winners);
    for (std::int64_t d = 0; d < depth; ++d) {
      const float* from = feature + (b * s.channels * depth + d) * s.pixels + p;
      float* to = out + (b * depth + d) * s.pixels + p;
      for (int i = 0; i < block; i += lanes) {
        Floats picked{};
        for (int lane = 0; lane < lanes; ++lane)
          picked[lane] = from[winners.index[i + lane] * depth * s.pixels + i + lane];
        stream(to + i, picked);
      }
    }
  }
  _mm_sfence();
}

void class_statistics(const float* scores, float* sums, std::int32_t* counts, const Planes& s, std::int64_t begin,
                      std::int64_t end) {
  // Eight bins per class: neighbours with one winner would otherwise wait for each other's store.
  float sum[64][8] = {};
  std::int32_t count[64][8] = {};
  Winners winners;
  for (std::int64_t first = begin * block; first < end * block; first += block) {
    find_winners(scores + first / s.pixels * s.classes * s.pixels + first % s.pixels, s, winners);
    for (int i = 0; i < block; ++i) {
      sum[winners.index[i]][i % 8] += winners.score[i];
      count[winners.index[i]][i % 8] += 1;
    }
  }
  for (std::int64_t c = 0; c < s.classes; ++c)
    for (int i = 0; i < 8; ++i) {
      sums[c] += sum[c][i];
      counts[c] += count[c][i];
    }
}

void tiny_gather_of_argmax(const float* scores, const float* feature, float* out, const Planes& s) {
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      const float* score = scores + b * s.classes * s.pixels + p;
      std::int64_t best = 0;
      for (std::int64_t c = 1; c < s.classes; ++c) {
        const float value = score[c * s.pixels], champion = score[best * s.pixels];
        if (!(value <= champion) && champion == champion) best = c;
      }
      out[b * s.pixels + p] = feature[(b * s.channels + best) * s.pixels + p];
    }
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
