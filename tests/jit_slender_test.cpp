// Products of few columns, whose vectors have lanes for all columns by a few iterations, and that this changes nothing.
#include <catch2/catch.hpp>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Values whose products and sums are rounded.
template <class T = float, class... N>
auto uneven(Dice& dice, N... extents) {
  return filled<T>([&](auto) { return static_cast<T>(dice.below(2001) - 1000) / 301; }, extents...);
}

bool is_slender(const Prepared& p, int group, const std::string& more = "") {
  const std::string by = " by " + std::to_string(group) + " side by side" + more + '\n';
  return schedule_of(p, 64).find(by) != std::string::npos && schedule_of(p, 16).find(by) != std::string::npos;
}

}  // namespace

// An expression has kernels for no more than eight combinations of what they assume: each test has its own.

TEST_CASE("a product of two to eight columns has lanes for them by a few iterations, for every vector width") {
  Dice dice{std::mt19937_64(20)};
  for (const int columns : {1, 2, 3, 4, 5, 7, 8, 9})
    for (const int rows : {16, 61, 130, 300}) {
      const int inner = dice.one_of({64, 65, 70, 100, 127});
      CAPTURE(columns, rows, inner);
      const auto a = uneven(dice, rows, inner), b = uneven(dice, inner, columns), turned = uneven(dice, columns, inner);
      const auto bias = uneven(dice, columns);
      const int wide = columns <= 2 ? 2 : columns <= 4 ? 4 : 8, group = wide == 8 ? 4 : 8;
      Tensor<float, 2> c = uneven(dice, rows, columns);
      const auto sums = sum(k, a[i, k] * b[k, j]);
      const auto same = sum(k, turned[j, k] * a[i, k]);
      const bool is_first = columns <= 3;
      const Prepared p = is_first ? prepared(c[i, j], Assign::set, abs(sums) + bias[j])
                                  : prepared(c[i, j], Assign::set, bias[j] - sums);
      CHECK(is_slender(p, group, columns == wide ? ", dense" : "") == (columns > 1 && columns <= 8));
      CHECK(run_everywhere(p).fault == "");
      CHECK(run_with_threads(p) == "");
      // The factors may stand in either order, and the few columns lie along the reduction.
      const Prepared q = is_first ? prepared(c[i, j], Assign::add, 2 * same) : prepared(c[i, j], Assign::add, -same);
      CHECK(is_slender(q, group) == (columns > 1 && columns <= 8));
      CHECK(run_everywhere(q).fault == "");
      CHECK(run_with_threads(q) == "");
    }
}

TEST_CASE("a product of few columns goes through long rows in pieces, and has twice as many lanes as for doubles") {
  Dice dice{std::mt19937_64(21)};
  for (const int columns : {2, 4, 6}) {
    const int inner = dice.one_of({2048, 2049, 4100});
    CAPTURE(columns, inner);
    const auto a = uneven(dice, 21, inner), b = uneven(dice, inner, columns);
    Tensor<float, 2> c(21, columns);
    const Prepared p = prepared(c[i, j], Assign::set, -sum(k, a[i, k] * b[k, j]));
    CHECK(is_slender(p, columns <= 4 ? 8 : 4, columns == 6 ? "" : ", dense"));
    CHECK(run_everywhere(p).fault == "");
    const auto doubles = uneven<double>(dice, 21, inner), few = uneven<double>(dice, inner, columns);
    Tensor<double, 2> d(21, columns);
    const Prepared q = prepared(d[i, j], Assign::set, 2 - sum(k, doubles[i, k] * few[k, j]));
    CHECK(is_slender(q, 4, ", dense") == (columns <= 4));
    CHECK(run_everywhere(q).fault == "");
    // What is stored, and with it the lanes of the nest, is wider than the sums.
    const auto more = uneven<double>(dice, 21, columns);
    const Prepared wider = prepared(d[i, j], Assign::set, cast<double>(sum(k, a[i, k] * b[k, j])) + more[i, j]);
    CHECK(is_slender(wider, columns <= 4 ? 8 : 4, columns == 6 ? "" : ", dense"));
    CHECK(run_everywhere(wider).fault == "");
  }
}

TEST_CASE("few columns of a matrix with more are a product of few columns, in batches too") {
  Dice dice{std::mt19937_64(22)};
  for (const int columns : {2, 3, 4, 6}) {
    CAPTURE(columns);
    auto wide = uneven(dice, 70, 8), close = uneven(dice, 70, 4);
    Tensor<float, 2> all = uneven(dice, 33, 8);
    const auto a = uneven(dice, 33, 70);
    const auto some = wide.sliced(1, 1, 1 + columns);
    auto result = all.sliced(1, 2, 2 + columns);
    const Prepared p = prepared(result[i, j], Assign::set, abs(sum(k, a[i, k] * some[k, j])) - 1);
    CHECK(is_slender(p, columns <= 4 ? 8 : 4, columns == 6 ? ", dense" : ""));  // of rows of eight
    CHECK(run_everywhere(p).fault == "");
    if (columns == 3) {  // of rows of four, from the second on
      const auto last = close.sliced(1, 1, 4);
      const Prepared q = prepared(result[i, j], Assign::set, sq(sum(k, a[i, k] * last[k, j])));
      CHECK(is_slender(q, 8, ", dense"));
      CHECK(run_everywhere(q).fault == "");
    }
    const auto batch = uneven(dice, 3, 20, 65), matrices = uneven(dice, 3, 65, columns);
    Tensor<float, 3> products(3, 20, columns);
    const Prepared q = prepared(products[l, i, j], Assign::set, sum(k, batch[l, i, k] * matrices[l, k, j]));
    CHECK(is_slender(q, columns <= 4 ? 8 : 4, columns == 3 || columns == 6 ? "" : ", dense"));
    CHECK(run_everywhere(q).fault == "");
    CHECK(run_with_threads(q) == "");
  }
}

TEST_CASE("a product of few columns with NaN, infinities and subnormal numbers is that of each column alone") {
  Dice dice{std::mt19937_64(23)};
  auto a = uneven(dice, 19, 67), b = uneven(dice, 67, 3);
  constexpr float infinity = std::numeric_limits<float>::infinity();
  a.at(3, 66) = infinity;
  a.at(5, 2) = std::numeric_limits<float>::quiet_NaN();
  b.at(66, 1) = 0;
  b.at(8, 2) = -infinity;
  for (int row = 0; row < 67; ++row) a.at(7, row) = std::numeric_limits<float>::denorm_min();
  Tensor<float, 2> c(19, 3);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) - 1);
  CHECK(is_slender(p, 8));
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("few rows and short ones are such products, with lanes for no more than the columns") {
  Dice dice{std::mt19937_64(25)};
  for (const int columns : {2, 4})
    for (const int rows : {2, 3, 9, 40}) {
      const int inner = dice.one_of({16, 17, 31});
      CAPTURE(rows, columns, inner);
      const auto a = uneven(dice, rows, inner), b = uneven(dice, inner, columns), turned = uneven(dice, columns, inner);
      Tensor<float, 2> c(rows, columns);
      const Prepared p = prepared(c[i, j], Assign::set, exp(-abs(sum(k, a[i, k] * b[k, j]))));
      CHECK(is_slender(p, 8, ", dense"));
      CHECK(schedule_of(p, 64).find("nest t0: i j/" + std::to_string(columns) + " x4 ") == 0);
      CHECK(run_everywhere(p).fault == "");
      // Two by two sums along rows are no more than that.
      const Prepared q = prepared(c[i, j], Assign::set, tanh(sum(k, a[i, k] * turned[j, k])));
      CHECK(is_slender(q, 8) == (rows * columns > 4));
      CHECK(run_everywhere(q).fault == "");
    }
}

TEST_CASE("products of few columns have one kernel for few rows and for many, and need longer ones of these") {
  Dice dice{std::mt19937_64(26)};
  const auto b = uneven(dice, 128, 3);
  Tensor<float, 2> c(90, 3);
  auto many = c.sliced(0, 0, 90), few = c.sliced(0, 0, 20);
  const auto product = [&](auto& result, const Tensor<float, 2>& left, int inner) {
    const auto some = left.sliced(1, 0, inner), rows = b.sliced(0, 0, inner);
    return prepared(result[i, j], Assign::set, 3 - sum(k, some[i, k] * rows[k, j]));
  };
  const auto rows = uneven(dice, 90, 128), fewer = uneven(dice, 20, 128);
  CHECK(is_slender(product(few, fewer, 16), 8));
  CHECK(!is_slender(product(many, rows, 31), 8));
  CHECK(is_slender(product(many, rows, 32), 8));
  CHECK(loops_of(product(many, rows, 32), 64) == loops_of(product(few, fewer, 16), 64));
  const auto function = [&](int inner) {
    const auto some = rows.sliced(1, 0, inner), below = b.sliced(0, 0, inner);
    return prepared(many[i, j], Assign::set, exp(-abs(sum(k, some[i, k] * below[k, j]))));
  };
  CHECK(!is_slender(function(127), 8));
  CHECK(is_slender(function(128), 8));
  CHECK(run_everywhere(product(many, rows, 33)).fault == "");
}

TEST_CASE("results of a product of few columns are stored down these where the left factor lies along its rows") {
  Dice dice{std::mt19937_64(28)};
  const auto a = uneven(dice, 70, 90), b = uneven(dice, 70, 3);
  Tensor<float, 2> c(90, 3);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[k, i] * b[k, j]) / 2);
  const std::string schedule = schedule_of(p, 64);
  CAPTURE(schedule);
  if (vector_widths().front() >= 64) CHECK(schedule.find("nest t0: j i/32 x16*2") == 0);
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("the rows of a product of few columns may be several axes that are one") {
  Dice dice{std::mt19937_64(27)};
  const auto a = uneven(dice, 3, 5, 40);
  const auto b = uneven(dice, 40, 3);
  Tensor<float, 3> c(3, 5, 3);
  const Prepared p = prepared(c[l, i, j], Assign::set, sum(k, a[l, i, k] * b[k, j]) + 1);
  CHECK(is_slender(p, 8));
  CHECK(schedule_of(p, 64).find("[0, i, k]") != std::string::npos);
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("what is not such a product, or has but one row or short ones, has other loops") {
  Dice dice{std::mt19937_64(24)};
  const auto a = uneven(dice, 40, 80), b = uneven(dice, 80, 4), high = uneven(dice, 80, 40);
  const auto low = uneven(dice, 1, 80), brief = uneven(dice, 40, 15), few = uneven(dice, 15, 4);
  Tensor<float, 2> c(40, 4), small(1, 4);
  CHECK(is_slender(prepared(c[i, j], Assign::set, 1 - sum(k, a[i, k] * b[k, j])), 8, ", dense"));
  for (const Prepared& p : {prepared(c[i, j], Assign::set, sum(k, a[i, k] + b[k, j])),
                            prepared(c[i, j], Assign::set, max(k, a[i, k] * b[k, j])),
                            prepared(c[i, j], Assign::set, sum(k, high[k, i] * b[k, j])),
                            prepared(c[i, j], Assign::set, 1 - sum(k, brief[i, k] * few[k, j])),
                            prepared(small[i, j], Assign::set, 1 - sum(k, low[i, k] * b[k, j])),
                            prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) * max(k, a[i, k] * b[k, j])),
                            prepared(c[i, j], Assign::set, sum(k(0, 70), a[i, k] * b[k, j]))}) {
    CHECK(schedule_of(p, 64).find("side by side") == std::string::npos);
    CHECK(run_everywhere(p).fault == "");
  }
}
