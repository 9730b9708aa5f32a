// The nearest centroid of each point, from the literal sum of squares.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

namespace {

Case nearest(std::int64_t points, std::int64_t length, std::int64_t count) {
  const auto x = uniform(-1, 1, points, length);
  const Tensor<float, 2> centroid = x.sliced(0, 0, count).copy();
  Tensor<std::int64_t, 1> best(points), by_hand(points);
  Case c;
  c.bytes = static_cast<double>(x.size() + centroid.size()) * 4 + static_cast<double>(best.size()) * 8;
  c.ricci = [=]() mutable {
    auto [n, k, d] = indices<"n k d">;
    best[n] = argmin(k, sum(d, sq(x[n, d] - centroid[k, d])));
  };
  if (count == 10) {
    c.hand = [=](int threads) mutable {
      parallel_for(points, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().nearest_of_ten(x.data(), centroid.data(), by_hand.data(), length, begin, end);
      });
    };
  } else if (length == 3) {
    c.hand = [=](int threads) mutable {
      parallel_for(points / 64, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().nearest_in_space(x.data(), centroid.data(), by_hand.data(), count, begin * 64, end * 64);
      });
    };
  } else {
    c.hand = [=](int threads) mutable {
      Tensor<float, 2> transposed(length, count);
      for (std::int64_t k = 0; k < count; ++k)
        for (std::int64_t d = 0; d < length; ++d)
          transposed.data()[d * count + k] = centroid.data()[k * length + d];
      parallel_for(points / 8, 16, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().nearest_of_many(x.data(), transposed.data(), by_hand.data(), length, count, begin, end);
      });
    };
  }
  // Rounding may prefer another centroid where two are equally near.
  c.difference = [=]() -> std::string {
    for (std::int64_t n = 0; n < points; ++n) {
      const auto distance = [&](std::int64_t k) {
        double sum = 0;
        for (std::int64_t d = 0; d < length; ++d) {
          const double apart = double{x.data()[n * length + d]} - double{centroid.data()[k * length + d]};
          sum += apart * apart;
        }
        return sum;
      };
      const std::int64_t a = best.data()[n], b = by_hand.data()[n];
      if (a != b && std::abs(distance(a) - distance(b)) > 1e-5 * distance(b))
        return "point " + std::to_string(n) + " is nearest to " + std::to_string(a) + ", by hand to " +
               std::to_string(b);
    }
    return {};
  };
  return c;
}

}  // namespace

Workloads nearest_centroid() {
  return {{"W4 nearest of 10", "[10000,784] [10,784]", [] { return nearest(10000, 784, 10); }},
          {"W4 nearest of 16", "[1048576,3] [16,3]", [] { return nearest(1048576, 3, 16); }},
          {"W4 nearest of 512", "[65536,64] [512,64]", [] { return nearest(65536, 64, 512); }}};
}

}  // namespace ricci::bench
