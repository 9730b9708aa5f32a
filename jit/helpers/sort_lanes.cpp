#include "helpers/sort_lanes.hpp"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "helpers/lane_network.hpp"

namespace ricci {
namespace {

/// For each mask of `lanes` lanes those of its set bits, then the others; each lane has some parts.
template <int lanes, int parts>
consteval auto make_partings() {
  std::array<std::array<std::uint8_t, 8>, 1 << lanes> table{};
  for (unsigned mask = 0; mask < table.size(); ++mask)
    for (int lane = 0, low = 0, high = std::popcount(mask); lane < lanes; ++lane) {
      const int to = mask >> lane & 1 ? low++ : high++;
      for (int part = 0; part < parts; ++part)
        table[mask][static_cast<std::size_t>(to * parts + part)] = static_cast<std::uint8_t>(lane * parts + part);
    }
  return table;
}
template <int lanes>
alignas(64) constexpr auto partings = make_partings<lanes, 8 / lanes>();

template <class T>
constexpr T largest =
    std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();

// --- with AVX-512 --------------------------------------------------------------------------------------------------

namespace wide {

#define RICCI_TARGET gnu::target("avx512f,avx512bw,avx512dq,avx512vl,bmi2,popcnt")

template <class T>
struct Part {
  static constexpr int bytes = 64, size = bytes / sizeof(T);
  using Vector = typename Lanes<T, bytes>::Vector;
  using Mask = std::conditional_t<size == 16, __mmask16, __mmask8>;

  [[RICCI_TARGET]] static Mask first(std::int64_t count) {
    return static_cast<Mask>(_bzhi_u32(0xffff, static_cast<unsigned>(std::clamp<std::int64_t>(count, 0, size))));
  }
  /// The first `count` numbers there, behind them the largest number.
  [[RICCI_TARGET]] static void load(Vector& v, const T* x, std::int64_t count) {
    const Vector others = Vector{} + largest<T>;
    if constexpr (size == 16)
      v = Vector(_mm512_mask_loadu_epi32(__m512i(others), first(count), x));
    else
      v = Vector(_mm512_mask_loadu_epi64(__m512i(others), first(count), x));
  }
  [[RICCI_TARGET]] static void store(T* x, const Vector& v, std::int64_t count) {
    if constexpr (size == 16)
      _mm512_mask_storeu_epi32(x, first(count), __m512i(v));
    else
      _mm512_mask_storeu_epi64(x, first(count), __m512i(v));
  }
  template <bool equal>
  [[RICCI_TARGET]] static Mask lower(const Vector& v, const Vector& pivot) {
    constexpr int less = equal ? _CMP_LE_OQ : _CMP_LT_OQ;
    if constexpr (std::is_same_v<T, float>)
      return _mm512_cmp_ps_mask(__m512(v), __m512(pivot), less);
    else if constexpr (std::is_same_v<T, double>)
      return _mm512_cmp_pd_mask(__m512d(v), __m512d(pivot), less);
    else if constexpr (size == 16)
      return equal ? _mm512_cmple_epi32_mask(__m512i(v), __m512i(pivot))
                   : _mm512_cmplt_epi32_mask(__m512i(v), __m512i(pivot));
    else
      return equal ? _mm512_cmple_epi64_mask(__m512i(v), __m512i(pivot))
                   : _mm512_cmplt_epi64_mask(__m512i(v), __m512i(pivot));
  }
  /// Stores the lanes that are less than the pivot, or with `equal` not greater, at `low` and the others before `high`;
  /// there is room for all of them at both ends.
  template <bool equal>
  [[RICCI_TARGET]] static void part(const Vector& v, const Vector& pivot, T*& low, T*& high) {
    const Mask mask = lower<equal>(v, pivot);
    const int count = __builtin_popcount(mask);
    if constexpr (size == 16) {
      high -= size - count;
      _mm512_storeu_si512(low, _mm512_maskz_compress_epi32(mask, __m512i(v)));
      _mm512_mask_storeu_epi32(high, static_cast<Mask>(_bzhi_u32(0xffff, static_cast<unsigned>(size - count))),
                               _mm512_maskz_compress_epi32(static_cast<Mask>(~mask), __m512i(v)));
    } else {
      const void* const order = partings<8>[mask].data();
      const __m512i lanes = _mm512_maskz_cvtepu8_epi64(0xff, _mm_loadl_epi64(static_cast<const __m128i*>(order)));
      const __m512i parted = _mm512_maskz_permutexvar_epi64(0xff, lanes, __m512i(v));
      _mm512_storeu_si512(low, parted);
      _mm512_storeu_si512(high - size, parted);
      high -= size - count;
    }
    low += count;
  }
  /// The same for the first `number` lanes, without more room than they need.
  template <bool equal>
  [[RICCI_TARGET]] static void part(const Vector& v, std::int64_t number, const Vector& pivot, T*& low, T*& high) {
    const Mask some = first(number), mask = static_cast<Mask>(lower<equal>(v, pivot) & some);
    Vector lower_ones, others;
    if constexpr (size == 16) {
      lower_ones = Vector(_mm512_maskz_compress_epi32(mask, __m512i(v)));
      others = Vector(_mm512_maskz_compress_epi32(static_cast<Mask>(some & ~mask), __m512i(v)));
    } else {
      lower_ones = Vector(_mm512_maskz_compress_epi64(mask, __m512i(v)));
      others = Vector(_mm512_maskz_compress_epi64(static_cast<Mask>(some & ~mask), __m512i(v)));
    }
    const int count = __builtin_popcount(mask);
    high -= number - count;
    store(low, lower_ones, count);
    store(high, others, number - count);
    low += count;
  }
};

#include "helpers/lane_quicksort.hpp"

#undef RICCI_TARGET
}  // namespace wide

// --- with AVX2 -----------------------------------------------------------------------------------------------------

namespace narrow {

#define RICCI_TARGET gnu::target("avx2,bmi2,popcnt")

/// The same.
template <class T>
struct Part {
  static constexpr int bytes = 32, size = bytes / sizeof(T);
  using Vector = typename Lanes<T, bytes>::Vector;

  [[RICCI_TARGET]] static void load(Vector& v, const T* x, std::int64_t count) {
    if (count >= size) {
      std::memcpy(&v, x, sizeof v);
    } else {
      v = Vector{} + largest<T>;
      if (count > 0) std::memcpy(&v, x, static_cast<std::size_t>(count) * sizeof(T));
    }
  }
  [[RICCI_TARGET]] static void store(T* x, const Vector& v, std::int64_t count) {
    if (count >= size)
      std::memcpy(x, &v, sizeof v);
    else if (count > 0)
      std::memcpy(x, &v, static_cast<std::size_t>(count) * sizeof(T));
  }
  template <bool equal>
  [[RICCI_TARGET]] static void part(const Vector& v, const Vector& pivot, T*& low, T*& high) {
    const auto is_lower = equal ? v <= pivot : v < pivot;
    const auto mask =
        static_cast<unsigned>(size == 8 ? _mm256_movemask_ps(__m256(is_lower)) : _mm256_movemask_pd(__m256d(is_lower)));
    const void* const order = partings<size>[mask].data();
    const __m256i halves = _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(order)));
    const __m256i parted = _mm256_permutevar8x32_epi32(__m256i(v), halves);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(low), parted);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(high - size), parted);
    const int count = __builtin_popcount(mask);
    low += count;
    high -= size - count;
  }
  template <bool equal>
  [[RICCI_TARGET]] static void part(const Vector& v, std::int64_t number, const Vector& pivot, T*& low, T*& high) {
    for (int i = 0; i < number; ++i) {
      const bool is_lower = equal ? v[i] <= pivot[0] : v[i] < pivot[0];
      *low = high[-1] = v[i];
      low += is_lower;
      high -= !is_lower;
    }
  }
};

#include "helpers/lane_quicksort.hpp"

#undef RICCI_TARGET
}  // namespace narrow

}  // namespace

template <class T>
const LaneSort<T>& lane_sort(int vector_bytes) {
  static constexpr LaneSort<T> by_wide{&wide::Quicksort<T>::sort, &wide::Quicksort<T>::sort_by,
                                       &wide::Quicksort<T>::part_by};
  static constexpr LaneSort<T> by_narrow{&narrow::Quicksort<T>::sort, &narrow::Quicksort<T>::sort_by,
                                         &narrow::Quicksort<T>::part_by};
  return vector_bytes == 64 ? by_wide : by_narrow;
}
template const LaneSort<std::int32_t>& lane_sort(int);
template const LaneSort<std::int64_t>& lane_sort(int);
template const LaneSort<float>& lane_sort(int);
template const LaneSort<double>& lane_sort(int);

}  // namespace ricci
