#pragma once
// Sorting of rows, for compiled kernels.
#include <cstdint>

#include "ricci/dtype.hpp"

namespace ricci {

/// Puts rows in the order of sort_row.hpp. Key i of row r stands at keys + i * stride + r * key_step elements; the
/// indices of its first `limit` keys, or 0 where there are no more, come to indices + n * pitch + r * step. As many
/// threads (0: all) sort a long row.
using SortRowsFunction = void (*)(const void* keys, std::int64_t stride, std::int64_t key_step, std::int64_t count,
                                  std::int64_t rows, std::int64_t* indices, std::int64_t pitch, std::int64_t step,
                                  std::int64_t limit, std::int32_t descending, std::int32_t threads);

/// The function for keys of this dtype. It does not throw.
SortRowsFunction sort_rows_function(DType keys);

/// The same for the keys themselves, which come to sorted + n * pitch + r * step elements, apart from where they are.
using SortKeysOfRowsFunction = void (*)(const void* keys, std::int64_t stride, std::int64_t key_step,
                                        std::int64_t count, std::int64_t rows, void* sorted, std::int64_t pitch,
                                        std::int64_t step, std::int32_t descending, std::int32_t threads);
SortKeysOfRowsFunction sort_keys_of_rows_function(DType keys);

}  // namespace ricci
