// Products of matrices: alone, with what a layer of a network adds, and many small ones. They are compared with those
// of OpenBLAS.
#include <cblas.h>

#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

/// Of row-major squares, the rows [begin, end) of out = a * b, on the calling thread.
void multiply(const float* a, const float* b, float* out, std::int64_t size, std::int64_t begin, std::int64_t end) {
  const int n = static_cast<int>(size);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(end - begin), n, n, 1, a + begin * size, n, b,
              n, 0, out + begin * size, n);
}

Case square(std::int64_t size) {
  const auto a = uniform(-1, 1, size, size), b = uniform(-1, 1, size, size);
  Tensor<float, 2> out(size, size), by_hand(size, size);
  Case c;
  c.bytes = static_cast<double>(size * size * 12);
  c.ricci = [=]() mutable {
    auto [i, j, k] = indices<"i j k">;
    out[i, j] = sum(k, a[i, k] * b[k, j]);
  };
  c.hand = [=](int threads) mutable {
    // Parts as large as can be: a call packs all of b for itself.
    parallel_for(size, size / threads, threads, [&](std::int64_t begin, std::int64_t end) {
      multiply(a.data(), b.data(), by_hand.data(), size, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
  return c;
}

Case rested(Case c) {
  c.rest = 5e-3;
  return c;
}

/// Beside it the bias and the maximum are a pass of their own over the product.
Case layer(std::int64_t size) {
  const auto a = uniform(-1, 1, size, size), b = uniform(-1, 1, size, size);
  const auto bias = uniform(-1, 1, size);
  Tensor<float, 2> out(size, size), by_hand(size, size);
  Case c;
  c.bytes = static_cast<double>(size * size * 12);
  c.ricci = [=]() mutable {
    auto [i, j, k] = indices<"i j k">;
    out[i, j] = maximum(sum(k, a[i, k] * b[k, j]) + bias[j], 0);
  };
  c.hand = [=](int threads) mutable {
    parallel_for(size, size / threads, threads, [&](std::int64_t begin, std::int64_t end) {
      multiply(a.data(), b.data(), by_hand.data(), size, begin, end);
      for (float* row = by_hand.data() + begin * size; row != by_hand.data() + end * size; row += size)
        for (std::int64_t j = 0; j < size; ++j) row[j] = std::max(row[j] + bias.data()[j], 0.0f);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
  return c;
}

using Multiply = std::function<void(const float* a, const float* b, float* out, std::int64_t size)>;

Case batch(std::int64_t count, std::int64_t size, const Multiply& multiply_one) {
  const auto a = uniform(-1, 1, count, size, size), b = uniform(-1, 1, count, size, size);
  Tensor<float, 3> out(count, size, size), by_hand(count, size, size);
  Case c;
  c.bytes = static_cast<double>(count * size * size * 12);
  c.ricci = [=]() mutable {
    auto [n, i, j, k] = indices<"n i j k">;
    out[n, i, j] = sum(k, a[n, i, k] * b[n, k, j]);
  };
  c.hand = [=](int threads) mutable {
    parallel_for(count, 16, threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin * size * size; n < end * size * size; n += size * size)
        multiply_one(a.data() + n, b.data() + n, by_hand.data() + n, size);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
  return c;
}

}  // namespace

Workloads matmul() {
  openblas_set_num_threads(1);  // each of ours calls it for its part
  const Multiply by_blas = [](const float* a, const float* b, float* out, std::int64_t size) {
    multiply(a, b, out, size, 0, size);
  };
  // Faster than OpenBLAS for small ones, for it packs nothing.
  const Multiply by_hand = [](const float* a, const float* b, float* out, std::int64_t size) {
    hand().matmul(a, b, out, size, 0, size / 8);
  };
  return {{"W9 matmul", "[512,512] [512,512]", [] { return square(512); }},
          {"W9 matmul after rest", "[512,512] [512,512]", [] { return rested(square(512)); }},
          {"W9 layer", "[512,512] [512,512]", [] { return layer(512); }},
          {"W9 layer large", "[1024,1024] [1024,1024]", [] { return layer(1024); }},
          {"W9 batch", "[64,32,32] [64,32,32]", [=] { return batch(64, 32, by_blas); }},
          {"batch without BLAS", "[64,32,32] [64,32,32]", [=] { return batch(64, 32, by_hand); }}};
}

}  // namespace ricci::bench
