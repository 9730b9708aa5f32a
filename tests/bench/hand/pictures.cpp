// Kernels over pictures: samples between pixels, and windows.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

namespace {

/// The numbers of pixels below `place`, and the weight of the next one.
struct Between {
  Ints below;
  Floats weight;
};
inline Between between(Floats place) {
  const Ints cut = __builtin_convertvector(place, Ints);
  const Ints below = cut + (__builtin_convertvector(cut, Floats) > place);  // true is -1
  return {below, place - __builtin_convertvector(below, Floats)};
}

inline Ints clamped(Ints i, int size) {
  const Ints low = i < 0 ? splat(0) : i, top = splat(size - 1);
  return low > top ? top : low;
}

}  // namespace

void grid_sample(const float* picture, const float* grid, float* out, std::int64_t channels, std::int64_t size,
                 std::int64_t begin, std::int64_t end) {
  const int n = static_cast<int>(size);
  const float half = 0.5f * static_cast<float>(n);
  for (std::int64_t row = begin; row < end; ++row) {
    const float* plane = picture + row / size * channels * size * size;
    for (std::int64_t w = 0; w < size; w += lanes) {
      const float* place = grid + (row * size + w) * 2;
      Floats xs, ys;
      for (int lane = 0; lane < lanes; ++lane) {
        xs[lane] = place[2 * lane];
        ys[lane] = place[2 * lane + 1];
      }
      const Between x = between((xs + 1.0f) * half - 0.5f), y = between((ys + 1.0f) * half - 0.5f);
      Ints offset[4];
      Floats weight[4];
      for (int corner = 0; corner < 4; ++corner) {
        const Ints i = y.below + corner / 2, j = x.below + corner % 2;
        const Floats share = (corner / 2 ? y.weight : 1.0f - y.weight) * (corner % 2 ? x.weight : 1.0f - x.weight);
        weight[corner] = ((i >= 0) & (i < n) & (j >= 0) & (j < n)) ? share : Floats{};
        offset[corner] = clamped(i, n) * n + clamped(j, n);
      }
      for (std::int64_t c = 0; c < channels; ++c) {
        const float* from = plane + c * size * size;
        Floats sample{};
        for (int corner = 0; corner < 4; ++corner) sample += gather(from, offset[corner]) * weight[corner];
        store(out + ((row / size * channels + c) * size + row % size) * size + w, sample);
      }
    }
  }
}

void stencil(const float* x, const float* weight, float* out, std::int64_t columns, std::int64_t begin,
             std::int64_t end) {
  const std::int64_t width = columns - 2;
  for (std::int64_t i = begin; i < end; ++i) {
    for (std::int64_t j = 0; j < width; j += lanes) {
      const std::int64_t at = j + lanes <= width ? j : width - lanes;  // the last vector overlaps the one before
      Floats total{};
      for (int k = 0; k < 3; ++k)
        for (int l = 0; l < 3; ++l) total += weight[3 * k + l] * load(x + (i + k) * columns + at + l);
      store(out + i * width + at, total);
    }
  }
}

void convolution(const float* x, const float* w, float* out, std::int64_t channels, std::int64_t begin,
                 std::int64_t end) {
  constexpr std::int64_t size = 56, wide = size + 2, weights = 9;
  constexpr int parts = (size + lanes - 1) / lanes, filters = lanes == 16 ? 4 : 2;
  std::int64_t at[parts];  // the last vector may overlap the one before
  for (int p = 0; p < parts; ++p) at[p] = p + 1 < parts ? p * lanes : size - lanes;
  for (std::int64_t item = begin; item < end; ++item) {
    const std::int64_t image = item / size, i = item % size;
    for (std::int64_t o = 0; o < channels; o += filters) {
      Floats total[filters][parts] = {};
      for (std::int64_t c = 0; c < channels; ++c)
        for (int k = 0; k < weights; ++k) {
          const float* from = x + ((image * channels + c) * wide + i + k / 3) * wide + k % 3;
          Floats right[parts];
          for (int p = 0; p < parts; ++p) right[p] = load(from + at[p]);
          for (int f = 0; f < filters; ++f) {
            const Floats left = splat(w[((o + f) * channels + c) * weights + k]);
            for (int p = 0; p < parts; ++p) total[f][p] += left * right[p];
          }
        }
      for (int f = 0; f < filters; ++f) {
        float* row = out + ((image * channels + o + f) * size + i) * size;
        for (int p = 0; p < parts; ++p) store(row + at[p], total[f][p]);
      }
    }
  }
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
