#pragma once
// Transposition of matrices, for compiled kernels: a helper, because its shuffles are the same for every kernel and
// take long to compile.
#include <cstdint>

namespace ricci {

/// Element (row, column) of rows x columns elements, from from[row * stride + column] to to[column * pitch + row]; all
/// counts in elements. Unless ahead_step is 0, prefetches for each row, or if `alternate` for rows 0, 2, 4 ..., what
/// ends with from[ahead + row % 4 * ahead_apart + row / 4 * ahead_step + columns - 1] and is wanted next. No two
/// elements overlap. If `streaming`, `to` goes past the caches, and the caller fences; columns then are moved a line at
/// a time, with each of which so much is wanted: beside the first, or a quarter of all rows further where rows lie
/// behind each other.
using TransposeFunction = void (*)(const void* from, std::int64_t stride, void* to, std::int64_t pitch,
                                   std::int64_t rows, std::int64_t columns, std::int64_t ahead,
                                   std::int64_t ahead_apart, std::int64_t ahead_step, std::int32_t alternate,
                                   std::int32_t streaming);

/// For elements of 1, 2, 4 or 8 bytes, by vectors of at most 16, 32 or 64.
TransposeFunction transpose_function(int element_bytes, int vector_bytes);

}  // namespace ricci
