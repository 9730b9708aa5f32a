// Acceptance cases 26 to 33: gathers through computed subscripts, and what happens outside.
#include "support/acceptance.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;
using Catch::Matchers::Contains;

TEMPLATE_TEST_CASE("case 26: two-axis gather", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, H = 3, W = 5, C = 7, N = 11;
  for (Order order : orders) {
    const auto I = in_order(order, filled<T>([](auto n) { return n; }, B, H, W, C));
    const auto row = in_order(order, filled<std::int64_t>(shuffled(H), B, N));
    const auto column = in_order(order, filled<std::int64_t>(shuffled(W, 3), B, N));
    const Tensor<T, 3> G = I[b, row[b, t], column[b, t], c];
    CHECK(last_report().temporary_bytes == 0);
    Tensor<T, 3> turned(C, N, B);
    turned[c, t, b] = I[b, row[b, t], column[b, t], c];
    // As written, the axes come in the order b, t, c of first appearance.
    CHECK(difference(G, direct<T>({B, N, C}, [&](int b, int t, int c) {
                       return I.at(b, row.at(b, t), column.at(b, t), c);
                     })) == "");
    CHECK(difference(turned, direct<T>({C, N, B}, [&](int c, int t, int b) { return G.at(b, t, c); })) == "");
  }
}

TEMPLATE_TEST_CASE("case 27: split advanced axes", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>([](auto n) { return n % 8191; }, 10, 20, 30, 40, 50));
    const auto first = in_order(order, filled<std::int64_t>(shuffled(20), 2, 3, 4));
    const auto second = in_order(order, filled<std::int64_t>(shuffled(40, 11), 2, 3, 4));
    const auto expected = direct<T>({2, 3, 4, 10, 30, 50}, [&](int p, int q, int r, int a, int c, int e) {
      return X.at(a, first.at(p, q, r), c, second.at(p, q, r), e);
    });
    Tensor<T, 6> asked(2, 3, 4, 10, 30, 50);
    asked[p, q, r, a, c, e] = X[a, first[p, q, r], c, second[p, q, r], e];
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(asked, expected) == "");
    const Tensor<T, 6> in_order_of_appearance = X[a, first[p, q, r], c, second[p, q, r], e];
    CHECK(difference(in_order_of_appearance.permuted({1, 2, 3, 0, 4, 5}), expected) == "");
    // Whole arrays follow NumPy, which puts the axes of separated index arrays first.
    const Tensor<T, 6> positional = X[all, first, all, second, all];
    CHECK(difference(positional, expected) == "");
  }
}

TEMPLATE_TEST_CASE("case 29: chain", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto outer = in_order(order, filled<T>([](auto n) { return n * n; }, 7));
    auto middle = in_order(order, Tensor<std::int64_t, 1>{6, 0, 3, 3, 1});
    auto inner = in_order(order, filled<std::int64_t>(shuffled(5), 9));
    const Tensor<T, 1> chained = outer[middle[inner[i]]];
    // Neither table says anything about the other: both loaded subscripts are checked.
    CHECK(last_report().checks.size() == 2);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(chained, direct<T>({9}, [&](int i) { return outer.at(middle.at(inner.at(i))); })) == "");

    // A subscript that suits the inner table only: 6 is inside the outer one, and outside the middle one.
    inner.at(4) = 6;
    CHECK_THAT(fault_of([&] { evaluate(outer[middle[inner[i]]]); }),
               Contains("subscript 6") && Contains("extent 5") && Contains("i=4"));
    inner.at(4) = 0;
    middle.at(0) = 7;
    CHECK_THAT(fault_of([&] { evaluate(outer[middle[inner[i]]]); }), Contains("subscript 7") && Contains("extent 7"));
  }
}

TEMPLATE_TEST_CASE("case 30: inner and outer gathers", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto M = in_order(order, filled<T>([](auto n) { return n; }, 6, 8));
    const auto rows = in_order(order, filled<std::int64_t>(shuffled(6), 5)),
               columns = in_order(order, filled<std::int64_t>(shuffled(8), 5));
    const auto more_columns = in_order(order, filled<std::int64_t>(shuffled(8, 5), 9));
    const auto [inner, outer] = eval(M[rows[i], columns[i]], M[rows[t], more_columns[l]]);
    CHECK(difference(inner, direct<T>({5}, [&](int i) { return M.at(rows.at(i), columns.at(i)); })) == "");
    CHECK(difference(outer, direct<T>({5, 9}, [&](int t, int l) { return M.at(rows.at(t), more_columns.at(l)); })) ==
          "");
  }
}

TEMPLATE_TEST_CASE("case 33: out-of-range gather, each mode", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto x = in_order(order, Tensor<T, 1>{10, 11, 12});
    const auto at = in_order(order, Tensor<std::int64_t, 1>{0, 3, -1});
    CHECK_THAT(fault_of([&] { evaluate(x[at[i]]); }),
               Contains("subscript 3 is outside axis 0") && Contains("extent 3") && Contains("i=1"));
    CHECK(difference(Tensor(clip(x)[at[i]]), Tensor<T, 1>{10, 12, 10}) == "");
    CHECK(difference(Tensor(wrap(x)[at[i]]), Tensor<T, 1>{10, 10, 12}) == "");
    CHECK(difference(Tensor(fill(x, 7)[at[i]]), Tensor<T, 1>{10, 7, 7}) == "");
  }
}
