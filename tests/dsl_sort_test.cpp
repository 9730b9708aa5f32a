// sort, argsort, topk and argtopk in both languages against std::stable_sort.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "ricci/compile.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using Catch::Matchers::Contains;
using ricci::names::i, ricci::names::j, ricci::names::p;
using test::filled;
using test::shuffled;
using test::values;

namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
constexpr int rows = 4, columns = 70;
const Tensor<float, 2> x = filled<float>(
    [](std::int64_t n) {
      const float special[] = {nan, -infinity, infinity, -0.0f, 0.0f};
      return n % 6 == 0 ? special[n / 6 % 5] : static_cast<float>((n * 7 + n / 3) % 11 - 5);
    },
    rows, columns);

test::Bindings bindings() {
  return {{"x", x.array()}};
}

bool before(float a, float b) {
  return std::isnan(a) ? false : std::isnan(b) ? true : a < b;
}

/// The stable order of some elements.
std::vector<std::int64_t> order(const std::vector<float>& keys, bool descending) {
  std::vector<std::int64_t> all(keys.size());
  std::iota(all.begin(), all.end(), 0);
  std::ranges::stable_sort(all, [&](std::int64_t a, std::int64_t b) {
    const float u = keys[static_cast<std::size_t>(a)], v = keys[static_cast<std::size_t>(b)];
    return descending ? before(v, u) : before(u, v);
  });
  return all;
}

std::vector<float> row(int r) {
  return {x.data() + r * columns, x.data() + (r + 1) * columns};
}

bool same(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEST_CASE("argsort and sort of rows are stable, NaN is the largest") {
  for (const bool descending_too : {false, true}) {
    const Tensor<std::int64_t, 2> at =
        descending_too ? Tensor(argsort(j, x[i, j], descending)) : Tensor(argsort(j, x[i, j]));
    const Tensor<float, 2> in_order = descending_too ? Tensor(sort(x, 1, descending)) : Tensor(sort(x, 1));
    const Tensor<std::int64_t, 2> along = descending_too ? Tensor(argsort(x, -1, descending)) : Tensor(argsort(x, -1));
    CHECK(values(along) == values(at));
    CHECK(test::text_values<std::int64_t>(descending_too ? "argsort(j, x[i, j], descending)" : "argsort(x, 1)",
                                          bindings()) == values(at));
    for (int r = 0; r < rows; ++r) {
      const auto expected = order(row(r), descending_too);
      for (int c = 0; c < columns; ++c) {
        CHECK(at.at(r, c) == expected[static_cast<std::size_t>(c)]);
        CHECK(same(in_order.at(r, c), x.at(r, expected[static_cast<std::size_t>(c)])));
      }
    }
  }
}

TEST_CASE("a subscript by argsort gives sorted rows without a check") {
  const Tensor<float, 2> y = x[i, argsort(j, x[i, j])];
  CHECK(last_report().checks.empty());
  CHECK(last_report().temporary_bytes == 0);
  const Tensor<float, 2> z = sort(j, x[i, j]);
  CHECK(last_report().temporary_bytes == 0);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) CHECK(same(y.at(r, c), z.at(r, c)));
}

TEST_CASE("what is made of an order has a table of keys or of indices, or none") {
  const Tensor<float, 2> sorted = sort(x, 1);
  const Tensor<std::int64_t, 2> at = argsort(x, 1);
  CHECK(last_report().temporary_bytes == 0);
  const Tensor<float, 2> twice = 2 * sort(x, 1);
  CHECK(last_report().temporary_bytes == rows * columns * 4);
  CHECK_THAT(last_report().temporaries.at(0).reason, Contains("the sorted t"));
  const Tensor<double, 2> both = sort(x, 1) + argsort(x, 1);  // both of one order
  CHECK(last_report().temporary_bytes == rows * columns * 8);
  const auto y = filled<float>(shuffled(280), rows, columns);
  const Tensor<float, 2> other = y[i, argsort(j, x[i, j])];
  CHECK(last_report().temporary_bytes == rows * columns * 8);
  Tensor<float, 2> across(columns, rows), in_place = x.copy(), some = x.copy(), twin = x.copy();
  across[j, i] = sort(j, x[i, j]);
  CHECK(last_report().temporary_bytes == 0);
  in_place[i, j] = sort(j, in_place[i, j]);
  some[i, j] += sort(j, x[i, j]);
  Tensor<float, 2>::view(twin.data(), {rows, columns})[i, j] = sort(j, twin[i, j]);
  Tensor<float, 3> pairs(rows, columns, 2);
  Tensor<float, 2> apart = Tensor<float, 2>::view(pairs.data(), {rows, columns}, {2 * columns, 2});
  apart[i, j] = sort(j, x[i, j]);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      const float expected = x.at(r, order(row(r), false)[static_cast<std::size_t>(c)]);
      CHECK(same(sorted.at(r, c), expected));
      CHECK(std::signbit(sorted.at(r, c)) == std::signbit(expected));
      CHECK(same(twice.at(r, c), 2 * expected));
      CHECK(same(static_cast<float>(both.at(r, c)), expected + static_cast<float>(at.at(r, c))));
      CHECK(same(other.at(r, c), y.at(r, at.at(r, c))));
      CHECK(same(across.at(c, r), expected));
      CHECK(same(in_place.at(r, c), expected));
      CHECK(same(twin.at(r, c), expected));
      CHECK(same(some.at(r, c), x.at(r, c) + expected));
      CHECK(same(pairs.at(r, c, 0), expected));
      CHECK(pairs.at(r, c, 1) == 0);
    }
}

TEST_CASE("columns sort as rows do") {
  const Tensor<std::int64_t, 2> down = argsort(x, 0);
  for (int c = 0; c < columns; ++c) {
    std::vector<float> column;
    for (int r = 0; r < rows; ++r) column.push_back(x.at(r, c));
    const auto expected = order(column, false);
    for (int r = 0; r < rows; ++r) CHECK(down.at(r, c) == expected[static_cast<std::size_t>(r)]);
  }
}

TEST_CASE("topk takes the largest and makes one axis, which [p] names") {
  const Tensor<float, 2> named = topk<3>(j, x[i, j])[p], positional = topk<3>(x, 1);
  const Tensor<std::int64_t, 2> at = argtopk<3>(j, x[i, j])[p];
  CHECK(last_report().temporary_bytes == 0);
  CHECK(test::text_values<std::int64_t>("argtopk(j, x[i, j], 3)[p]", bindings()) == values(at));
  CHECK(test::text_values<std::int64_t>("argtopk(x, 3, 1)", bindings()) == values(at));
  CHECK(test::text_shape("topk(x, 3, 0)", bindings()) == std::vector<std::int64_t>{3, columns});
  for (int r = 0; r < rows; ++r) {
    const auto expected = order(row(r), true);
    for (int k = 0; k < 3; ++k) {
      CHECK(at.at(r, k) == expected[static_cast<std::size_t>(k)]);
      CHECK(same(named.at(r, k), x.at(r, at.at(r, k))));
      CHECK(same(positional.at(r, k), named.at(r, k)));
    }
  }
}

TEST_CASE("a kept axis beside what is taken has as many elements") {
  const Tensor<double, 1> y{4, 9, 2, 7};
  const Tensor<double, 1> left = topk<3>(y, 0) - sum(topk<3>(y, 0), 0, keepdims);
  const Tensor<double, 1> right = sum(topk<3>(y, 0), 0, keepdims) - topk<3>(y, 0);
  CHECK(values(left) == std::vector<double>{-11, -13, -16});
  CHECK(values(right) == std::vector<double>{11, 13, 16});
}

TEST_CASE("over several indices the order is that of the row-major index") {
  const std::vector<float> all = values(x);
  const Tensor<std::int64_t, 1> best = argtopk<5>(i, j, x[i, j]);
  const Tensor<std::int64_t, 2> at = argsort(i, j, x[i, j]);
  const Tensor<float, 2> in_order = sort(i, j, x[i, j]);
  const auto up = order(all, false), down = order(all, true);
  CHECK(values(at) == up);
  CHECK(values(best) == std::vector<std::int64_t>(down.begin(), down.begin() + 5));
  for (std::size_t n = 0; n < all.size(); ++n) CHECK(same(values(in_order)[n], all[static_cast<std::size_t>(up[n])]));
}

TEMPLATE_TEST_CASE("rows of every length and dtype, with any number of threads", "", bool, std::uint8_t, std::uint64_t,
                   float16, bfloat16, double) {
  const int threads_before = default_options().threads;
  for (const int width : {0, 1, 2, 64, 257, 5000}) {
    const auto key = [](std::int64_t n) { return static_cast<float>((n * 7 + n / 3) % 101); };
    const auto keys = filled<TestType>(key, 3, width);
    std::vector<std::vector<std::int64_t>> found;
    for (const int threads : {1, 2, 5}) {
      default_options().threads = threads;
      found.push_back(values(Tensor<std::int64_t, 2>(argsort(j, keys[i, j]))));
      const Tensor<TestType, 2> in_order = sort(j, keys[i, j]), taken = keys[i, argsort(j, keys[i, j])];
      CHECK(values(in_order) == values(taken));
    }
    default_options().threads = threads_before;
    std::vector<std::int64_t> expected;
    for (int r = 0; r < 3; ++r) {
      std::vector<float> row;
      for (int c = 0; c < width; ++c) row.push_back(static_cast<float>(keys.at(r, c)));
      const auto one = order(row, false);
      expected.insert(expected.end(), one.begin(), one.end());
    }
    CHECK(found == std::vector(3, expected));
  }
}

TEST_CASE("keys may be any expression, and an order stands inside larger ones") {
  const auto small = filled<int>(shuffled(9), 5, 6);
  const Tensor<std::int64_t, 1> at = argsort(i, sum(j, small[i, j] * small[i, j]));
  std::vector<float> sums;
  for (int r = 0; r < 5; ++r) {
    int total = 0;
    for (int c = 0; c < 6; ++c) total += small.at(r, c) * small.at(r, c);
    sums.push_back(static_cast<float>(total));
  }
  CHECK(values(at) == order(sums, false));
  Tensor<int, 2> in_place = small.copy();
  in_place[i, j] = in_place[i, argsort(j, in_place[i, j])];
  CHECK(values(in_place) == values(Tensor<int, 2>(sort(small, 1))));
  Tensor<std::int64_t, 1> hits(6);
  hits[argsort(j, small[i, j])] += 1;
  CHECK(values(hits) == std::vector<std::int64_t>(6, 5));
}

TEST_CASE("what is sorted again and again is sorted") {
  // Places that are the same are looked for in each order, and in those that its keys come from.
  const Tensor<int, 1> x = filled<int>(shuffled(17), 13);
  const auto twice = [](const auto& e) { return sort(sort(e, axes<0>), axes<0>); };
  const Tensor<int, 1> once(sort(x, axes<0>)), often(twice(twice(twice(x))));
  CHECK(values(often) == values(once));
}

TEST_CASE("orders of what is in order sort each key once") {
  using ricci::names::k, ricci::names::n;
  const Tensor<std::int64_t, 3> m = filled<std::int64_t>(shuffled(41), 6, 5, 7);
  // Every key that an outer order moves is the same key elsewhere: three orders, and the keys of the two outer ones.
  const auto rows_first = topk<2>(topk<3>(min(sort(m, axes<2>), axes<2>), axes<1>), axes<0>);
  const Tensor<std::int64_t, 2> nested(rows_first);
  CHECK(last_report().temporary_bytes == 8 * (6 * 5 * 7 + 6 * 5 + 6 * 3 + 6 * 3 + 3 * 2));

  const Tensor<std::int64_t, 2> least = min(sort(m, axes<2>), axes<2>);
  const Tensor<std::int64_t, 2> most = topk<3>(least, axes<1>);
  const Tensor<std::int64_t, 2> staged = topk<2>(most, axes<0>);
  CHECK(values(nested) == values(staged));

  // The same beside selections and running reductions, whose guards would tell the keys apart.
  const auto some = where(m > 9, cummin(sort(m, axes<2>), axes<0>), 0);
  const Tensor<std::int64_t, 2> guarded = topk<3>(min(sort(some, axes<0>), axes<2>), axes<1>);
  CHECK(last_report().temporary_bytes == 8 * (3 * 6 * 5 * 7 + 6 * 5 + 6 * 3));
  const Tensor<std::int64_t, 3> running = some;
  CHECK(values(guarded) == values(Tensor(topk<3>(min(sort(running, axes<0>), axes<2>), axes<1>))));

  // One row of an order that is there for all rows.
  const Tensor<std::int64_t, 3> both = argsort(k, m[i, j, k]) * 10 + argsort(k, m[argmax(n, m[n, j, 0]), j, k]);
  CHECK(last_report().temporary_bytes < 2 * 8 * 6 * 5 * 7);
  const Tensor<std::int64_t, 3> all = argsort(k, m[i, j, k]);
  const Tensor<std::int64_t, 1> first = argmax(n, m[n, j, 0]);
  const Tensor<std::int64_t, 3> expected = all[i, j, k] * 10 + all[first[j], j, k];
  CHECK(values(both) == values(expected));
}

TEST_CASE("keys are read where some iteration of the ranges around an order needs them, and nowhere else") {
  // x[3] is no row of y, and no range lets k be 3.
  const Tensor<std::int64_t, 1> x = filled<std::int64_t>([](auto n) { return n == 3 ? 99 : n; }, 4);
  const Tensor<std::int64_t, 2> y = filled<std::int64_t>([](auto n) { return (n / 4 * 3 + n % 4 * 7) % 5; }, 4, 4);
  const auto weighted = [&](std::int64_t row) {  // sum(j, argsort(j, y[row, j]) * j)
    std::vector<std::int64_t> order{0, 1, 2, 3};
    std::ranges::stable_sort(order, {}, [&](std::int64_t j) { return y.at(row, j); });
    return order[1] + 2 * order[2] + 3 * order[3];
  };
  std::vector<std::int64_t> all(4), from(4), chosen(4);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(i); ++k) {
      all[i] += weighted(x.at(k));
      for (std::int64_t m = y.at(x.at(k), k); m < 4; ++m) from[i] += m * weighted(x.at(k));
      if (y.at(x.at(k), 1) > 2) chosen[i] += weighted(x.at(k));
    }
  using ricci::names::k, ricci::names::m;
  Tensor<std::int64_t, 1> out(4);
  out[i] = sum(k(0, i), sum(j, argsort(j, y[x[k], j]) * j));
  CHECK(values(out) == all);
  out[i] = sum(k(0, i), sum(m(y[x[k], k], 4), sum(j, m * argsort(j, y[x[k], j]) * j)));
  CHECK(values(out) == from);
  out[i] = sum(k(0, i), where(y[x[k], 1] > 2, sum(j, argsort(j, y[x[k], j]) * j), 0));
  CHECK(values(out) == chosen);
}

TEST_CASE("what cannot be put in order says so") {
  const auto fault = [](const std::string& text) { return test::text_fault(text, bindings()); };
  CHECK_THAT(fault("topk(x, 5, 0)"), Contains("5 elements are taken in order along axis 0 of x, which has 4"));
  CHECK_THAT(fault("topk(j, x[i, j], 71)[p]"), Contains("71 elements are taken in order along j, which has 70"));
  CHECK_THAT(fault("topk(j, x[i, j], 2)"), Contains("a new axis beside named indices is named at once"));
  CHECK_THAT(fault("1 + topk(j, x[i, j], 2)"), Contains("a new axis beside named indices is named at once"));
  CHECK_THAT(fault("topk(x, 0, 1)"), Contains("topk and argtopk take a whole number of elements above 0"));
  CHECK_THAT(fault("argsort(j(0, 3), x[i, j])"), Contains("order all of an index"));
  CHECK_THAT(fault("sort(x)"), Contains("of an array with several axes this needs one"));
}
