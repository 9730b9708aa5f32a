// A product of matrices with one tile of the result in registers.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

void matmul(const float* a, const float* b, float* out, std::int64_t size, std::int64_t begin, std::int64_t end) {
  constexpr int rows = lanes == 16 ? 8 : 4, parts = 2;
  for (std::int64_t j = 0; j < size; j += parts * lanes)
    for (std::int64_t i = begin * 8; i < end * 8; i += rows) {
      Floats total[rows][parts] = {};
      for (std::int64_t k = 0; k < size; ++k) {
        Floats right[parts];
        for (int p = 0; p < parts; ++p) right[p] = load(b + k * size + j + p * lanes);
        for (int r = 0; r < rows; ++r) {
          const Floats left = splat(a[(i + r) * size + k]);
          for (int p = 0; p < parts; ++p) total[r][p] += left * right[p];
        }
      }
      for (int r = 0; r < rows; ++r)
        for (int p = 0; p < parts; ++p) store(out + (i + r) * size + j + p * lanes, total[r][p]);
    }
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
