// Bilinear samples of pictures at any places: random ones, and those of a turned picture.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

constexpr std::int64_t batch = 4, channels = 16, size = 512;

Tensor<float, 4> turned() {
  Tensor<float, 4> grid(batch, size, size, 2);
  for (std::int64_t n = 0; n < grid.size(); n += 2) {
    const float x = static_cast<float>(n / 2 % size) / 256 - 1, y = static_cast<float>(n / 2 / size % size) / 256 - 1;
    grid.data()[n] = 0.9f * x - 0.3f * y + 0.05f;
    grid.data()[n + 1] = 0.3f * x + 0.9f * y - 0.02f;
  }
  return grid;
}

Case sampled(bool random) {
  const auto picture = uniform(-1, 1, batch, channels, size, size);
  const auto grid = random ? uniform(-1, 1, batch, size, size, 2) : turned();
  Tensor<float, 4> out(batch, channels, size, size), by_hand(batch, channels, size, size);
  Case c;
  c.bytes = static_cast<double>(picture.size() + grid.size() + out.size()) * 4;
  c.ricci = [=]() mutable {
    auto [b, c, h, w, i, j] = indices<"b c h w i j">;
    const auto y = (grid[b, h, w, 1] + 1) * (0.5 * size) - 0.5, x = (grid[b, h, w, 0] + 1) * (0.5 * size) - 0.5;
    const auto row = floor_index(y) + i;
    const auto column = floor_index(x) + j;
    out[b, c, h, w] = sum(i(0, 2), j(0, 2),
                          maximum(1 - abs(y - row), 0) * maximum(1 - abs(x - column), 0) *
                              fill(picture, 0)[b, c, row, column]);
  };
  c.hand = [=](int threads) mutable {
    parallel_for(batch * size, 16, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().grid_sample(picture.data(), grid.data(), by_hand.data(), channels, size, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-3); };
  return c;
}

}  // namespace

Workloads grid_sample() {
  return {{"W8 grid_sample random", "[4,16,512,512]", [] { return sampled(true); }},
          {"W8 grid_sample turned", "[4,16,512,512]", [] { return sampled(false); }}};
}

}  // namespace ricci::bench
