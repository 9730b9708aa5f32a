// Layers of networks: normalisation of rows, and attention.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

void layer_norm(const float* x, const float* gain, const float* bias, float* out, std::int64_t length,
                std::int64_t begin, std::int64_t end) {
  constexpr int parts = 4;
  const auto sum_of = [](const Floats(&v)[parts]) { return sum_of_lanes((v[0] + v[1]) + (v[2] + v[3])); };
  const auto n = static_cast<float>(length);
  for (std::int64_t row = begin; row < end; ++row) {
    const float* from = x + row * length;
    Floats total[parts] = {}, squares[parts] = {};
    for (std::int64_t i = 0; i < length; i += parts * lanes)
      for (int p = 0; p < parts; ++p) total[p] += load(from + i + p * lanes);
    const float mean = sum_of(total) / n;
    for (std::int64_t i = 0; i < length; i += parts * lanes)
      for (int p = 0; p < parts; ++p) {
        const Floats apart = load(from + i + p * lanes) - mean;
        squares[p] += apart * apart;
      }
    const float scale = 1.0f / __builtin_sqrtf(sum_of(squares) / n + 1e-5f);
    for (std::int64_t i = 0; i < length; i += lanes)
      store(out + row * length + i, (load(from + i) - mean) * scale * load(gain + i) + load(bias + i));
  }
}

void attention(const float* query, const float* key, const float* value, float* out, std::int64_t length,
               std::int64_t begin, std::int64_t end) {
  constexpr int depth = 64, most = 512, rows = 4, across = 4, parts = depth / lanes;
  alignas(64) static thread_local float transposed[depth][most];
  alignas(64) float score[rows][most];
  for (std::int64_t head = begin; head < end; ++head) {
    const std::int64_t at = head * length * depth;
    for (std::int64_t k = 0; k < length; ++k)
      for (int d = 0; d < depth; ++d) transposed[d][k] = key[at + k * depth + d] * 0.125f;
    for (std::int64_t i = 0; i < length; i += rows) {
      const float* q = query + at + i * depth;
      for (std::int64_t k = 0; k < length; k += across * lanes) {
        Floats total[rows][across] = {};
        for (int d = 0; d < depth; ++d)
          for (int r = 0; r < rows; ++r)
            for (int a = 0; a < across; ++a) total[r][a] += q[r * depth + d] * load(&transposed[d][k + a * lanes]);
        for (int r = 0; r < rows; ++r)
          for (int a = 0; a < across; ++a) store(&score[r][k + a * lanes], total[r][a]);
      }
      float scale[rows];
      for (int r = 0; r < rows; ++r) {
        Floats largest = load(score[r]), total{};
        for (std::int64_t k = 0; k < length; k += lanes) largest = larger(load(&score[r][k]), largest);
        const Floats top = splat(max_of_lanes(largest));
        for (std::int64_t k = 0; k < length; k += lanes) {
          const Floats e = exp(load(&score[r][k]) - top);
          total += e;
          store(&score[r][k], e);
        }
        scale[r] = 1.0f / sum_of_lanes(total);
      }
      Floats mixed[rows][parts] = {};
      for (std::int64_t k = 0; k < length; ++k)
        for (int r = 0; r < rows; ++r)
          for (int p = 0; p < parts; ++p) mixed[r][p] += score[r][k] * load(value + at + k * depth + p * lanes);
      for (int r = 0; r < rows; ++r)
        for (int p = 0; p < parts; ++p) store(out + at + (i + r) * depth + p * lanes, mixed[r][p] * scale[r]);
    }
  }
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
