#pragma once
// Vectors as wide as the level that a file is compiled for, and the few functions that the hand-written kernels share.
// Everything is in a namespace named after the level, because every kernel file is compiled once per level.
#include <immintrin.h>

namespace ricci::bench::RICCI_BENCH_LEVEL {

#ifdef __AVX512F__
inline constexpr int lanes = 16;
#else
inline constexpr int lanes = 8;
#endif
using Floats [[gnu::vector_size(lanes * 4)]] = float;
using Ints [[gnu::vector_size(lanes * 4)]] = int;

inline Floats load(const float* from) {
  Floats v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, Floats v) { __builtin_memcpy(to, &v, sizeof v); }
inline Floats splat(float x) { return x - Floats{}; }  // x + 0 would not be -0 for -0
inline Ints splat(int x) { return Ints{} + x; }

/// A store past the caches; `to` is aligned to 16 bytes. Streams are fast only in bursts of whole cache lines.
inline void stream(float* to, Floats v) {
  __m128 parts[sizeof v / sizeof(__m128)];
  __builtin_memcpy(parts, &v, sizeof v);
  for (unsigned i = 0; i < sizeof v / sizeof(__m128); ++i) _mm_stream_ps(to + 4 * i, parts[i]);
}
inline void stream(float* to, const float* from, long count) {
  for (long i = 0; i < count; i += lanes) stream(to + i, load(from + i));
}

/// A line; `to` is aligned to it.
inline void stream_line(float* to, const float* from) {
#ifdef __AVX512F__
  _mm512_stream_ps(to, _mm512_loadu_ps(from));
#else
  const __m256 lower = _mm256_loadu_ps(from), upper = _mm256_loadu_ps(from + 8);
  _mm256_stream_ps(to, lower);
  _mm256_stream_ps(to + 8, upper);
#endif
}

inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline float sum_of_lanes(Floats v) {
  float total = 0;
  for (int i = 0; i < lanes; ++i) total += v[i];
  return total;
}
inline float max_of_lanes(Floats v) {
  float best = v[0];
  for (int i = 1; i < lanes; ++i) best = v[i] > best ? v[i] : best;
  return best;
}

/// The nearest whole number to x, as a float and as an integer, for |x| < 2^22: added to 1.5 * 2^23, x leaves its
/// rounded value in the low bits.
struct Rounded {
  Floats value;
  Ints integer;
};
inline Rounded round(Floats x) {
  constexpr float shift = 12582912.0f;
  const Floats shifted = x + shift;
  return {shifted - shift, (Ints)shifted - 0x4b400000};
}

/// exp(x) to 2 ulp for x <= 88; 0 below -87. Cephes' polynomial on [-ln 2 / 2, ln 2 / 2].
inline Floats exp(Floats x) {
  const auto [n, exponent] = round(larger(x, splat(-87.5f)) * 1.44269504f);
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + (r + 1.0f);
  const Floats scaled = (Floats)((Ints)p + (exponent << 23));
  return x < -87.0f ? splat(0.0f) : scaled;
}

/// sin(x) to 2 ulp for |x| < 8192. Cephes' polynomials on [-pi/4, pi/4] after a reduction by pi/2 in three parts.
inline Floats sin(Floats x) {
  const auto [n, quadrant] = round(x * 0.636619772f);
  const Floats r = ((x - n * 1.5703125f) - n * 4.837512969970703125e-4f) - n * 7.549789948768648e-8f;
  const Floats z = r * r;
  const Floats sine = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * r + r;
  const Floats cosine =
      ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.0f;
  const Floats result = (quadrant & 1) != 0 ? cosine : sine;
  return (Floats)((Ints)result ^ ((quadrant & 2) << 30));
}

/// from[offset[lane]] in each lane.
inline Floats gather(const float* from, Ints offset) {
#ifdef __AVX512F__
  return (Floats)_mm512_mask_i32gather_ps(_mm512_setzero_ps(), 0xffff, (__m512i)offset, from, 4);
#else
  return (Floats)_mm256_i32gather_ps(from, (__m256i)offset, 4);
#endif
}

/// The lanes of the lower (upper) halves of two vectors, alternating.
#ifdef __AVX512F__
inline Floats interleave_lower(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Floats interleave_upper(Floats a, Floats b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
#else
inline Floats interleave_lower(Floats a, Floats b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Floats interleave_upper(Floats a, Floats b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#endif

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
