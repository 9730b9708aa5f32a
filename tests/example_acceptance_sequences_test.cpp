// Acceptance cases 57 to 65 of sequences: bags, beams, suppression and best paths of examples/models against direct
// loops.
#include "models/embeddings.hpp"
#include "models/sequences.hpp"
#include "support/acceptance.hpp"

using namespace ricci;
using namespace ricci::test;

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
    for (int steps : {1, 2, 6}) {
      constexpr int K = 4;
      const auto A = in_order(order, filled<T>(shuffled(7), K, K)),
                 E = in_order(order, filled<T>(shuffled(5, 3), steps, K));
      const auto [path, score] = example::viterbi(A, E);

      Tensor<T, 2> D(steps, K);
      Tensor<std::int64_t, 2> back(steps, K);
      for (int t = 0; t < steps; ++t)
        for (int k = 0; k < K; ++k) {
          D.at(t, k) = E.at(t, k);
          if (t == 0) continue;
          back.at(t, k) = first_largest(K, [&](int j) { return D.at(t - 1, j) + A.at(j, k); });
          D.at(t, k) += D.at(t - 1, back.at(t, k)) + A.at(back.at(t, k), k);
        }
      Tensor<std::int64_t, 1> expected(steps);
      expected.at(steps - 1) = first_largest(K, [&](int k) { return D.at(steps - 1, k); });
      CHECK(static_cast<T>(score) == D.at(steps - 1, expected.at(steps - 1)));
      for (int t = steps - 1; t > 0; --t) expected.at(t - 1) = back.at(t, expected.at(t));
      CHECK(difference(path, expected) == "");
    }
}
