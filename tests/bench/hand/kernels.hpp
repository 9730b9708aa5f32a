#pragma once
// The kernels of one level, as functions.
#include <type_traits>

#include "hand.hpp"

namespace ricci::bench::RICCI_BENCH_LEVEL {

#define RICCI_BENCH_KERNELS(X)                                                                                   \
  X(gather_of_argmax) X(gather_rows_of_argmax) X(class_statistics) X(softmax_planes) X(softmax_rows)             \
  X(nearest_of_ten) X(nearest_of_many) X(nearest_in_space) X(elementwise) X(scatter_add) X(histogram) X(sum)     \
  X(copy) X(transpose) X(matmul)                                                                                 \
  X(embedding_bag) X(grid_sample) X(stencil) X(convolution) X(cumsum_rows) X(cumsum_columns)                     \
  X(count_positive) X(take_positive) X(layer_norm) X(attention) X(tiny_gather_of_argmax)

#define X(name) std::remove_pointer_t<decltype(Hand::name)> name;
RICCI_BENCH_KERNELS(X)
#undef X

}  // namespace ricci::bench::RICCI_BENCH_LEVEL
