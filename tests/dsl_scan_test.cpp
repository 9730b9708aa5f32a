// cumsum and its siblings, and reductions over what stands before an index, against direct loops.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <type_traits>

#include "ricci/compile.hpp"
#include "support/backends.hpp"
#include "support/program_text.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::b, ricci::names::i, ricci::names::j, ricci::names::k;
using test::filled;
using test::shuffled;
using test::values;

namespace {

/// What is wrong with target = value in some way to run it; the target then holds the elements.
template <class Target, class Value>
std::string fault(const Target& target, const Value& value) {
  const test::Ran ran = test::run_everywhere(test::prepared(target, Assign::set, value));
  return ran.error ? ran.message : ran.fault;
}

enum class Kind { sum, prod, max, min };

template <class Result, class T>
Result step(Kind kind, Result a, T given) {
  const auto x = static_cast<Result>(given);
  return kind == Kind::sum    ? static_cast<Result>(a + x)
         : kind == Kind::prod ? static_cast<Result>(a * x)
         : kind == Kind::max  ? std::max(a, x)
                              : std::min(a, x);
}

/// Equal; of floats but for what the order of a product or a sum changes.
template <class T>
bool agree(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::abs(a - b) <= 16 * std::numeric_limits<T>::epsilon() * std::abs(b);
  return a == b;
}

/// Scans down and across are plain loops, in every way to run them, without temporaries.
template <class T, class Down, class Across>
void check_scan(Kind kind, const Tensor<T, 2>& x, const Down& down, const Across& across) {
  using Element = std::remove_cvref_t<decltype(Tensor(down).at(0, 0))>;
  const auto rows = static_cast<int>(x.extent(0)), columns = static_cast<int>(x.extent(1));
  Tensor<Element, 2> y(rows, columns), z(rows, columns);
  REQUIRE(fault(y[ellipsis], down).empty());
  REQUIRE(fault(z[ellipsis], across).empty());
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) {
      const auto own = static_cast<Element>(x.at(r, c));
      REQUIRE(y.at(r, c) == (r == 0 ? own : step(kind, y.at(r - 1, c), x.at(r, c))));
      REQUIRE(agree(z.at(r, c), c == 0 ? own : step(kind, z.at(r, c - 1), x.at(r, c))));
    }
  CHECK(values(Tensor(down)) == values(y));
  CHECK(last_report().temporary_bytes == 0);
  CHECK(values(Tensor(across)) == values(z));
  CHECK(last_report().temporary_bytes == 0);
}

template <class T>
void check_all(const Tensor<T, 2>& x) {
  INFO(x.extent(0) << " x " << x.extent(1));
  check_scan(Kind::sum, x, cumsum(x, 0), cumsum(x, 1));
  check_scan(Kind::prod, x, cumprod(x, 0), cumprod(x, 1));
  check_scan(Kind::max, x, cummax(x, 0), cummax(x, 1));
  check_scan(Kind::min, x, cummin(x, 0), cummin(x, 1));
}

template <class T>
Tensor<T, 2> matrix(int rows, int columns) {
  return filled<T>([](auto n) { return (n * 7 + n / 3) % 4 + 1; }, rows, columns);
}

}  // namespace

TEST_CASE("the first of nothing but the worst wins in what stands behind an index") {
  const Tensor<std::uint8_t, 1> x{0, 0, 3, 0, 0};
  const Tensor<std::int64_t, 1> at = argmax(k(i, 5), x[k] + 0 * x[i]);
  CHECK(test::values(at) == std::vector<std::int64_t>{2, 2, 2, 3, 4});
}

TEST_CASE("scans along either axis of either layout") {
  check_all(matrix<float>(17, 70));
  check_all(matrix<std::uint8_t>(17, 20).permuted({1, 0}));
}

TEST_CASE("scans of more dtypes and sizes", "[slow]") {
  check_all(matrix<double>(64, 3));
  check_all(matrix<std::int64_t>(2, 33));
  check_all(matrix<std::uint8_t>(17, 20));
  check_all(matrix<float>(70, 17).permuted({1, 0}));
  check_all(matrix<double>(3, 64).permuted({1, 0}));
  check_all(matrix<std::uint8_t>(1, 1));
  check_all(matrix<std::int64_t>(0, 5));
  check_all(matrix<float>(5, 0));
}

TEST_CASE("a float sum down columns has the plain order, however long and wide") {
  const auto x = filled<float>([](auto n) { return 1.f / static_cast<float>(n % 37 + 1); }, 1000, 600);
  const Tensor<float, 2> down = cumsum(x, 0);
  for (int n = 0; n < 600; ++n) {
    float sum = 0;
    for (int m = 0; m < 600; ++m) REQUIRE(down.at(m, n) == (sum += x.at(m, n)));
  }
}

TEST_CASE("results have the dtypes of the reductions") {
  const Tensor<std::int8_t, 1> x{1, 100, 100};
  const Tensor<bool, 1> flags{false, true, false};
  static_assert(std::is_same_v<decltype(Tensor(cumsum(x, 0))), Tensor<std::int64_t, 1>>);
  static_assert(std::is_same_v<decltype(Tensor(cummax(x, 0))), Tensor<std::int8_t, 1>>);
  CHECK(values(Tensor(cumsum(x, 0))) == std::vector<std::int64_t>{1, 101, 201});
  CHECK(values(Tensor(cumprod(x, -1))) == std::vector<std::int64_t>{1, 100, 10000});
  CHECK(values(Tensor(cumsum(flags, 0))) == std::vector<std::int64_t>{0, 1, 1});
  CHECK(values(Tensor(cummax(flags, 0))) == values(Tensor<bool, 1>{false, true, true}));
}

TEST_CASE("the first NaN stays") {
  const float nan = NAN;
  const Tensor<float, 1> x{1, -2, nan, 5, 0};
  const Tensor<float, 1> greatest = cummax(j, x[j]);
  CHECK(greatest.at(1) == 1);
  for (int n = 2; n < 5; ++n) CHECK(greatest.at(n) != greatest.at(n));
}

TEST_CASE("a named scan leaves its index free, within any expression") {
  const auto x = filled<float>(shuffled(9), 6, 40);
  const auto w = filled<float>(shuffled(5), 6);
  Tensor<float, 2> y(6, 40);
  REQUIRE(fault(y[b, j], w[b] * cumsum(j, sq(x[b, j])) + j).empty());
  for (int r = 0; r < 6; ++r) {
    float total = 0;
    for (int c = 0; c < 40; ++c) {
      total += x.at(r, c) * x.at(r, c);
      REQUIRE(y.at(r, c) == w.at(r) * total + static_cast<float>(c));
    }
  }
  y[b, j] = w[b] * cumsum(j, sq(x[b, j])) + j;
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().loops == 2);
}

TEST_CASE("a running winner, with and without the element itself") {
  const auto x = filled<float>(shuffled(23), 50);
  Tensor<std::int64_t, 1> to(50), before(50);
  REQUIRE(fault(to[j], argmax(k(0, j + 1), x[k])).empty());
  REQUIRE(fault(before[j], argmin(k(0, j), x[k])).empty());
  std::int64_t best = 0, worst = 0;
  for (int n = 0; n < 50; ++n) {
    REQUIRE(before.at(n) == worst);
    if (x.at(n) > x.at(best)) best = n;
    if (x.at(n) < x.at(worst)) worst = n;
    REQUIRE(to.at(n) == best);
  }
}

TEST_CASE("the positions of all sizes before") {
  const auto size = filled<int>(shuffled(5), 20);
  Tensor<std::int64_t, 1> offset(21);
  REQUIRE(fault(offset[j], sum(k(0, j), size[k])).empty());
  std::int64_t total = 0;
  for (int n = 0; n < 21; ++n) {
    REQUIRE(offset.at(n) == total);
    if (n < 20) total += size.at(n);
  }
  offset[j] = sum(k(0, j), size[k]);
  CHECK(last_report().temporary_bytes == 0);
}

TEST_CASE("a scan that is needed again and again is stored once") {
  const auto x = filled<std::int64_t>(shuffled(9), 30);
  const auto at = filled<int>([](auto n) { return n * 7 % 30; }, 12, 30);
  Tensor<std::int64_t, 2> y(12, 30);
  REQUIRE(fault(y[b, j], cumsum(j, x[j]) * at[b, j]).empty());
  Tensor<std::int64_t, 1> picked(30);
  REQUIRE(fault(picked[i], sum(j, cumsum(j, x[j]) * delta(j, at[0, i]))).empty());
  std::vector<std::int64_t> total(30);
  for (int n = 0; n < 30; ++n) total[n] = x.at(n) + (n > 0 ? total[n - 1] : 0);
  for (int n = 0; n < 30; ++n) {
    REQUIRE(y.at(3, n) == total[n] * at.at(3, n));
    REQUIRE(picked.at(n) == total[at.at(0, n)]);
  }
  y[b, j] = cumsum(j, x[j]) * at[b, j];
  CHECK(last_report().temporary_bytes == 30 * 8);
}

TEST_CASE("a scan over its own target sees the old elements, and needs a copy only where it looks at others") {
  for (const auto& [rows, columns] : {std::pair{4, 30}, {1, 1}, {33, 17}, {3, 700}})
    for (const bool turned : {false, true}) {
      CAPTURE(rows, columns, turned);
      const auto made = [&] { return filled<float>(shuffled(9), turned ? columns : rows, turned ? rows : columns); };
      const auto fresh = [&] { return turned ? made().permuted({1, 0}) : made(); };
      const Tensor<float, 2> before = fresh();
      const std::int64_t copy = 4 * rows * columns;
      const auto check = [&](const auto& value, std::int64_t temporary_bytes) {
        auto x = fresh();
        Tensor<float, 2> expected(rows, columns);
        expected[i, j] = value(before);
        const test::Ran ran = test::run_everywhere(test::prepared(x[i, j], Assign::set, value(x)));
        CHECK(ran.fault == "");
        CHECK(ran.report.temporary_bytes == (rows * columns == 1 ? ran.report.temporary_bytes : temporary_bytes));
        CHECK(values(x) == values(expected));
      };
      check([](const auto& x) { return cumsum(j, x[i, j]); }, 0);
      check([](const auto& x) { return cumsum(i, x[i, j]); }, 0);
      check([](const auto& x) { return x[i, j] - cummax(j, 3 * x[i, j]); }, 0);
      check([&](const auto& x) { return sum(k(j, columns), x[i, k]); }, 0);
      check([](const auto& x) { return sum(k(2, j + 1), x[i, k]); }, 0);
      check([](const auto& x) { return sum(k(0, j), x[i, k]) + 0 * x[i, j]; }, copy);
    }
}

TEST_CASE("scans in the text language") {
  const auto x = filled<float>(shuffled(13), 3, 20);
  const test::Bindings bindings{{"x", x.array()}};
  CHECK(test::text_values<float>("cumsum(x, 1)", bindings) == values(Tensor(cumsum(x, 1))));
  CHECK(test::text_values<float>("y[j, i] = cummin(i, x[i, j])", bindings) ==
        values(Tensor(cummin(x.permuted({1, 0}), 1))));
  const auto refused = [&](const std::string& text) { return test::text_fault(text, bindings); };
  using Catch::Matchers::Contains;
  CHECK_THAT(refused("cumsum(i, j, x[i, j])"),
             Contains("run along all of one index, as in cumsum(j, x[i, j]): cumsum along i,j"));
  CHECK_THAT(refused("cummax(j(0, 3), x[i, j])"), Contains("run along all of one index"));
  CHECK_THAT(refused("cumsum(x)"), Contains("of an array with several axes this needs one"));
  CHECK_THAT(refused("cumprod(x, 2)"), Contains("the axis is outside the rank of the array"));
  CHECK_THAT(refused("cumsum(k, x[i, j])"), Contains("a reduced index must occur in what is reduced"));
}

TEST_CASE("what stands behind is reduced from the last position to the first") {
  for (const bool turned : {false, true}) {
    const Tensor<float, 2> x = turned ? matrix<float>(40, 17).permuted({1, 0}) : matrix<float>(17, 40);
    Tensor<float, 2> behind(17, 40), least(17, 40);
    Tensor<std::int64_t, 2> winner(17, 40);
    REQUIRE(fault(behind[i, j], sum(k(j, 30), x[i, k])).empty());
    REQUIRE(fault(least[i, j], min(k(j, 40), x[i, k]) + j).empty());
    REQUIRE(fault(winner[i, j], argmax(k(j, 40), x[i, k])).empty());
    for (int r = 0; r < 17; ++r) {
      float total = 0, low = 99;
      int best = 39;
      for (int c = 39; c >= 0; --c) {
        if (c < 30) total += x.at(r, c);
        low = std::min(low, x.at(r, c));
        if (x.at(r, c) >= x.at(r, best)) best = c;
        REQUIRE(behind.at(r, c) == total);
        REQUIRE(least.at(r, c) == low + static_cast<float>(c));
        REQUIRE(winner.at(r, c) == best);
      }
    }
    behind[i, j] = sum(k(j, 30), x[i, k]);
    CHECK(last_report().temporary_bytes == 0);
    CHECK(last_report().loops == 2 + 1);
  }
}
