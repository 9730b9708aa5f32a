// Acceptance cases 35 to 48: scatters, segments and assignment. Each against direct loops.
#include "support/acceptance.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;
using Catch::Matchers::Contains;

namespace {

/// f() with each of these numbers of threads.
template <class F>
void with_threads(std::initializer_list<int> numbers, F f) {
  const int before = default_options().threads;
  for (int number : numbers) {
    default_options().threads = number;
    f();
  }
  default_options().threads = before;
}

}  // namespace

TEMPLATE_TEST_CASE("case 35: bincount", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto key = in_order(order, Tensor<std::int64_t, 1>{1, 2, 2, 1, 3});
    const auto many = in_order(order, filled<std::int64_t>(shuffled(6), 100000));
    with_threads({1, 2, 8}, [&] {
      Tensor<T, 1> bins(6);
      bins[key[n]] += 1;
      CHECK(values(bins) == std::vector<T>{0, 2, 2, 1, 0, 0});
      Tensor<T, 1> large(6), expected(6);
      large[many[n]] += 1;
      for (int n = 0; n < 100000; ++n) expected.at(many.at(n)) += 1;
      CHECK(difference(large, expected) == "");
    });
  }
}

TEMPLATE_TEST_CASE("case 36: duplicate =", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto at = in_order(order, Tensor<std::int64_t, 1>{0, 0, 1});
    const auto v = in_order(order, Tensor<T, 1>{5, 6, 7});
    const auto many_at = in_order(order, filled<std::int64_t>(shuffled(3), 10000));
    const auto many = in_order(order, filled<T>([](auto n) { return n; }, 10000));
    with_threads({1, 16}, [&] {
      Tensor<T, 1> y(2), large(3), expected(3);
      y[at[n]] = v[n];
      CHECK(values(y) == std::vector<T>{6, 7});
      large[many_at[n]] = many[n];
      for (int n = 0; n < 10000; ++n) expected.at(many_at.at(n)) = many.at(n);
      CHECK(difference(large, expected) == "");
    });
  }
}

TEMPLATE_TEST_CASE("case 37: duplicate max=, min=, *=", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto at = in_order(order, Tensor<std::int64_t, 1>{0, 0, 1});
    const auto v = in_order(order, Tensor<T, 1>{3, 9, 2});
    Tensor<T, 1> largest{4, 4}, least{4, 4}, product{4, 4};
    largest[at[n]].max_assign(v[n]);
    least[at[n]].min_assign(v[n]);
    product[at[n]] *= v[n];
    CHECK(values(largest) == std::vector<T>{9, 4});
    CHECK(values(least) == std::vector<T>{3, 2});
    CHECK(values(product) == std::vector<T>{108, 8});
  }
}

TEMPLATE_TEST_CASE("case 38: confusion matrix", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto truth = in_order(order, filled<std::int64_t>(shuffled(4), 1000));
    const auto guess = in_order(order, filled<std::int64_t>(shuffled(4, 5), 1000));
    Tensor<T, 2> confusion(4, 4), expected(4, 4);
    confusion[truth[n], guess[n]] += 1;
    for (int n = 0; n < 1000; ++n) expected.at(truth.at(n), guess.at(n)) += 1;
    CHECK(difference(confusion, expected) == "");
    const Tensor<T, 1> of_class = sum(confusion, 1);
    for (int k = 0; k < 4; ++k) CHECK(of_class.at(k) == std::ranges::count(values(truth), k));
  }
}

TEMPLATE_TEST_CASE("case 39: segment mean", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int N = 9, F = 3, K = 4;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(17), N, F));
    auto segment = in_order(order, Tensor<std::int64_t, 1>{3, 0, 0, 3, 1, 3, 0, 1, 3});  // 2 is empty
    Tensor<T, 2> segment_mean(K, F), or_zero(K, F);
    segment_mean[k, f] = sum(n, delta(k, segment[n]) * X[n, f]) / sum(n, delta(k, segment[n]));
    const auto members = sum(n, delta(k, segment[n]));
    or_zero[k, f] = where(members > 0, sum(n, delta(k, segment[n]) * X[n, f]) / members, 0);
    const auto expected = direct<T>({K, F}, [&](int k, int f) {
      T sum = 0, count = 0;
      for (int n = 0; n < N; ++n)
        if (segment.at(n) == k) sum += X.at(n, f), ++count;
      return sum / count;
    });
    CHECK(difference(segment_mean, expected, 4) == "");
    CHECK(difference(or_zero, direct<T>({K, F}, [&](int k, int f) { return k == 2 ? 0 : expected.at(k, f); }), 4) ==
          "");

    segment.at(5) = 4;
    Tensor<T, 2> sums(K, F), checked(K, F), expected_sums(K, F);
    drop(sums)[segment[n], f] += X[n, f];
    for (int n = 0; n < N; ++n)
      for (int f = 0; f < F; ++f)
        if (segment.at(n) < K) expected_sums.at(segment.at(n), f) += X.at(n, f);
    CHECK(difference(sums, expected_sums) == "");
    CHECK_THAT(fault_of([&] { checked[segment[n], f] += X[n, f]; }),
               Contains("subscript 4 is outside axis 0") && Contains("extent 4") && Contains("n=5"));
  }
}

TEMPLATE_TEST_CASE("case 41: graph neighbour sum", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 3, E = 50, N = 10;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(17), B, N, C));
    const auto source = in_order(order, filled<std::int64_t>(shuffled(N), E));
    const auto target = in_order(order, filled<std::int64_t>(shuffled(N - 1, 5), E));  // node 9 is isolated
    Tensor<T, 3> O(B, N, C), expected(B, N, C);
    O[b, target[e], c] += X[b, source[e], c];
    CHECK(last_report().temporary_bytes == 0);
    each({B, E, C}, [&](int b, int e, int c) { expected.at(b, target.at(e), c) += X.at(b, source.at(e), c); });
    CHECK(difference(O, expected) == "");
    CHECK(O.at(1, N - 1, 2) == 0);
  }
}

TEMPLATE_TEST_CASE("case 42: gather-scatter with extra axes", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 3, C = 5, R = 3, F = 4, I1 = 2, I2 = 3, I3 = 5;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(23), B, C, I1, I2));
    const auto first = in_order(order, filled<std::int64_t>(shuffled(I1), B, F, R));
    const auto second = in_order(order, filled<std::int64_t>(shuffled(I2, 5), B, F, R));
    const auto third = in_order(order, filled<std::int64_t>(shuffled(I3, 3), B, F, R));
    const T low = -1, high = 100;
    Tensor<T, 5> sums(B, C, I1, I3, F), least(B, C, I1, I3, F), largest(B, C, I1, I3, F);
    least.fill(high);
    largest.fill(low);
    auto expected_sums = sums.copy(), expected_least = least.copy(), expected_largest = largest.copy();
    sums[b, c, first[b, f, r], third[b, f, r], f] += X[b, c, first[b, f, r], second[b, f, r]];
    least[b, c, first[b, f, r], third[b, f, r], f].min_assign(X[b, c, first[b, f, r], second[b, f, r]]);
    largest[b, c, first[b, f, r], third[b, f, r], f].max_assign(X[b, c, first[b, f, r], second[b, f, r]]);
    each({B, C, F, R}, [&](int b, int c, int f, int r) {
      const T x = X.at(b, c, first.at(b, f, r), second.at(b, f, r));
      const auto at = [&](Tensor<T, 5>& t) -> T& { return t.at(b, c, first.at(b, f, r), third.at(b, f, r), f); };
      at(expected_sums) += x;
      at(expected_least) = std::min(at(expected_least), x);
      at(expected_largest) = std::max(at(expected_largest), x);
    });
    CHECK(difference(sums, expected_sums) == "");
    CHECK(difference(least, expected_least) == "");
    CHECK(difference(largest, expected_largest) == "");
  }
}

TEMPLATE_TEST_CASE("case 45: masked assignment", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto start = filled<T>(shuffled(11), 5, 7);
    auto X = in_order(order, start), Y = in_order(order, start), Z = in_order(order, start);
    X[X < 5] = 0;
    CHECK(difference(X, direct<T>({5, 7}, [&](int i, int j) { return start.at(i, j) < 5 ? 0 : start.at(i, j); })) ==
          "");
    Y[i, j] = where(Y[i, j] < 5, 0, Y[i, j]);
    CHECK(difference(Y, X) == "");
    const auto mask = in_order(order, Tensor<bool, 1>{true, false, false, true, true});
    Z[mask, all] = -1;
    CHECK(difference(Z, direct<T>({5, 7}, [&](int i, int j) { return mask.at(i) ? -1 : start.at(i, j); })) == "");
  }
}

TEMPLATE_TEST_CASE("case 46: aliasing", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders)
    for (int N : {1, 2, 9, 100}) {
      const auto start = filled<T>([](auto n) { return n * n; }, N);
      auto reversed = in_order(order, start), shifted = in_order(order, start);
      reversed[i] = reversed[N - 1 - i];
      CHECK(difference(reversed, direct<T>({N}, [&](int i) { return start.at(N - 1 - i); })) == "");
      if (N == 1) continue;
      auto moved = in_order(order, start);
      shifted[i + 1] = shifted[i];
      moved[slice(1, {})] = moved[slice(0, -1)];
      CHECK(difference(moved, shifted) == "");
      CHECK(difference(shifted, direct<T>({N}, [&](int i) { return start.at(i > 0 ? i - 1 : 0); })) == "");
    }
}

TEMPLATE_TEST_CASE("case 48: embedding gradient", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int N = 4000, V = 50, F = 8;
  for (Order order : orders) {
    const auto ids = in_order(order, filled<std::int64_t>([](auto n) { return n / 700 * 9 % V; }, N));  // long repeats
    const auto g = in_order(order, filled<T>([](auto n) { return 0.1 * (n % 37) - 1.5; }, N, F));
    std::vector<std::vector<T>> results;
    with_threads({1, 16}, [&] {
      Tensor<T, 2> G(V, F);
      G[ids[n], f] += g[n, f];
      CHECK(last_report().temporary_bytes == 0);
      results.push_back(values(G));
    });
    CHECK(results[0] == results[1]);
    Tensor<double, 2> exact(V, F);
    each({N, F}, [&](int n, int f) { exact.at(ids.at(n), f) += g.at(n, f); });
    for (std::size_t n = 0; n < results[0].size(); ++n)
      REQUIRE(std::fabs(results[0][n] - exact.data()[n]) <= 2000 * std::numeric_limits<T>::epsilon());
  }
}
