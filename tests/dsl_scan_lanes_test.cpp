// Scans along the axis that is contiguous: blocks of positions in lanes.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::shuffled;
using test::values;

namespace {

bool has_lanes(const Prepared& p) { return test::schedule_of(p, 32).find("in order x") != std::string::npos; }

/// What is wrong with target = value in some way to run it; the target then holds the elements.
template <class Target, class Value>
std::string fault(const Target& target, const Value& value) {
  const Prepared p = test::prepared(target, Assign::set, value);
  if (!has_lanes(p)) return "it has no lanes";
  const test::Ran ran = test::run_everywhere(p);
  return ran.error ? ran.message : ran.fault;
}

/// The running sums of a row as LANGUAGE.md says it: blocks of 64 bytes, within which every step doubles how far an
/// element has seen.
template <class T>
std::vector<T> sums_of(const std::vector<T>& row) {
  constexpr std::size_t block = 64 / sizeof(T);
  std::vector<T> sums;
  T state = 0;
  for (std::size_t first = 0; first < row.size(); first += block) {
    std::array<T, block> v{};
    for (std::size_t n = 0; n < block && first + n < row.size(); ++n) v[n] = row[first + n];
    for (std::size_t distance = 1; distance < block; distance *= 2)
      for (std::size_t n = block; n-- > distance;) v[n] += v[n - distance];
    for (std::size_t n = 0; n < block && first + n < row.size(); ++n) sums.push_back(state + v[n]);
    state += v.back();
  }
  return sums;
}

}  // namespace

TEST_CASE("a running sum has lanes along the rows, in blocks of one size for every vector width") {
  const Tensor<float, 2> x(30, 40);
  Tensor<float, 2> y(30, 40);
  const Prepared p = test::prepared(y[i, j], Assign::set, cumsum(j, x[i, j]));
  for (const int bytes : test::vector_widths())
    CHECK(test::schedule_of(p, bytes) == "nest t0: i/1 | j in order " + std::string(bytes == 64   ? "x16"
                                                                           : bytes == 32 ? "x8*2"
                                                                                         : "x4*4") +
                                    " scan sum(j2(_, j + 1), t1[i, j2]!) parallel before |\n");
}

TEMPLATE_TEST_CASE("a float sum along rows has the same order for every vector width", "", float, double) {
  const auto x = filled<TestType>([](auto n) { return TestType(1) / static_cast<TestType>(n % 37 + 1); }, 3, 100);
  Tensor<TestType, 2> y(3, 100);
  const Prepared p = test::prepared(y[i, j], Assign::set, cumsum(j, x[i, j]));
  for (const int bytes : test::vector_widths()) {
    y[i, j] = 0;
    REQUIRE(test::run_with_threads(p, bytes) == "");
    std::vector<TestType> expected;
    for (int r = 0; r < 3; ++r) {
      std::vector<TestType> row;
      for (int c = 0; c < 100; ++c) row.push_back(x.at(r, c));
      for (TestType sum : sums_of(row)) expected.push_back(sum);
    }
    CHECK(values(y) == expected);
  }
}

TEMPLATE_TEST_CASE("scans in lanes agree with direct loops at every length", "", float, double, std::int64_t,
                   std::int8_t) {
  for (const int columns : {0, 1, 7, 8, 15, 16, 17, 32, 33, 70}) {
    INFO(columns << " columns");
    const auto x = filled<TestType>([](auto n) { return static_cast<TestType>((n * 7 + n / 3) % 4 + 1); }, 2, columns);
    Tensor<TestType, 2> most(2, columns), product(2, columns), least(2, columns), after(2, columns);
    REQUIRE(fault(most[i, j], cummax(j, x[i, j]) - x[i, j]) == "");
    REQUIRE(fault(product[i, j], prod(k(0, j + 1), minimum(x[i, k], 2)) + 0 * x[i, j]) == "");
    REQUIRE(fault(least[i, j], min(k(j, columns), x[i, k]) + 0 * x[i, j]) == "");
    REQUIRE(fault(after[i, j], max(k(j, 9), x[i, k]) + 0 * x[i, j]) == "");
    for (int r = 0; r < 2; ++r)
      for (int c = 0; c < columns; ++c) {
        TestType high = x.at(r, 0), low = x.at(r, c), all = 1, some = std::numeric_limits<TestType>::lowest();
        if (std::numeric_limits<TestType>::has_infinity) some = -std::numeric_limits<TestType>::infinity();
        for (int n = 0; n <= c; ++n) high = std::max(high, x.at(r, n));
        for (int n = 0; n <= c; ++n) all = static_cast<TestType>(all * std::min<TestType>(x.at(r, n), 2));
        for (int n = c; n < columns; ++n) low = std::min(low, x.at(r, n));
        for (int n = c; n < std::min(columns, 9); ++n) some = std::max(some, x.at(r, n));
        REQUIRE(most.at(r, c) == static_cast<TestType>(high - x.at(r, c)));
        REQUIRE(product.at(r, c) == all);
        REQUIRE(least.at(r, c) == low);
        REQUIRE(after.at(r, c) == some);
      }
  }
}

TEST_CASE("what stands before and behind, without the element itself") {
  const auto x = filled<std::int64_t>(shuffled(23), 2, 50);
  Tensor<std::int64_t, 2> before(2, 50), behind(2, 50);
  REQUIRE(fault(before[i, j], sum(k(0, j), x[i, k]) + 0 * x[i, j]) == "");
  REQUIRE(fault(behind[i, j], sum(k(j + 1, 50), x[i, k]) + 0 * x[i, j]) == "");
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 50; ++c) {
      std::int64_t left = 0, right = 0;
      for (int n = 0; n < c; ++n) left += x.at(r, n);
      for (int n = c + 1; n < 50; ++n) right += x.at(r, n);
      REQUIRE(before.at(r, c) == left);
      REQUIRE(behind.at(r, c) == right);
    }
}

TEST_CASE("several scans, conditions and infinities in one block") {
  auto x = filled<float>(shuffled(23), 3, 40);
  x.at(1, 20) = NAN;
  x.at(2, 3) = INFINITY;
  x.at(2, 33) = -INFINITY;
  Tensor<float, 2> y(3, 40);
  Tensor<bool, 2> ever(3, 40);
  REQUIRE(fault(y[i, j], cumsum(j, x[i, j]) / (j + 1) + where(x[i, j] > 7, cummax(j, x[i, j]), 0)) == "");
  CHECK(y.at(1, 19) == y.at(1, 19));
  CHECK(y.at(1, 20) != y.at(1, 20));
  REQUIRE(fault(ever[i, j], any(k(0, j + 1), x[i, k] > 20) | (x[i, j] > 99)) == "");
  for (int c = 1; c < 40; ++c) CHECK(ever.at(0, c) == (ever.at(0, c - 1) || x.at(0, c) > 20));
}

TEST_CASE("a running winner has no lanes") {
  const Tensor<float, 2> x(3, 40);
  Tensor<std::int64_t, 2> at(3, 40);
  CHECK(!has_lanes(test::prepared(at[i, j], Assign::set, argmax(k(0, j + 1), x[i, k]) + (x[i, j] > 0))));
}
