// Two 3 x 3 windows, one after the other.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads stencil() {
  const auto make = [] {
    constexpr std::int64_t size = 2050;
    const auto x = uniform(-1, 1, size, size), weight = uniform(0, 1, std::int64_t{3}, std::int64_t{3});
    Tensor<float, 2> once(size - 2, size - 2), out(size - 4, size - 4);
    Tensor<float, 2> once_by_hand(size - 2, size - 2), by_hand(size - 4, size - 4);
    Case c;
    c.bytes = static_cast<double>(x.size() + 2 * once.size() + out.size()) * 4;
    c.ricci = [=]() mutable {
      auto [i, j, k, l] = indices<"i j k l">;
      once[i, j] = sum(k, l, weight[k, l] * x[i + k, j + l]);
      out[i, j] = sum(k, l, weight[k, l] * once[i + k, j + l]);
    };
    c.hand = [=](int threads) mutable {
      parallel_for(size - 2, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().stencil(x.data(), weight.data(), once_by_hand.data(), size, begin, end);
      });
      parallel_for(size - 4, 64, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().stencil(once_by_hand.data(), weight.data(), by_hand.data(), size - 2, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-5); };
    return c;
  };
  return {{"stencil 3x3 twice", "[2050,2050]", make}};
}

}  // namespace ricci::bench
