// Softmax as an index expression: over the classes of each pixel, and over rows.
#include "class_scores.hpp"

namespace ricci::bench {

namespace {

Case over_classes() {
  const auto x = class_scores(false);
  Tensor<float, 4> out(batch, classes, height, width), by_hand(batch, classes, height, width);
  const Planes planes{batch, classes, 0, height * width};
  Case c;
  c.bytes = static_cast<double>(x.size()) * 8;
  c.ricci = [=]() mutable {
    auto [b, c, k, h, w] = indices<"b c k h w">;
    out[b, c, h, w] = exp(x[b, c, h, w] - max(x, 1)[b, h, w]) / sum(k, exp(x[b, k, h, w] - max(x, 1)[b, h, w]));
  };
  c.hand = [=](int threads) mutable {
    parallel_for(batch * height * width / 512, 128, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().softmax_planes(x.data(), by_hand.data(), planes, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-5); };
  return c;
}

Case over_rows() {
  constexpr std::int64_t rows = 8192, length = 4096;
  const auto x = uniform(-4, 4, rows, length);
  Tensor<float, 2> out(rows, length), by_hand(rows, length);
  Case c;
  c.bytes = static_cast<double>(x.size()) * 8;
  c.ricci = [=]() mutable {
    auto [n, i, k] = indices<"n i k">;
    out[n, i] = exp(x[n, i] - max(x, 1)[n]) / sum(k, exp(x[n, k] - max(x, 1)[n]));
  };
  c.hand = [=](int threads) mutable {
    parallel_for(rows, 32, threads, [&](std::int64_t begin, std::int64_t end) {
      hand().softmax_rows(x.data(), by_hand.data(), length, begin, end);
    });
  };
  c.difference = [=] { return difference_of(out, by_hand, 1e-5); };
  return c;
}

}  // namespace

Workloads softmax() {
  return {{"W3 softmax axis 1", "[8,21,512,512]", over_classes}, {"W3 softmax last axis", "[8192,4096]", over_rows}};
}

}  // namespace ricci::bench
