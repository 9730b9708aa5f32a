#include "sort_lanes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

// What is inlined into functions of several instruction sets has none of its own.
#define RICCI_INLINE [[gnu::always_inline]] inline

namespace ricci {
namespace {

struct Comparator {
  int low, high;
};

/// Calls f for every comparator of Batcher's odd-even merge sort of n = 2^k elements, in order.
template <class F>
consteval void each_comparator(int n, F f) {
  for (int p = 1; p < n; p *= 2)
    for (int k = p; k >= 1; k /= 2)
      for (int j = k % p; j + k < n; j += 2 * k)
        for (int i = j; i < j + k && i + k < n; ++i)
          if (i / (2 * p) == (i + k) / (2 * p)) f(Comparator{i, i + k});
}

consteval std::size_t comparators(int n) {
  std::size_t count = 0;
  each_comparator(n, [&](Comparator) { ++count; });
  return count;
}

template <int n>
consteval std::array<Comparator, comparators(n)> network() {
  std::array<Comparator, comparators(n)> list{};
  std::size_t count = 0;
  each_comparator(n, [&](Comparator c) { list[count++] = c; });
  return list;
}

template <class T, int vector_bytes>
struct Lanes {
  static constexpr int size = vector_bytes / sizeof(T);
  typedef T Vector __attribute__((vector_size(vector_bytes)));  // not `using`: g++ 12 loses the attribute there
  static constexpr auto lanes = std::make_integer_sequence<int, size>();

  RICCI_INLINE static void in_order(Vector& low, Vector& high) {
    const Vector least = low < high ? low : high;
    high = low < high ? high : low;
    low = least;
  }

  /// Lane n of the result is lane n ^ crossed of `v`.
  template <int crossed, int... lane>
  RICCI_INLINE static void cross(Vector& result, const Vector& v, std::integer_sequence<int, lane...>) {
    result = __builtin_shufflevector(v, v, (lane ^ crossed)...);
  }
  /// Lane n of the result is lane n ^ crossed of `a` where n lacks the bit, of `b` where it has it.
  template <int crossed, int bit, int... lane>
  RICCI_INLINE static void choose(Vector& result, const Vector& a, const Vector& b,
                                  std::integer_sequence<int, lane...>) {
    result = __builtin_shufflevector(a, b, ((lane ^ crossed) + (lane & bit ? size : 0))...);
  }
  /// Puts lanes n and n ^ crossed in order; of the two, the one with the bit gets the larger.
  template <int crossed, int bit>
  RICCI_INLINE static void order_lanes(Vector& v) {
    Vector low = v, high;
    cross<crossed>(high, v, lanes);
    in_order(low, high);
    choose<0, bit>(v, low, high, lanes);
  }

  /// Sorts within each register what is bitonic over 2 * distance lanes.
  template <int distance, int registers>
  RICCI_INLINE static void merge_lanes(Vector (&r)[registers]) {
    if constexpr (distance >= 1) {
#pragma GCC unroll 16
      for (int i = 0; i < registers; ++i) order_lanes<distance, distance>(r[i]);
      merge_lanes<distance / 2>(r);
    }
  }
  /// The same across registers, lane by lane.
  template <int distance, int registers>
  RICCI_INLINE static void merge_registers(Vector (&r)[registers]) {
    if constexpr (distance >= 1) {
#pragma GCC unroll 16
      for (int i = 0; i < registers; ++i)
        if ((i & distance) == 0) in_order(r[i], r[i + distance]);
      merge_registers<distance / 2>(r);
    }
  }

  // --- a block in registers. Element n is lane n / registers of register n % registers: first steps need no shuffle

  template <int registers, std::size_t... i>
  RICCI_INLINE static void sort_columns(Vector (&r)[registers], std::index_sequence<i...>) {
    constexpr auto list = network<registers>();
    (in_order(r[list[i].low], r[list[i].high]), ...);
  }
  /// Sorted in groups of `group` / 2 lanes; then in groups of `group`, and on.
  template <int group, int registers>
  RICCI_INLINE static void merge_columns(Vector (&r)[registers]) {
    if constexpr (group <= size) {
      // Each element meets its mirror image in the group.
      if constexpr (registers == 1)
        order_lanes<group - 1, group / 2>(r[0]);
      else
#pragma GCC unroll 16
        for (int i = 0; i < registers / 2; ++i) {
          Vector low = r[i], high;
          cross<group - 1>(high, r[registers - 1 - i], lanes);
          in_order(low, high);
          choose<0, group / 2>(r[i], low, high, lanes);
          choose<group - 1, group / 2>(r[registers - 1 - i], low, high, lanes);
        }
      merge_lanes<group / 4>(r);
      merge_registers<registers / 2>(r);
      merge_columns<2 * group>(r);
    }
  }
  /// The lower (or upper) halves of two vectors, their lanes in turns.
  template <bool upper, int... lane>
  RICCI_INLINE static void interleave(Vector& result, const Vector& a, const Vector& b,
                                      std::integer_sequence<int, lane...>) {
    result = __builtin_shufflevector(a, b, (lane / 2 + upper * (size / 2) + lane % 2 * size)...);
  }
  /// From columns to rows, where element n is lane n % size of register n / size. There are `streams` groups of
  /// registers behind each other, whose elements take turns: two by two they become one.
  template <int streams, int registers>
  RICCI_INLINE static void to_rows(Vector (&r)[registers]) {
    if constexpr (streams > 1) {
      constexpr int length = registers / streams;
      Vector next[registers];
#pragma GCC unroll 16
      for (int i = 0; i < registers / 2; ++i) {
        interleave<false>(next[2 * i], r[i], r[i + streams / 2 * length], lanes);
        interleave<true>(next[2 * i + 1], r[i], r[i + streams / 2 * length], lanes);
      }
      std::memcpy(r, next, sizeof r);
      to_rows<streams / 2>(r);
    }
  }
  template <int registers>
  RICCI_INLINE static void sort_block(T* x) {
    Vector r[registers];
    std::memcpy(r, x, sizeof r);
    if constexpr (registers > 1) sort_columns(r, std::make_index_sequence<comparators(registers)>());
    merge_columns<2>(r);
    to_rows<registers>(r);
    std::memcpy(x, r, sizeof r);
  }

  // --- merging runs --------------------------------------------------------------------------------------------------

  static constexpr int step_registers = 4, step = step_registers * size;
  using Step = Vector[step_registers];

  /// Of two sorted steps, the lower half and the upper one.
  RICCI_INLINE static void split(Step& low, Step& high) {
#pragma GCC unroll 16
    for (int i = 0; i < step_registers; ++i) cross<size - 1>(high[i], high[i], lanes);
#pragma GCC unroll 16
    for (int i = 0; i < step_registers; ++i) in_order(low[i], high[step_registers - 1 - i]);
    merge_registers<step_registers / 2>(low);
    merge_registers<step_registers / 2>(high);
    merge_lanes<size / 2>(low);
    merge_lanes<size / 2>(high);
  }
  /// [a, b) and [b, end) to `out`; their lengths are multiples of `step`.
  RICCI_INLINE static void merge(const T* a, const T* b, const T* end, T* out) {
    const T* const a_end = b;
    Step low, high;
    std::memcpy(low, a, sizeof low);
    std::memcpy(high, b, sizeof high);
    a += step;
    b += step;
    while (true) {
      split(low, high);
      std::memcpy(out, low, sizeof low);
      out += step;
      if (a == a_end && b == end) break;
      // Without a branch that nobody can predict, as long as both have something left.
      const bool first = b == end || (a != a_end && *a <= *b);
      std::memcpy(low, first ? a : b, sizeof low);
      a += first ? step : 0;
      b += first ? 0 : step;
    }
    std::memcpy(out, high, sizeof high);
  }

  /// Runs of `run` elements become runs of `length`, the last ones what there is. Returns which array has them.
  RICCI_INLINE static T* merge_runs(T* x, T* spare, std::int64_t count, std::int64_t run, std::int64_t length) {
    for (; run < length; run *= 2) {
      std::int64_t i = 0;
      for (; i + run < count; i += 2 * run) merge(x + i, x + i + run, x + std::min(i + 2 * run, count), spare + i);
      if (i < count) std::memcpy(spare + i, x + i, static_cast<std::size_t>(count - i) * sizeof(T));
      std::swap(x, spare);
    }
    return x;
  }

  static constexpr int block = 16 * size;
  /// Both arrays of a part take half of a second-level cache of 1 MiB.
  static constexpr std::int64_t part = (std::int64_t{256} << 10) / sizeof(T);
  static_assert(lane_sort_block <= block && block <= lane_sort_room(1));

  /// Sorts what is left behind whole blocks, filled up to a few registers with the largest number. Returns its end.
  RICCI_INLINE static std::int64_t sort_last_block(T* x, std::int64_t whole, std::int64_t count) {
    if (whole == count) return whole;
    std::int64_t registers = whole == 0 ? 1 : step_registers;
    while (whole + registers * size < count) registers *= 2;
    const std::int64_t end = whole + registers * size;
    std::fill(x + count, x + end, std::numeric_limits<T>::max());
    if (registers == 1)
      sort_block<1>(x + whole);
    else if (registers == 2)
      sort_block<2>(x + whole);
    else if (registers == 4)
      sort_block<4>(x + whole);
    else if (registers == 8)
      sort_block<8>(x + whole);
    else
      sort_block<16>(x + whole);
    return end;
  }

  /// A part becomes one run before the next part is begun.
  RICCI_INLINE static T* sort(T* x, T* spare, std::int64_t count) {
    const std::int64_t whole = count / block * block, end = sort_last_block(x, whole, count);
    const std::int64_t length =
        std::min(part, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(end))));
    T* runs = x;
    for (std::int64_t first = 0; first < end; first += part) {
      const std::int64_t stop = std::min(first + part, end);
      for (std::int64_t i = first; i < std::min(stop, whole); i += block) sort_block<16>(x + i);
      runs = merge_runs(x + first, spare + first, stop - first, block, length) - first;
    }
    if (runs != x) std::swap(x, spare);
    return merge_runs(x, spare, end, length, end);
  }
};

template <class T>
T* sort16(T* x, T* spare, std::int64_t count) {
  return Lanes<T, 16>::sort(x, spare, count);
}
template <class T>
[[gnu::target("avx2")]] T* sort32(T* x, T* spare, std::int64_t count) {
  return Lanes<T, 32>::sort(x, spare, count);
}
template <class T>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]] T* sort64(T* x, T* spare, std::int64_t count) {
  return Lanes<T, 64>::sort(x, spare, count);
}

}  // namespace

template <class T>
LaneSort<T> lane_sort_function(int vector_bytes) {
  return vector_bytes == 16 ? sort16<T> : vector_bytes == 32 ? sort32<T> : sort64<T>;
}
template LaneSort<std::int32_t> lane_sort_function(int);
template LaneSort<std::int64_t> lane_sort_function(int);

}  // namespace ricci
