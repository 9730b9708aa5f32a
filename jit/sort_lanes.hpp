#pragma once
// Sorting numbers by vectors: blocks are put in order in registers, runs of blocks are merged.
#include <cstdint>

namespace ricci {

/// How many elements the arrays of a LaneSort must have for `count` numbers.
constexpr std::int64_t lane_sort_room(std::int64_t count) { return (count + 255) / 256 * 256; }

/// Sorts `count` numbers at `x` and returns where they are then: `x`, or `spare`. What lies behind them up to the room
/// is overwritten in both. `spare` is not used where `count` is at most lane_sort_block.
template <class T>
using LaneSort = T* (*)(T* x, T* spare, std::int64_t count);
inline constexpr std::int64_t lane_sort_block = 32;

/// For int32_t or int64_t, by vectors of 16, 32 or 64 bytes.
template <class T>
LaneSort<T> lane_sort_function(int vector_bytes);

}  // namespace ricci
