#pragma once
// The hand-written kernels that the compiled ones are compared with: each does the same work as the index expression
// beside its name, for the items [begin, end) of one chunk. They know more than the compiler does: every extent is a
// multiple of what they are blocked by, arrays are row-major and aligned to 64 bytes. Lanes are all f32.
#include <cstdint>

namespace ricci::bench {

/// Scores [batch, classes, pixels] and features [batch, channels, pixels]; pixels % 2048 == 0, 2 <= classes <= 64.
struct Planes {
  std::int64_t batch, classes, channels, pixels;
};

struct Hand {
  const char* level;

  /// out[b, p] = feature[b, argmax(scores, 1), p]. Items are blocks of 2048 pixels.
  void (*gather_of_argmax)(const float* scores, const float* feature, float* out, const Planes&, std::int64_t begin,
                           std::int64_t end);
  /// out[b, d, p] = feature[b, argmax(scores, 1)[b, p], d, p] for d < depth. Items as above.
  void (*gather_rows_of_argmax)(const float* scores, const float* feature, float* out, const Planes&,
                                std::int64_t depth, std::int64_t begin, std::int64_t end);
  /// sums[c] += the winning score and counts[c] += 1 of every pixel whose winner is c. Items as above.
  void (*class_statistics)(const float* scores, float* sums, std::int32_t* counts, const Planes&, std::int64_t begin,
                           std::int64_t end);
  /// Softmax over the classes. Items are blocks of 512 pixels.
  void (*softmax_planes)(const float* in, float* out, const Planes&, std::int64_t begin, std::int64_t end);
  /// Softmax of each row of `length` elements: length % 64 == 0, at most 4096. Items are rows.
  void (*softmax_rows)(const float* in, float* out, std::int64_t length, std::int64_t begin, std::int64_t end);
  /// best[n] = argmin(k, sum(d, sq(x[n, d] - centroid[k, d]))) for 10 centroids, length % 16 == 0. Items are rows,
  /// begin and end even.
  void (*nearest_of_ten)(const float* x, const float* centroid, std::int64_t* best, std::int64_t length,
                         std::int64_t begin, std::int64_t end);
  /// The same with centroids given as [length, count], count % 32 == 0. Items are blocks of 8 rows.
  void (*nearest_of_many)(const float* x, const float* transposed, std::int64_t* best, std::int64_t length,
                          std::int64_t count, std::int64_t begin, std::int64_t end);
  /// The same of points with three coordinates, as many as there are.
  void (*nearest_in_space)(const float* x, const float* centroid, std::int64_t* best, std::int64_t count,
                           std::int64_t begin, std::int64_t end);
  /// out = sin(x) * exp(-x * x) + sqrt(abs(x)). Items are tiles of 1024 elements.
  void (*elementwise)(const float* x, float* out, std::int64_t begin, std::int64_t end);
  /// table[index[n], d] += x[n, d] for 16 columns; false when an index is not in [0, rows). Items are rows of x.
  bool (*scatter_add)(const float* x, const std::int32_t* index, float* table, std::int64_t rows, std::int64_t begin,
                      std::int64_t end);
  /// counts[label[n]] += 1 for a power of two of bins; false when a label is not one of them. Items are blocks of 4096
  /// labels.
  bool (*histogram)(const std::int32_t* label, std::int32_t* counts, std::int32_t bins, std::int64_t begin,
                    std::int64_t end);
  /// Items are blocks of 4096 elements.
  float (*sum)(const float* x, std::int64_t begin, std::int64_t end);
  /// out = x. Items are blocks of 4096 elements.
  void (*copy)(const float* x, float* out, std::int64_t begin, std::int64_t end);
  /// out[j, i] = x[i, j] of a square of size % 64 == 0. Items are blocks of 64 rows of x.
  void (*transpose)(const float* x, float* out, std::int64_t size, std::int64_t begin, std::int64_t end);
  /// out[i, j] = sum(k, a[i, k] * b[k, j]) of squares of size % 32 == 0. Items are blocks of 8 rows.
  void (*matmul)(const float* a, const float* b, float* out, std::int64_t size, std::int64_t begin, std::int64_t end);
  /// out[b, d] = sum(j, table[ids[b, j], d]) for 64 columns; false when an id is not in [0, rows). Items are bags.
  bool (*embedding_bag)(const float* table, const std::int64_t* ids, float* out, std::int64_t rows,
                        std::int64_t per_bag, std::int64_t begin, std::int64_t end);
  /// Bilinear samples of pictures [batch, channels, size, size] at grid [batch, size, size, 2] with x and y in [-1, 1],
  /// 0 outside; size % 16 == 0. Items are rows of `out`, of all pictures.
  void (*grid_sample)(const float* picture, const float* grid, float* out, std::int64_t channels, std::int64_t size,
                      std::int64_t begin, std::int64_t end);
  /// out[i, j] = sum(k, l, weight[k, l] * x[i + k, j + l]) for 3 x 3 weights; x has `columns` columns, out two fewer.
  /// Items are rows of `out`.
  void (*stencil)(const float* x, const float* weight, float* out, std::int64_t columns, std::int64_t begin,
                  std::int64_t end);
  /// out[b, o, i, j] = sum(c, u, v, w[o, c, u, v] * x[b, c, i + u, j + v]) for 3 x 3 weights, 56 x 56 results, as many
  /// filters as channels, a multiple of 4. Items are rows of `out`, each of all filters.
  void (*convolution)(const float* x, const float* w, float* out, std::int64_t channels, std::int64_t begin,
                      std::int64_t end);
  /// Running sums along rows of `length` elements, length % 16 == 0. Items are rows.
  void (*cumsum_rows)(const float* x, float* out, std::int64_t length, std::int64_t begin, std::int64_t end);
  /// Running sums down `rows` rows of `columns` elements. Items are strips of 64 columns.
  void (*cumsum_columns)(const float* x, float* out, std::int64_t rows, std::int64_t columns, std::int64_t begin,
                         std::int64_t end);
  /// How many elements are above 0, and those elements, one after another. Items are blocks of 4096 elements.
  std::int64_t (*count_positive)(const float* x, std::int64_t begin, std::int64_t end);
  void (*take_positive)(const float* x, float* out, std::int64_t begin, std::int64_t end);
  /// out = (x - mean) / sqrt(variance + 1e-5) * gain + bias of each row, length % 64 == 0. Items are rows.
  void (*layer_norm)(const float* x, const float* gain, const float* bias, float* out, std::int64_t length,
                     std::int64_t begin, std::int64_t end);
  /// Softmax attention of heads [length, 64], length % 64 == 0, at most 512. Items are heads.
  void (*attention)(const float* query, const float* key, const float* value, float* out, std::int64_t length,
                    std::int64_t begin, std::int64_t end);
  /// out[b, p] = feature[b, argmax(scores, 1), p] for any number of pixels, without blocks.
  void (*tiny_gather_of_argmax)(const float* scores, const float* feature, float* out, const Planes&);
};

/// The kernels for the widest vectors of this machine, which must be x86-64-v3 at least.
const Hand& hand();

namespace v3 { extern const Hand kernels; }
namespace v4 { extern const Hand kernels; }

}  // namespace ricci::bench
