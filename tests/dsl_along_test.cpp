// Coordinates of what searches over several indices find, in both languages against loops.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using Catch::Matchers::Contains;
using ricci::names::b, ricci::names::c, ricci::names::h, ricci::names::i, ricci::names::j, ricci::names::k,
    ricci::names::n, ricci::names::p, ricci::names::w;
using test::filled;
using test::shuffled;
using test::values;

namespace {

using Ints = std::vector<std::int64_t>;

constexpr int B = 3, H = 5, W = 19;
const Tensor<float, 3> x = filled<float>(shuffled(9), B, H, W);  // several places have the largest score
const Tensor<float, 4> f = filled<float>([](auto n) { return n; }, B, H, W, 2);

test::Bindings bindings() {
  return {{"x", x.array()}, {"f", f.array()}};
}

/// The first place of the largest element of each x[b], the columns outermost if `turned`.
std::vector<std::pair<std::int64_t, std::int64_t>> winners(bool turned = false) {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (int at_b = 0; at_b < B; ++at_b) {
    std::pair<int, int> best{0, 0};
    for (int n = 0; n < H * W; ++n) {
      const int row = turned ? n % H : n / W, column = turned ? n / H : n % W;
      if (x.at(at_b, row, column) > x.at(at_b, best.first, best.second)) best = {row, column};
    }
    found.push_back(best);
  }
  return found;
}

Ints rows_of(const std::vector<std::pair<std::int64_t, std::int64_t>>& places) {
  Ints rows;
  for (const auto& place : places) rows.push_back(place.first);
  return rows;
}
Ints columns_of(const std::vector<std::pair<std::int64_t, std::int64_t>>& places) {
  Ints columns;
  for (const auto& place : places) columns.push_back(place.second);
  return columns;
}

void unchecked() {
  CHECK(last_report().checks.empty());
  CHECK(last_report().temporary_bytes == 0);
}

}  // namespace

TEST_CASE("the coordinates of a winner are those of its first place, in the order that is written") {
  const Tensor<std::int64_t, 1> row = along(h, argmax(h, w, x[b, h, w])), column = along(w, argmax(h, w, x[b, h, w]));
  CHECK(values(row) == rows_of(winners()));
  CHECK(values(column) == columns_of(winners()));
  CHECK(test::text_values<std::int64_t>("along(h, argmax(h, w, x[b, h, w]))", bindings()) == values(row));
  CHECK(test::text_values<std::int64_t>("along(w, argmax(h, w, x[b, h, w]))", bindings()) == values(column));
  const Tensor<std::int64_t, 1> turned = along(h, argmax(w, h, x[b, h, w]));
  CHECK(values(turned) == rows_of(winners(true)));
  CHECK(values(turned) != values(row));
  CHECK(test::text_values<std::int64_t>("along(h, argmax(w, h, x[b, h, w]))", bindings()) == values(turned));
  CHECK(test::text_values<std::int64_t>("along(h, argmin(h, w, -x[b, h, w]))", bindings()) == values(row));
}

TEST_CASE("the coordinate along the only index is what is found") {
  const Tensor<std::int64_t, 2> row = along(h, argmax(h, x[b, h, w])), same = argmax(h, x[b, h, w]);
  CHECK(values(row) == values(same));
}

TEST_CASE("an array without subscripts takes the indices of the search") {
  const Tensor<float, 2> plane = x[0, ellipsis];
  const Tensor<std::int64_t, 0> row = along(h, argmax(h, w, plane));
  CHECK(values(row)[0] == winners()[0].first);
  CHECK(test::text_values<std::int64_t>("plane = x[0, ...]\nalong(h, argmax(h, w, plane))", bindings()) == values(row));
}

TEST_CASE("both coordinates, the number and the value are one pass over the data without a check") {
  const auto place = argmax(h, w, x[b, h, w]);
  const Tensor<std::int64_t, 1> alone = place;
  const int loops = last_report().loops;
  const auto [row, column, number, best, again] =
      eval(along(h, place), along(w, place), place, max(h, w, x[b, h, w]), x[b, along(h, place), along(w, place)]);
  unchecked();
  CHECK(last_report().phases == 1);
  CHECK(last_report().loops == loops);
  CHECK(values(row) == rows_of(winners()));
  CHECK(values(column) == columns_of(winners()));
  CHECK(values(number) == values(alone));
  CHECK(values(best) == values(again));
  for (int n = 0; n < B; ++n) CHECK(best.at(n) == x.at(n, static_cast<int>(row.at(n)), static_cast<int>(column.at(n))));
}

TEST_CASE("what is largest at its own coordinates is the maximum: nothing is gathered") {
  const auto place = argmax(h, w, x[b, h, w]);
  const Tensor<float, 1> best = x[b, along(h, place), along(w, place)];
  CHECK(last_report().proved == 0);  // no computed subscript is left
  for (int n = 0; n < B; ++n)
    CHECK(best.at(n) == x.at(n, static_cast<int>(winners()[static_cast<std::size_t>(n)].first),
                             static_cast<int>(winners()[static_cast<std::size_t>(n)].second)));
}

TEST_CASE("a payload is gathered at the coordinates without a check") {
  const auto place = argmax(h, w, x[b, h, w]);
  const Tensor<float, 2> payload = f[b, along(h, place), along(w, place), c];
  unchecked();
  const auto at = winners();
  for (int n = 0; n < B; ++n)
    for (int k = 0; k < 2; ++k)
      CHECK(payload.at(n, k) == f.at(n, static_cast<int>(at[n].first), static_cast<int>(at[n].second), k));
  CHECK(test::text_values<float>("place[b] = argmax(h, w, x[b, h, w])\n"
                                 "f[b, along(h, argmax(h, w, x[b, h, w])), along(w, argmax(h, w, x[b, h, w])), c]",
                                 bindings()) == values(payload));
}

TEST_CASE("coordinates in a range are those of the axis") {
  const auto place = argmax(h(1, 4), w(b, W - 3), x[b, h, w]);
  const auto [row, column, number] = eval(along(h, place), along(w, place), place);
  unchecked();
  for (int n = 0; n < B; ++n) {
    std::pair<int, int> best{1, n};
    for (int r = 1; r < 4; ++r)
      for (int s = n; s < W - 3; ++s)
        if (x.at(n, r, s) > x.at(n, best.first, best.second)) best = {r, s};
    CHECK(row.at(n) == best.first);
    CHECK(column.at(n) == best.second);
    CHECK(number.at(n) == best.first * W + best.second);
  }
  CHECK(test::text_values<std::int64_t>("along(w, argmax(h(1, 4), w(b, 16), x[b, h, w]))", bindings()) ==
        values(column));
}

TEST_CASE("an empty range gives coordinates inside, from which nothing fails") {
  const Tensor<float, 1> any = x[b, along(h, argmax(h(4, 2), w, x[b, h, w])), along(w, argmax(h(4, 2), w, x[b, h, w]))];
  CHECK(last_report().checks.empty());
  CHECK(test::text_values<float>(
            "x[b, along(h, argmax(h(4, 2), w, x[b, h, w])), along(w, argmax(h(4, 2), w, x[b, h, w]))]", bindings()) ==
        values(any));
}

TEST_CASE("an axis of a shifted read has the extent that it searches") {
  const auto place = argmax(i(0, 2), j(0, 3), x[b, h + i, w + j]);
  Tensor<std::int64_t, 3> down(B, H - 1, W - 2), right(B, H - 1, W - 2);
  down[b, h, w] = along(i, place);
  CHECK(last_report().checks.empty());
  right[b, h, w] = along(j, place);
  for (int n = 0; n < B; ++n)
    for (int r = 0; r < H - 1; ++r)
      for (int s = 0; s < W - 2; ++s) {
        int best = 0;
        for (int k = 1; k < 6; ++k)
          if (x.at(n, r + k / 3, s + k % 3) > x.at(n, r + best / 3, s + best % 3)) best = k;
        CHECK(down.at(n, r, s) == best / 3);
        CHECK(right.at(n, r, s) == best % 3);
      }
}

TEST_CASE("a winner among what a delta selects has coordinates too") {
  const auto label = filled<std::int64_t>([](auto n) { return n % 4; }, H, W);
  const auto place = argmax(h, w, delta(k, label[h, w]) * x[b, h, w]);
  Tensor<std::int64_t, 2> row(B, 4), column(B, 4);
  row[b, k] = along(h, place);
  column[b, k] = along(w, place);
  for (int n = 0; n < B; ++n)
    for (int key = 0; key < 4; ++key) {
      int best = 0;
      const auto value = [&](int at) { return label.at(at / W, at % W) == key ? x.at(n, at / W, at % W) : 0; };
      for (int at = 1; at < H * W; ++at)
        if (value(at) > value(best)) best = at;
      CHECK(row.at(n, key) == best / W);
      CHECK(column.at(n, key) == best % W);
    }
  const test::Bindings more{{"x", x.array()}, {"label", label.array()}};
  CHECK(test::text_values<std::int64_t>(
            "t = zeros(3, 4, i64)\nt[b, k] = along(w, argmax(h, w, delta(k, label[h, w]) * x[b, h, w]))", more) ==
        values(column));
}

TEST_CASE("of the largest few, named before or after, and of an order") {
  const Tensor<std::int64_t, 2> number = argtopk<4>(h, w, x[b, h, w])[p];
  const auto [row, column] = eval(along(h, argtopk<4>(h, w, x[b, h, w])[p]), along(w, argtopk<4>(h, w, x[b, h, w]))[p]);
  CHECK(last_report().checks.empty());
  const Tensor<float, 3> payload =
      f[b, along(h, argtopk<4>(h, w, x[b, h, w])[p]), along(w, argtopk<4>(h, w, x[b, h, w])[p]), c];
  CHECK(last_report().checks.empty());
  for (int n = 0; n < B; ++n)
    for (int k = 0; k < 4; ++k) {
      CHECK(row.at(n, k) == number.at(n, k) / W);
      CHECK(column.at(n, k) == number.at(n, k) % W);
      CHECK(payload.at(n, k, 1) == f.at(n, static_cast<int>(row.at(n, k)), static_cast<int>(column.at(n, k)), 1));
    }
  CHECK(test::text_values<std::int64_t>("along(w, argtopk(h, w, x[b, h, w], 4))[p]", bindings()) == values(column));
  CHECK(test::text_values<std::int64_t>("along(w, argtopk(h, w, x[b, h, w], 4)[p])", bindings()) == values(column));
  const Tensor<std::int64_t, 3> order = argsort(h, w, x[b, h, w]), rows_in_order = along(h, argsort(h, w, x[b, h, w]));
  for (std::size_t n = 0; n < values(order).size(); ++n) CHECK(values(rows_in_order)[n] == values(order)[n] / W);
  const Tensor<float, 3> sorted = sort(h, w, x[b, h, w]),
                         gathered = x[b, along(h, argsort(h, w, x[b, h, w])), along(w, argsort(h, w, x[b, h, w]))];
  CHECK(last_report().checks.empty());
  CHECK(values(gathered) == values(sorted));
}

TEST_CASE("of nonzero: the values of each index where the condition holds, and no division") {
  const Tensor<std::int64_t, 1> column = along(w, nonzero(h, w, x[1, h, w] > 4))[n],
                                row = along(h, nonzero(h, w, x[1, h, w] > 4)[n]);
  unchecked();
  Ints rows, columns;
  for (int r = 0; r < H; ++r)
    for (int s = 0; s < W; ++s)
      if (x.at(1, r, s) > 4) {
        rows.push_back(r);
        columns.push_back(s);
      }
  CHECK_FALSE(rows.empty());
  CHECK(values(row) == rows);
  CHECK(values(column) == columns);
  const auto [first, second] = eval(along(h, nonzero(h, w, x[1, h, w] > 4)), along(w, nonzero(h, w, x[1, h, w] > 4)));
  CHECK(values(first) == rows);
  CHECK(values(second) == columns);
  CHECK(test::text_values<std::int64_t>("along(w, nonzero(h, w, x[1, h, w] > 4))", bindings()) == columns);
  const Tensor<float, 3> plane = f[1, ellipsis];
  const Tensor<float, 2> payload =
      plane[along(h, nonzero(h, w, x[1, h, w] > 4))[n], along(w, nonzero(h, w, x[1, h, w] > 4))[n], c];
  CHECK(last_report().checks.empty());
  for (std::size_t k = 0; k < rows.size(); ++k)
    CHECK(payload.at(static_cast<int>(k), 1) == plane.at(static_cast<int>(rows[k]), static_cast<int>(columns[k]), 1));
}

TEST_CASE(
    "a check beside coordinates of neighbouring axes is of each of them, not of the axis that they make together") {
  const Tensor<std::int64_t, 1> one{1};
  const auto row = along(h, nonzero(h, w, x[1, h, w] > 4))[n];
  const auto column = along(w, nonzero(h, w, x[1, h, w] > 4))[n];
  const Tensor<float, 1> chosen = x[1, row, column];
  CHECK(chosen.size() > 0);
  for (float value : values(chosen)) CHECK(value > 4);
  const Tensor<float, 1> by_data = x[one[0], row, column];
  CHECK(values(by_data) == values(chosen));
  const Tensor<float, 2> narrow = filled<float>([](auto at) { return at; }, H, W - 1);
  CHECK_THROWS_WITH(evaluate(narrow[row, column]), Contains("is outside axis 1"));
}

TEST_CASE("coordinates steer writes: each row gets its winner, and a histogram counts them") {
  Tensor<std::int64_t, 1> hits(H);
  hits[along(h, argmax(h, w, x[b, h, w]))] += 1;
  CHECK(last_report().checks.empty());
  Ints expected(H);
  for (const auto& place : winners()) ++expected[static_cast<std::size_t>(place.first)];
  CHECK(values(hits) == expected);
}

TEST_CASE("along what has no such coordinate is refused") {
  const auto fault = [](const std::string& text) { return test::text_fault(text, bindings()); };
  CHECK_THAT(fault("along(b, argmax(h, w, x[b, h, w]))"), Contains("b is not among h,w"));
  CHECK_THAT(fault("along(h, max(h, w, x[b, h, w]))"), Contains("along(h, e) is for e = argmax"));
  CHECK_THAT(fault("along(h, argmax(x, 1))"), Contains("along(h, e) is for e = argmax"));
  CHECK_THAT(fault("along(h, argtopk(h, w, x[b, h, w], 4))"),
             Contains("a new axis beside named indices is named at once"));
}
