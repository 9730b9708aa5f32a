// Softmax attention of many heads.
#include "data.hpp"
#include "ricci/parallel.hpp"
#include "workload.hpp"

namespace ricci::bench {

Workloads attention() {
  const auto make = [] {
    constexpr std::int64_t batch = 8, heads = 16, length = 512, depth = 64;
    const auto query = uniform(-1, 1, batch, heads, length, depth), key = uniform(-2, 1, batch, heads, length, depth),
               value = uniform(-1, 2, batch, heads, length, depth);
    Tensor<float, 4> out(batch, heads, length, depth), by_hand(batch, heads, length, depth);
    Case c;
    c.bytes = static_cast<double>(query.size()) * 16;
    c.ricci = [=]() mutable {
      auto [b, h, i, k, d, e] = indices<"b h i k d e">;
      out[b, h, i, d] = sum(k, softmax(k, sum(e, query[b, h, i, e] * key[b, h, k, e]) / 8) * value[b, h, k, d]);
    };
    c.hand = [=](int threads) mutable {
      parallel_for(batch * heads, 1, threads, [&](std::int64_t begin, std::int64_t end) {
        hand().attention(query.data(), key.data(), value.data(), by_hand.data(), length, begin, end);
      });
    };
    c.difference = [=] { return difference_of(out, by_hand, 1e-4); };
    return c;
  };
  return {{"attention", "[8,16,512,64]", make}};
}

}  // namespace ricci::bench
