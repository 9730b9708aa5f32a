// Acceptance cases 1 to 16: first light. Each against direct loops, in f32 and f64, contiguous and permuted.
#include <algorithm>

#include "support/acceptance.hpp"
#include "support/guarded.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

constexpr int B = 2, C = 5, H = 3, W = 4;

/// Scores with ties, [B, C, H, W].
template <class T>
Tensor<T, 4> scores(Order order) {
  return in_order(order, filled<T>(shuffled(11), B, C, H, W));
}
template <class T>
Tensor<T, 4> numbered(Order order) {
  return in_order(order, filled<T>([](auto n) { return n; }, B, C, H, W));
}

/// The first best class of one pixel.
template <class T>
int best(const Tensor<T, 4>& S, int b, int h, int w) {
  return first_largest(static_cast<int>(S.extent(1)), [&](int c) { return S.at(b, c, h, w); });
}

/// The probability of class k at one pixel.
template <class T>
double probability(const Tensor<T, 4>& S, int b, int k, int h, int w) {
  const int classes = static_cast<int>(S.extent(1));
  const double top = S.at(b, best(S, b, h, w), h, w);
  return std::exp(S.at(b, k, h, w) - top) / total(classes, [&](int c) { return std::exp(S.at(b, c, h, w) - top); });
}

}  // namespace

TEMPLATE_TEST_CASE("case 1: seed-gather", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto S = scores<T>(order), F = numbered<T>(order);
    const Tensor<T, 3> picked = F[b, argmax(S, 1), h, w];
    CHECK(last_report().temporary_bytes == 0);
    const Tensor<T, 3> named = F[b, argmax(c, S[b, c, h, w]), h, w];
    const auto expected = direct<T>({B, H, W}, [&](int b, int h, int w) { return F.at(b, best(S, b, h, w), h, w); });
    CHECK(difference(picked, expected) == "");
    CHECK(difference(named, expected) == "");

    const Tensor<T, 3> own = S[b, argmax(S, 1), h, w], largest = max(c, S[b, c, h, w]);
    CHECK(difference(own, largest) == "");
  }
}

TEMPLATE_TEST_CASE("case 2: seed-onehot", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto S = scores<T>(order), P = numbered<T>(order);
    const Tensor<T, 3> selected = sum(k, delta(k, argmax(c, S[b, c, h, w])) * P[b, k, h, w]);
    CHECK(last_report().temporary_bytes == 0);
    const Tensor<T, 3> gathered = P[b, argmax(S, 1), h, w];
    CHECK(difference(selected, gathered) == "");
  }
}

TEMPLATE_TEST_CASE("case 3: seed-onehot-permuted", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto S = scores<T>(order);
    const Tensor<std::int64_t, 3> label = argmax(S, 1);
    Tensor<T, 4> one_hot_last(B, H, W, C), Q(B, C, H, W);
    one_hot_last[b, h, w, k] = cast<T>(one_hot(label[b, h, w], k));
    Q[b, k, h, w] = cast<T>(delta(k, label[b, h, w]));
    const auto expected =
        direct<T>({B, C, H, W}, [&](int b, int k, int h, int w) { return k == best(S, b, h, w) ? 1 : 0; });
    CHECK(difference(Q, expected) == "");
    CHECK(difference(one_hot_last.permuted({0, 3, 1, 2}), expected) == "");
  }
}

TEMPLATE_TEST_CASE("case 4: mean confidence", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 5, H = 8, W = 8;
  for (Order order : orders) {
    // Class 3 is never the best.
    auto S = in_order(order, filled<T>([n = shuffled(11)](auto at) { return 0.5 * n(at); }, B, C, H, W));
    S[b, 3, h, w] = -1;
    Tensor<T, 1> mean_of_class(C), or_default(C);
    mean_of_class[k] = sum(b, h, w, delta(k, argmax(c, S[b, c, h, w])) * softmax(k, S[b, k, h, w])) /
                       sum(b, h, w, delta(k, argmax(c, S[b, c, h, w])));
    const Tensor<T, 4> P = softmax(S, 1);
    const auto members = sum(b, h, w, delta(k, argmax(c, S[b, c, h, w])));
    or_default[k] = where(members > 0, sum(b, h, w, delta(k, argmax(c, S[b, c, h, w])) * P[b, k, h, w]) / members, -1);

    double sums[C]{};
    int counts[C]{};
    each({B, H, W}, [&](int b, int h, int w) {
      const int k = best(S, b, h, w);
      sums[k] += probability(S, b, k, h, w);
      ++counts[k];
    });
    REQUIRE(counts[3] == 0);
    const auto expected = direct<T>({C}, [&](int k) { return sums[k] / counts[k]; });
    CHECK(difference(mean_of_class, expected, 64) == "");
    CHECK(difference(or_default, direct<T>({C}, [&](int k) { return counts[k] > 0 ? expected.at(k) : -1; }), 64) == "");
  }
}

TEMPLATE_TEST_CASE("case 5: coordinates", "[acceptance]", float, double) {
  using T = TestType;
  Tensor<T, 2> M(3, 4);
  M[i, j] = cast<T>(10 * i + j);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(difference(M, direct<T>({3, 4}, [](int i, int j) { return 10 * i + j; })) == "");
}

TEMPLATE_TEST_CASE("case 6: transpose and permute", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>([](auto n) { return n; }, 2, 3, 4, 5));
    Tensor<T, 4> turned(2, 5, 3, 4);
    turned[b, c, h, w] = X[b, h, w, c];
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(turned, direct<T>({2, 5, 3, 4}, [&](int b, int c, int h, int w) { return X.at(b, h, w, c); })) ==
          "");
  }
}

TEMPLATE_TEST_CASE("case 7: outer, diag, trace", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto x = in_order(order, filled<T>(shuffled(7), 4)), y = in_order(order, filled<T>(shuffled(5, 3), 4));
    const auto A = in_order(order, filled<T>(shuffled(13), 4, 4));
    const Tensor<T, 2> outer = x[i] * y[j];
    CHECK(difference(outer, direct<T>({4, 4}, [&](int i, int j) { return x.at(i) * y.at(j); })) == "");
    const Tensor<T, 1> diagonal = A[i, i];
    CHECK(difference(diagonal, direct<T>({4}, [&](int i) { return A.at(i, i); })) == "");
    const Tensor<T, 0> trace = sum(i, A[i, i]);
    CHECK(static_cast<T>(trace) == total(4, [&](int i) { return A.at(i, i); }));
    CHECK(last_report().temporary_bytes == 0);
  }
}

TEMPLATE_TEST_CASE("case 8: eye and triu by index value", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto A = in_order(order, filled<T>(shuffled(13), 4, 4));
    Tensor<T, 2> eye(4, 4), upper(4, 4);
    eye[i, j] = cast<T>(delta(i, j));
    upper[i, j] = where(i <= j, A[i, j], 0);
    CHECK(difference(eye, direct<T>({4, 4}, [](int i, int j) { return i == j ? 1 : 0; })) == "");
    CHECK(difference(upper, direct<T>({4, 4}, [&](int i, int j) { return i <= j ? A.at(i, j) : 0; })) == "");
  }
}

TEMPLATE_TEST_CASE("case 9: diff with guard", "[acceptance]", float, double) {
  using T = TestType;
  // The element before the first is on an inaccessible page: reading it would end the test.
  const std::int64_t extents[] = {5};
  const GuardedTensor guarded(dtype_of<T>, extents, Pattern::contiguous, Flush::start);
  const auto a = Tensor<T, 1>::view(static_cast<T*>(guarded.view().data), {5});
  for (int n = 0; n < 5; ++n) const_cast<Tensor<T, 1>&>(a).at(n) = static_cast<T>(n * n + 3);
  const Tensor<T, 1> diff = where(i > 0, a[i] - a[i - 1], a[i]);
  CHECK(last_report().checks.empty());
  CHECK(difference(diff, direct<T>({5}, [&](int i) { return i > 0 ? a.at(i) - a.at(i - 1) : a.at(i); })) == "");

  const auto spread = in_order(Order::permuted, a);
  const Tensor<T, 1> again = where(i > 0, spread[i] - spread[i - 1], spread[i]);
  CHECK(difference(again, diff) == "");
}

TEMPLATE_TEST_CASE("case 10: roll and flip", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders)
    for (int n : {5, 1}) {
      const auto a = in_order(order, filled<T>([](auto k) { return k * k; }, n));
      Tensor<T, 1> rolled(n), wrapped(n), flipped(n);
      rolled[i] = a[(i + 1) % n];
      wrapped[i] = wrap(a)[i + 1];
      flipped[i] = a[n - 1 - i];
      const auto expected = direct<T>({n}, [&](int i) { return a.at((i + 1) % n); });
      CHECK(difference(rolled, expected) == "");
      CHECK(difference(wrapped, expected) == "");
      CHECK(difference(flipped, direct<T>({n}, [&](int i) { return a.at(n - 1 - i); })) == "");
    }
}

TEMPLATE_TEST_CASE("case 11: stack", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int n = 6;
  for (Order order : orders) {
    const auto x = in_order(order, filled<T>(shuffled(7), n)), y = in_order(order, filled<T>(shuffled(5, 3), n));
    Tensor<T, 2> stacked(2, n);
    stacked[v, i] = where(v == 0, x[i], y[i]);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(stacked, direct<T>({2, n}, [&](int v, int i) { return v == 0 ? x.at(i) : y.at(i); })) == "");
  }
}

TEMPLATE_TEST_CASE("case 13: embedding", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto E = in_order(order, filled<T>([](auto n) { return n; }, 8, 32));
    const auto ids = in_order(order, Tensor<std::int64_t, 1>{1, 0, 3, 4});
    const Tensor<T, 2> rows = E[ids[s], f];
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(rows, direct<T>({4, 32}, [&](int s, int f) { return E.at(ids.at(s), f); })) == "");
  }
}

TEMPLATE_TEST_CASE("case 14: take along sort order", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(5), 3, 7));  // with ties
    const Tensor<T, 2> taken = X[i, argsort(j, X[i, j])];
    auto sorted = X.copy();
    for (int i = 0; i < 3; ++i) std::stable_sort(&sorted.at(i, 0), &sorted.at(i, 0) + 7);
    CHECK(difference(taken, sorted) == "");
  }
}

TEMPLATE_TEST_CASE("case 15: slices", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>([](auto n) { return n; }, 6, 4, 3));
    const Tensor<T, 3> part = X[slice(1, 5, 2), slice({}, {}, -1), -1, newaxis];
    CHECK(difference(part, direct<T>({2, 4, 1}, [&](int p, int q, int) { return X.at(1 + 2 * p, 3 - q, 2); })) == "");
    CHECK(fault_of([&] { evaluate(X[slice(0, 6, 0), 0, 0]); }) == "the step of a slice is 0");
  }
}

TEMPLATE_TEST_CASE("case 16: batched matmul", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto A = in_order(order, filled<T>(shuffled(7), 2, 3, 4)),
               X = in_order(order, filled<T>(shuffled(5), 2, 4, 5));
    Tensor<T, 3> product(2, 3, 5);
    product[b, i, j] = sum(k, A[b, i, k] * X[b, k, j]);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(product, direct<T>({2, 3, 5}, [&](int b, int i, int j) {
                       return total(4, [&](int k) { return A.at(b, i, k) * X.at(b, k, j); });
                     })) == "");
  }
}
