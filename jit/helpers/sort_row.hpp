#pragma once
// One order for all: stable, equals by smallest index also when descending; NaN is the largest, -0 equals 0.
#include <cstdint>
#include <span>
#include <vector>

#include "ricci/scalar.hpp"

namespace ricci {

/// Stores the indices of the first `limit` of `count` keys in that order, 0 where there are no more. Key i stands at
/// keys + i * stride elements, index n comes to indices + n * pitch. Of many keys, as many threads (0: all) sort parts.
using SortRowFunction = void (*)(const void* keys, std::int64_t stride, std::int64_t count, std::int64_t* indices,
                                 std::int64_t pitch, std::int64_t limit, std::int32_t descending, std::int32_t threads);

/// Whether so few indices are found by looking at one key after the other, without vectors or memory.
constexpr bool is_selection(std::int64_t count, std::int64_t limit) {
  return limit <= count / 8;
}

/// The function for keys of this dtype. It does not throw.
SortRowFunction sort_row_function(DType keys);

/// Stores the keys in that order, number n at sorted + n * pitch elements, apart from the keys.
using SortKeysFunction = void (*)(const void* keys, std::int64_t stride, std::int64_t count, void* sorted,
                                  std::int64_t pitch, std::int32_t descending, std::int32_t threads);
SortKeysFunction sort_keys_function(DType keys);

/// The same order the slow, obvious way; the keys have one dtype.
std::vector<std::int64_t> stable_order(std::span<const Scalar> keys, bool descending);

}  // namespace ricci
