// Acceptance cases 17 to 25 and 34: the winners of argmax, on ties, NaN, -inf, every axis, and nothing.
#include "support/acceptance.hpp"
#include "support/program_text.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T infinite = std::numeric_limits<T>::infinity();

/// argmax of the row by itself, and of a matrix with the row along axis 0 and along axis 1, which must be the same.
template <class T>
std::int64_t winner(Order order, const Tensor<T, 1>& row) {
  constexpr int copies = 19;  // more than a vector and no multiple of one
  const int n = static_cast<int>(row.extent(0));
  const auto line = in_order(order, row);
  const auto down = in_order(order, direct<T>({n, copies}, [&](int k, int) { return row.at(k); }));
  const auto across = in_order(order, direct<T>({copies, n}, [&](int, int k) { return row.at(k); }));
  const Tensor<std::int64_t, 0> of_line = argmax(i, line[i]);
  const Tensor<std::int64_t, 1> of_columns = argmax(down, 0), of_rows = argmax(across, 1);
  const auto at = static_cast<std::int64_t>(of_line);
  CHECK(values(of_columns) == std::vector<std::int64_t>(copies, at));
  CHECK(values(of_rows) == std::vector<std::int64_t>(copies, at));
  return at;
}

/// The element at its own argmax, and the maximum: NaN where one of them is.
template <class T>
std::vector<T> at_winner(const Tensor<T, 1>& row) {
  const Tensor<T, 0> gathered = row[argmax(i, row[i])], largest = max(i, row[i]);
  return {static_cast<T>(gathered), static_cast<T>(largest)};
}

}  // namespace

TEMPLATE_TEST_CASE("case 17: ties", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    CHECK(winner<T>(order, {2, 3, 0, 3, 3}) == 1);
    CHECK(winner<T>(order, {1, 3, 1, 3, 1}) == 1);
    for (int length : {1, 15, 16, 17, 64, 257}) {
      CHECK(winner(order, filled<T>([](auto) { return 4; }, length)) == 0);
      for (int first : {length - 1, length / 2, length / 3}) {
        CAPTURE(length, first);
        CHECK(winner(order, filled<T>([&](auto n) { return n >= first ? 5 : 4; }, length)) == first);
      }
    }
  }
}

TEMPLATE_TEST_CASE("case 18: NaN", "[acceptance]", float, double) {
  using T = TestType;
  const Tensor<T, 1> inside{2, not_a_number<T>, 7, 4, 1}, first{not_a_number<T>, 2, 7, 4, 1},
      last{2, 4, 7, 1, not_a_number<T>}, only{not_a_number<T>, not_a_number<T>};
  for (Order order : orders) {
    CHECK(winner(order, inside) == 1);
    CHECK(winner(order, first) == 0);
    CHECK(winner(order, last) == 4);
    CHECK(winner(order, only) == 0);
    for (const auto& row : {inside, first, last, only})
      for (T element : at_winner(in_order(order, row))) CHECK(std::isnan(element));
    // Of several NaN the first wins, wherever the lanes of a vector end.
    for (int length : {15, 16, 17, 64, 257})
      CHECK(winner(order, filled<T>([&](auto n) { return n > length / 2 ? not_a_number<T> : T(n); }, length)) ==
            length / 2 + 1);
  }
}

TEMPLATE_TEST_CASE("case 19: a row of nothing but -inf", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    CHECK(winner<T>(order, {-infinite<T>, -infinite<T>, -infinite<T>}) == 0);
    CHECK(winner<T>(order, {-infinite<T>, -infinite<T>, -7}) == 2);
    CHECK(at_winner(in_order(order, Tensor<T, 1>{-infinite<T>, -infinite<T>})) ==
          std::vector<T>{-infinite<T>, -infinite<T>});
    const auto least = std::numeric_limits<std::int64_t>::min();
    CHECK(winner<std::int64_t>(order, {least, least, least}) == 0);
    CHECK(winner<std::int64_t>(order, {least, least, least + 1}) == 2);
    CHECK(at_winner(in_order(order, Tensor<std::int64_t, 1>{least, least})) == std::vector{least, least});
  }
}

TEMPLATE_TEST_CASE("case 21: every axis of a rank-4 tensor", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int extents[] = {2, 1, 5, 3};
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(7), 2, 1, 5, 3));
    for (int axis = 0; axis < 4; ++axis) {
      CAPTURE(axis);
      int kept[] = {2, 1, 5, 3};
      kept[axis] = 1;
      const auto with_axis = direct<std::int64_t>(kept, [&](auto... at) {
        return first_largest(extents[axis], [&](int n) {
          int place[] = {at...};
          place[axis] = n;
          return X.at(place[0], place[1], place[2], place[3]);
        });
      });
      for (int given : {axis, axis - 4}) {
        const Tensor<std::int64_t, 4> keeping = argmax(X, AxisOf<4>::at(given), keepdims);
        const Tensor<std::int64_t, 3> dropping = argmax(X, AxisOf<4>::at(given));
        CHECK(difference(keeping, with_axis) == "");
        CHECK(values(dropping) == values(with_axis));
        CHECK(dropping.extent(0) == extents[axis == 0 ? 1 : 0]);
        CHECK(dropping.extent(2) == extents[axis == 3 ? 2 : 3]);
      }
    }
    CHECK_THROWS_AS(AxisOf<4>::at(4), Error);
    CHECK_THROWS_AS(AxisOf<4>::at(-5), Error);
  }
}

TEMPLATE_TEST_CASE("case 22: several axes", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 4, H = 3, W = 5, C = 6;
  for (Order order : orders) {
    const auto S = in_order(order, filled<T>(shuffled(7), B, H, W));  // several places have the largest score
    const auto G = in_order(order, filled<T>([](auto n) { return n; }, B, H, W, C));
    const auto winner = argmax(h, w, S[b, h, w]);  // row-major over what is named
    const auto turned = argmax(w, h, S[b, h, w]);
    const Tensor<T, 2> picked = G[b, along(h, winner), along(w, winner), c];
    CHECK(last_report().checks.empty());
    CHECK(last_report().temporary_bytes == 0);
    const Tensor<T, 2> picked_by_column = G[b, along(h, turned), along(w, turned), c];
    CHECK(last_report().checks.empty());
    const auto at_row_major = [&](int b) { return first_largest(H * W, [&](int n) { return S.at(b, n / W, n % W); }); };
    const auto at_column_major = [&](int b) {
      return first_largest(H * W, [&](int n) { return S.at(b, n % H, n / H); });
    };
    CHECK(difference(picked, direct<T>({B, C}, [&](int b, int c) {
                       return G.at(b, at_row_major(b) / W, at_row_major(b) % W, c);
                     })) == "");
    CHECK(difference(picked_by_column, direct<T>({B, C}, [&](int b, int c) {
                       return G.at(b, at_column_major(b) % H, at_column_major(b) / H, c);
                     })) == "");
    // Another order of the axes is another choice among equals, of no other value.
    CHECK(values(picked) != values(picked_by_column));
    const Tensor<T, 1> best = S[b, along(h, winner), along(w, winner)],
                       best_by_column = S[b, along(h, turned), along(w, turned)];
    CHECK(difference(best, best_by_column) == "");
  }
}

TEMPLATE_TEST_CASE("case 23: all axes at once", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto X = in_order(order, filled<T>(shuffled(101), 2, 3, 4, 5));
    const auto winner = argmax(a, b, c, d, X[a, b, c, d]);
    const Tensor<T, 0> at_winner = X[along(a, winner), along(b, winner), along(c, winner), along(d, winner)];
    CHECK(last_report().checks.empty());
    CHECK(last_report().temporary_bytes == 0);
    const Tensor<T, 0> largest = max(a, b, c, d, X[a, b, c, d]);
    CHECK(static_cast<T>(at_winner) == static_cast<T>(largest));
    const Tensor<std::int64_t, 0> flat = winner;
    const auto all = values(X);
    CHECK(static_cast<std::int64_t>(flat) == std::ranges::max_element(all) - all.begin());
  }
}

TEMPLATE_TEST_CASE("case 24: empty", "[acceptance]", float, double) {
  using T = TestType;
  for (Order order : orders) {
    const auto none = in_order(order, Tensor<T, 2>(3, 0)), no_rows = in_order(order, Tensor<T, 2>(0, 5)),
               neither = in_order(order, Tensor<T, 2>(0, 0));
    CHECK_THAT(fault_of([&] { evaluate(argmax(none, 1)); }), Catch::Matchers::Contains("argmax"));
    CHECK_THAT(fault_of([&] { evaluate(argmax(j, neither[i, j])); }), Catch::Matchers::Contains("argmax"));
    CHECK_THAT(fault_of([&] { evaluate(max(none, 1)); }), Catch::Matchers::Contains("max"));
    CHECK(difference(Tensor(sum(none, 1)), Tensor<T, 1>{0, 0, 0}) == "");
    CHECK(difference(Tensor(prod(none, 1)), Tensor<T, 1>{1, 1, 1}) == "");
    CHECK(difference(Tensor(any(j, none[i, j] > 0)), Tensor<bool, 1>{false, false, false}) == "");
    CHECK(difference(Tensor(all(j, none[i, j] > 0)), Tensor<bool, 1>{true, true, true}) == "");
    CHECK(Tensor(argmax(no_rows, 1)).extent(0) == 0);
    CHECK(Tensor(no_rows[i, j] * 2).size() == 0);
  }
}

TEMPLATE_TEST_CASE("case 25: value, index and payload in one pass", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 5, H = 3, W = 4;
  for (Order order : orders) {
    const auto S = in_order(order, filled<T>(shuffled(11), B, C, H, W));
    const auto F = in_order(order, filled<T>([](auto n) { return n; }, B, C, H, W));
    const Tensor<std::int64_t, 3> alone = argmax(S, 1);
    const int loops_of_one = last_report().loops;
    const auto [value, index, payload] = eval(max(S, 1)[b, h, w], argmax(S, 1)[b, h, w], F[b, argmax(S, 1), h, w]);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(last_report().phases == 1);
    CHECK(last_report().loops == loops_of_one);  // three outputs of the loops of one: S is read once

    const auto best = direct<std::int64_t>(
        {B, H, W}, [&](int b, int h, int w) { return first_largest(C, [&](int c) { return S.at(b, c, h, w); }); });
    CHECK(difference(index, best) == "");
    CHECK(difference(index, alone) == "");
    CHECK(difference(value,
                     direct<T>({B, H, W}, [&](int b, int h, int w) { return S.at(b, best.at(b, h, w), h, w); })) == "");
    CHECK(difference(payload,
                     direct<T>({B, H, W}, [&](int b, int h, int w) { return F.at(b, best.at(b, h, w), h, w); })) == "");
  }
}

TEMPLATE_TEST_CASE("case 34: argmax over an expression", "[acceptance]", float, double) {
  using T = TestType;
  constexpr int B = 2, C = 5, H = 3, W = 4;
  for (Order order : orders) {
    const auto S = in_order(order, filled<T>(shuffled(11), B, C, H, W));
    const auto scale = in_order(order, Tensor<T, 1>{1, -2, 3, 0.5, 2}),
               shift = in_order(order, Tensor<T, 1>{0, 4, 8, -3, 1});
    const Tensor<std::int64_t, 3> best = argmax(c, S[b, c, h, w] * scale[c] - shift[c]);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(difference(best, direct<std::int64_t>({B, H, W}, [&](int b, int h, int w) {
                       return first_largest(C, [&](int c) { return S.at(b, c, h, w) * scale.at(c) - shift.at(c); });
                     })) == "");
  }
}
