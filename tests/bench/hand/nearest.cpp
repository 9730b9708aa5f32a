// Nearest centroid, blocked in registers; the matrix of distances never exists.
#include "kernels.hpp"
#include "vectors.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

void nearest_of_ten(const float* x, const float* centroid, std::int64_t* best, std::int64_t length, std::int64_t begin,
                    std::int64_t end) {
  // Few centroids, long rows: lanes along a row, one accumulator for each pair of row and centroid.
  constexpr int count = 10, rows = lanes == 16 ? 2 : 1;
  for (std::int64_t n = begin; n < end; n += rows) {
    Floats distance[rows][count] = {};
    for (std::int64_t d = 0; d < length; d += lanes) {
      Floats point[rows];
      for (int r = 0; r < rows; ++r) point[r] = load(x + (n + r) * length + d);
      for (int k = 0; k < count; ++k) {
        const Floats c = load(centroid + k * length + d);
        for (int r = 0; r < rows; ++r) {
          const Floats difference = point[r] - c;
          distance[r][k] += difference * difference;
        }
      }
    }
    for (int r = 0; r < rows; ++r) {
      float least = sum_of_lanes(distance[r][0]);
      best[n + r] = 0;
      for (int k = 1; k < count; ++k) {
        const float candidate = sum_of_lanes(distance[r][k]);
        if (candidate < least) {
          least = candidate;
          best[n + r] = k;
        }
      }
    }
  }
}

void nearest_of_many(const float* x, const float* transposed, std::int64_t* best, std::int64_t length,
                     std::int64_t count, std::int64_t begin, std::int64_t end) {
  // Many centroids: lanes over them, and as many rows at a time as there are registers for.
  constexpr int rows = lanes == 16 ? 8 : 4, parts = 2;
  for (std::int64_t n = begin * 8; n < end * 8; n += rows) {
    Floats least[rows];
    Ints index[rows];
    for (int r = 0; r < rows; ++r) {
      least[r] = splat(__builtin_inff());
      index[r] = Ints{};
    }
    Ints lane;
    for (int i = 0; i < lanes; ++i) lane[i] = i;
    for (std::int64_t k = 0; k < count; k += parts * lanes) {
      Floats distance[rows][parts] = {};
      for (std::int64_t d = 0; d < length; ++d) {
        Floats c[parts];
        for (int p = 0; p < parts; ++p) c[p] = load(transposed + d * count + k + p * lanes);
        for (int r = 0; r < rows; ++r) {
          const Floats point = splat(x[(n + r) * length + d]);
          for (int p = 0; p < parts; ++p) {
            const Floats difference = point - c[p];
            distance[r][p] += difference * difference;
          }
        }
      }
      for (int p = 0; p < parts; ++p)
        for (int r = 0; r < rows; ++r) {
          const Ints wins = distance[r][p] < least[r];
          least[r] = wins ? distance[r][p] : least[r];
          index[r] = wins ? lane + static_cast<int>(k + p * lanes) : index[r];
        }
    }
    for (int r = 0; r < rows; ++r) {
      int winner = 0;
      for (int i = 1; i < lanes; ++i)
        if (least[r][i] < least[r][winner] || (least[r][i] == least[r][winner] && index[r][i] < index[r][winner]))
          winner = i;
      best[n + r] = index[r][winner];
    }
  }
}

void nearest_in_space(const float* x, const float* centroid, std::int64_t* best, std::int64_t count, std::int64_t begin,
                      std::int64_t end) {
  // Few coordinates: lanes over the points.
  constexpr int length = 3;
  for (std::int64_t n = begin; n < end; n += lanes) {
    float turned[length][lanes];
    for (int d = 0; d < length; ++d)
      for (int i = 0; i < lanes; ++i) turned[d][i] = x[(n + i) * length + d];
    Floats point[length];
    for (int d = 0; d < length; ++d) point[d] = load(turned[d]);
    Floats least = splat(__builtin_inff());
    Ints index{};
    for (int k = 0; k < count; ++k) {
      Floats distance{};
      for (int d = 0; d < length; ++d) {
        const Floats difference = point[d] - splat(centroid[k * length + d]);
        distance += difference * difference;
      }
      const Ints wins = distance < least;
      least = wins ? distance : least;
      index = wins ? splat(k) : index;
    }
    for (int i = 0; i < lanes; ++i) best[n + i] = index[i];
  }
}

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
