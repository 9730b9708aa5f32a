// Acceptance cases 57 to 65 of sequences: bags, beams, suppression and best paths of examples/models against direct
// loops.
#include <algorithm>
#include <numeric>

#include "models/detection.hpp"
#include "models/embeddings.hpp"
#include "models/routing.hpp"
#include "models/sequences.hpp"
#include "support/acceptance.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// The numbers of the `count` best of f(0), f(1), ..., from the best on; of equal ones the first is better.
template <class F>
std::vector<int> best_of(int extent, int count, F f) {
  std::vector<int> order(static_cast<std::size_t>(extent));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater(), f);
  order.resize(static_cast<std::size_t>(count));
  return order;
}

}  // namespace

TEMPLATE_TEST_CASE("case 57: beam search reorder", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, K = 3, L = 5;
  for (Order order : orders)
    for (const int V : {7, 50}) {
      const auto score = in_order(order, filled<T>(shuffled(6), B, K, V));  // many ties
      const auto sequence = in_order(order, filled<std::int64_t>([](auto n) { return n; }, B, K, L));
      const auto [token, best, continued] = example::beam_search_step<K>(score, sequence);
      CHECK(last_report().checks.empty());
      CHECK(last_report().temporary_bytes ==
            B * K * 8 + B * K * V * static_cast<int>(sizeof(T)));  // the order, and its keys
      const auto flat = [&](int b, int k) {
        return best_of(K * V, K, [&](int n) { return score.at(b, n / V, n % V); })[static_cast<std::size_t>(k)];
      };
      CHECK(difference(token, direct<std::int64_t>({B, K}, [&](int b, int k) { return flat(b, k) % V; })) == "");
      CHECK(difference(best, direct<T>({B, K}, [&](int b, int k) {
                         return score.at(b, flat(b, k) / V, flat(b, k) % V);
                       })) == "");
      CHECK(difference(continued, direct<std::int64_t>({B, K, L}, [&](int b, int k, int t) {
                         return sequence.at(b, flat(b, k) / V, t);
                       })) == "");
    }
}

TEMPLATE_TEST_CASE("case 61: embedding bag with offsets", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto E =
        in_order(order, filled<T>([n = shuffled(17)](auto at) { return n(at) - 20; }, 20, 4));  // all negative
    const auto ids = in_order(order, Tensor<std::int64_t, 1>{3, 19, 0, 7, 7, 11, 2, 5});
    const auto offset = in_order(order, Tensor<std::int64_t, 1>{0, 3, 3, 8});
    const auto bag = [&](int b, int f, auto step, double start) {
      for (std::int64_t j = offset.at(b); j < offset.at(b + 1); ++j) start = step(start, E.at(ids.at(j), f));
      return start;
    };
    const auto add = [](double a, double x) { return a + x; };
    const auto greater = [](double a, double x) { return std::max(a, x); };
    const auto size = [&](int b) { return offset.at(b + 1) - offset.at(b); };

    const auto sums = example::embedding_bag_sum(E, ids, offset);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(sums, direct<T>({3, 4}, [&](int b, int f) { return bag(b, f, add, 0); })) == "");
    const auto means = example::embedding_bag_mean(E, ids, offset);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(
              means,
              direct<T>({3, 4}, [&](int b, int f) { return size(b) > 0 ? bag(b, f, add, 0) / double(size(b)) : 0; }),
              2) == "");
    const auto largest = example::embedding_bag_max(E, ids, offset);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(largest, direct<T>({3, 4}, [&](int b, int f) {
                       return size(b) > 0 ? bag(b, f, greater, -100) : 0;
                     })) == "");
  }
}

TEMPLATE_TEST_CASE("case 65: Viterbi", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders)
    for (auto [steps, K] : {std::pair{1, 4}, {2, 4}, {6, 4}, {9, 37}}) {
      const auto A = in_order(order, filled<T>(shuffled(7), K, K)),
                 E = in_order(order, filled<T>(shuffled(5, 3), steps, K));
      const auto [path, score] = example::viterbi(A, E);

      Tensor<T, 2> D(steps, K);
      Tensor<std::int64_t, 2> back(steps, K);
      for (int t = 0; t < steps; ++t)
        for (int k = 0; k < K; ++k) {
          D.at(t, k) = E.at(t, k);
          if (t == 0) continue;
          back.at(t, k) = first_largest(K, [&, t = t](int j) { return D.at(t - 1, j) + A.at(j, k); });
          D.at(t, k) += D.at(t - 1, back.at(t, k)) + A.at(back.at(t, k), k);
        }
      Tensor<std::int64_t, 1> expected(steps);
      expected.at(steps - 1) = first_largest(K, [&](int k) { return D.at(steps - 1, k); });
      CHECK(static_cast<T>(score) == D.at(steps - 1, expected.at(steps - 1)));
      for (int t = steps - 1; t > 0; --t) expected.at(t - 1) = back.at(t, expected.at(t));
      CHECK(difference(path, expected) == "");
    }
}

TEMPLATE_TEST_CASE("case 64: NMS", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders)
    for (int N : {0, 1, 2, 12, 50}) {
      CAPTURE(N);
      // Boxes of a crowd, some of equal scores.
      const auto box = in_order(order, direct<T>({N, 4}, [](int n, int side) {
                                  return (n * 7 % 10) * (side % 2 == 0 ? 0.5 : 0.25) + (side >= 2 ? 2 + n % 3 : 0);
                                }));
      const auto score = in_order(order, filled<T>(shuffled(5), N));
      const auto overlap = [&](int p, int q) {
        const auto side = [&](int axis) {
          return std::max<T>(
              std::min(box.at(p, axis + 2), box.at(q, axis + 2)) - std::max(box.at(p, axis), box.at(q, axis)), 0);
        };
        const auto area = [&](int n) { return (box.at(n, 2) - box.at(n, 0)) * (box.at(n, 3) - box.at(n, 1)); };
        return side(0) * side(1) / (area(p) + area(q) - side(0) * side(1));
      };
      std::vector<int> kept;
      for (int n : best_of(N, N, [&](int n) { return score.at(n); }))
        if (std::ranges::none_of(kept, [&](int before) { return overlap(n, before) > T(0.5); })) kept.push_back(n);
      const auto expected = direct<bool>({N}, [&](int n) { return std::ranges::count(kept, n) > 0; });
      CHECK(difference(example::non_maximum_suppression(box, score, 0.5), expected) == "");
      if (N == 12) CHECK((kept.size() > 1 && kept.size() < 12));
    }
}

TEMPLATE_TEST_CASE("top-k routing", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int N = 9, K = 3;
  for (Order order : orders)
    for (const int E : {8, 37}) {
      const auto score = in_order(order, filled<T>(shuffled(5), N, E));  // many ties
      const auto [expert, share] = example::top_k_routing<K>(score);
      const auto best = [&](int n) { return best_of(E, K, [&](int e) { return score.at(n, e); }); };
      CHECK(difference(expert, direct<std::int64_t>(
                                   {N, K}, [&](int n, int p) { return best(n)[static_cast<std::size_t>(p)]; })) == "");
      CHECK(difference(share,
                       direct<T>({N, K},
                                 [&](int n, int p) {
                                   double sum = 0;
                                   for (int e : best(n)) sum += std::exp(double(score.at(n, e)));
                                   return std::exp(double(score.at(n, best(n)[static_cast<std::size_t>(p)]))) / sum;
                                 }),
                       8) == "");
    }
}
