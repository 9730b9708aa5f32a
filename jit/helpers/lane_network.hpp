#pragma once
// Sorting networks over the lanes of vectors: some registers are put in order as one block.
#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

// What is inlined into functions of several instruction sets has none of its own.
#define RICCI_INLINE [[gnu::always_inline]] inline

namespace ricci {

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

/// Numbers without NaN, and with only one zero.
template <class T, int vector_bytes>
struct Lanes {
  static constexpr int size = vector_bytes / sizeof(T);
  typedef T Vector __attribute__((vector_size(vector_bytes)));  // not `using`: g++ 12 loses the attribute there
  static constexpr auto lanes = std::make_integer_sequence<int, size>();

  RICCI_INLINE static void in_order(Vector& low, Vector& high) {
    const Vector least = low < high ? low : high;
    high = low > high ? low : high;  // so that compilers see a minimum and a maximum of floats
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
  /// Puts all elements in order; element n is lane n % size of register n / size then.
  template <int registers>
  RICCI_INLINE static void sort(Vector (&r)[registers]) {
    if constexpr (registers > 1) sort_columns(r, std::make_index_sequence<comparators(registers)>());
    merge_columns<2>(r);
    to_rows<registers>(r);
  }
};

}  // namespace ricci

#undef RICCI_INLINE
