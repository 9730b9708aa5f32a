// Copies: as they are, which is the bandwidth that the others can be compared with, and transposed.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

Case copy() {
  constexpr std::int64_t size = 16 << 20;
  const auto x = uniform(-1, 1, size);
  Tensor<float, 1> out(size), by_hand(size);
  Case c;
  c.bytes = size * 8;
  c.ricci = [=]() mutable {
    auto [i] = indices<"i">;
    out[i] = x[i];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(size / 4096, 64, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().copy(x.data(), by_hand.data(), begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand); };
  return c;
}

Case transposed() {
  constexpr std::int64_t size = 2048;
  const auto x = uniform(-1, 1, size, size);
  Tensor<float, 2> out(size, size), by_hand(size, size);
  Case c;
  c.bytes = size * size * 8;
  c.ricci = [=]() mutable {
    auto [i, j] = indices<"i j">;
    out[j, i] = x[i, j];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(size / 64, 1, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().transpose(x.data(), by_hand.data(), size, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand); };
  return c;
}

/// From pixels of channels to planes of pixels. By hand it is a copy as it is: no order of the elements can be faster.
Case planes_of_pixels() {
  constexpr std::int64_t batch = 16, size = 128, channels = 64;
  const auto x = uniform(-1, 1, batch, size, size, channels);
  Tensor<float, 4> out(batch, channels, size, size), copied(batch, size, size, channels);
  Case c;
  c.bytes = static_cast<double>(x.size()) * 8;
  c.ricci = [=]() mutable {
    auto [n, c, h, w] = indices<"n c h w">;
    out[n, c, h, w] = x[n, h, w, c];
  };
  c.hand = [=](int threads) mutable {
    parallel_for(x.size() / 4096, 64, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().copy(x.data(), copied.data(), begin, end);
    });
  };
  c.difference = [=] {
    Tensor<float, 4> expected(batch, channels, size, size);
    for (std::int64_t at = 0; at < x.size(); ++at) {
      const std::int64_t pixel = at / channels, n = pixel / (size * size);
      expected.data()[(n * channels + at % channels) * size * size + pixel % (size * size)] = copied.data()[at];
    }
    return difference_of(out, expected);
  };
  return c;
}

}  // namespace

Workloads copies() {
  return {{"copy", "[16777216]", copy}, {"transposed copy", "[2048,2048]", transposed},
          {"W9 NHWC to NCHW", "[16,128,128,64]", planes_of_pixels}};
}

}  // namespace ricci::bench
