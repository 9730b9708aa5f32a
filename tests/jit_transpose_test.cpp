// The helper that transposes: every way through it moves each element once and touches nothing else.
#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "helpers/transpose.hpp"
#include "ricci/dtype.hpp"
#include "support/backends.hpp"
#include "support/guarded.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// rows x columns of `from`, whose rows are `stride` apart, into columns of `to`, `pitch` apart, from its element
/// `start` on; what stands between and before them stays 0.
void check_transposition(DType dtype, int width, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                         std::int64_t pitch, std::int64_t start, bool streaming) {
  const auto bytes = static_cast<std::int64_t>(size_of(dtype));
  GuardedTensor from(dtype, std::array{(rows - 1) * stride + columns}), to(dtype, std::array{columns * pitch});
  auto* const x = static_cast<unsigned char*>(from.view().data);
  auto* const y = static_cast<unsigned char*>(to.view().data);
  for (std::int64_t n = 0; n < ((rows - 1) * stride + columns) * bytes; ++n)
    x[n] = static_cast<unsigned char>((n / bytes * 2654435761u >> 8 * (n % bytes) % 32) | 1);
  std::memset(y, 0, static_cast<std::size_t>(columns * pitch * bytes));
  transpose_function(static_cast<int>(bytes), width)(x, stride, y + start * bytes, pitch, rows, columns, 0, 0, 0, 0,
                                                     streaming);
  INFO(to_string(dtype) << ' ' << width << " bytes, " << rows << " x " << columns << ", stride " << stride << ", pitch "
                        << pitch << ", start " << start << (streaming ? ", streaming" : ""));
  std::int64_t wrong = 0;
  for (std::int64_t column = 0; column < columns; ++column)
    for (std::int64_t n = 0; n < pitch; ++n) {
      const std::int64_t row = n - start;
      const unsigned char* found = y + (column * pitch + n) * bytes;
      if (row >= 0 && row < rows)
        wrong += std::memcmp(found, x + (row * stride + column) * bytes, static_cast<std::size_t>(bytes)) != 0;
      else
        for (std::int64_t b = 0; b < bytes; ++b) wrong += found[b] != 0;
    }
  REQUIRE(wrong == 0);
}

}  // namespace

TEST_CASE("a transposition moves every element and writes nothing else, in the caches and past them") {
  for (const DType dtype : {DType::u8, DType::i16, DType::f32, DType::f64})
    for (const int width : vector_widths())
      for (const bool streaming : {false, true}) {
        const std::int64_t line = 64 / static_cast<std::int64_t>(size_of(dtype));
        // Whole lines: less than a run of four, some runs, and runs with lines left over; rows behind each other or not.
        for (const std::int64_t lines : {1, 3, 4, 5, 8, 10, 11})
          for (const std::int64_t columns : {line, 2 * line, 4 * line})
            for (const std::int64_t gap : {std::int64_t{0}, line, std::int64_t{3}})
              check_transposition(dtype, width, lines * line, columns, columns + gap, (lines + 1) * line,
                                  lines % 2 * line, streaming);
        // And not.
        for (const std::int64_t rows : {1, 2, 7, 16, 33, 100})
          for (const std::int64_t columns : {1, 2, 3, 4, 5, 16, 21, 70})
            for (const std::int64_t start : {0, 3})
              check_transposition(dtype, width, rows, columns, columns, rows + 5, start, streaming);
      }
}
