// Products of few rows: blocks of so many, and no vectors along them.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

TEST_CASE("few rows of a product are blocks of four or three that read where things are, more are blocks of eight") {
  Dice dice{std::mt19937_64(1)};
  const bool has_wide = vector_widths().front() >= 64;
  for (const int rows : {1, 2, 3, 4, 5, 7, 20, 21}) {
    CAPTURE(rows);
    const bool is_low = 2 <= rows && rows <= 4, is_shallow = 2 <= rows && rows <= 20;
    const auto a = uneven(dice, rows, 70), b = uneven(dice, 70, 50), turned = uneven(dice, 50, 70);
    Tensor<float, 2> c(rows, 50);
    const Prepared p = prepared(c[i, j], Assign::set, tanh(sum(k, a[i, k] * b[k, j])));
    const std::string schedule = schedule_of(p, 32);
    CAPTURE(schedule);
    CHECK((schedule.find("tile of") != std::string::npos) == (rows >= 2));
    CHECK((schedule.find(" x4 or x3, j x8*2; where it is: t2[k, j]!\n") != std::string::npos) == is_low);
    if (has_wide) CHECK((schedule_of(p, 64).find("i/40 x4 or x3, j x16*2; where") != std::string::npos) == is_shallow);
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
    const Prepared q = prepared(c[i, j], Assign::set, sum(k, a[i, k] * turned[j, k]));
    const std::string of_turned = "; for 128 of k in scratch: transposed t2[j, k]!";
    CHECK((schedule_of(q, 32).find(" x4, j x8*2" + of_turned) != std::string::npos) == is_low);
    if (has_wide)
      CHECK((schedule_of(q, 64).find(" x4 or x3, j x16*2" + of_turned) != std::string::npos) == is_low);
    CHECK(run_everywhere(q).fault == "");
  }
  // Of rows that are far apart, what comes later is fetched.
  const auto a = uneven(dice, 3, 70), b = uneven(dice, 70, 300), turned = uneven(dice, 300, 70);
  Tensor<float, 2> c(3, 300);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  CHECK(loops_of(p, 32).find("prefetch t2[") != std::string::npos);
  CHECK(run_everywhere(p).fault == "");
  // And with 32 registers more of them are read at once, and not six rows.
  CHECK(schedule_of(p, 32).find(" x4 or x3, j x8*2; where") != std::string::npos);
  if (has_wide) CHECK(schedule_of(p, 64).find(" x4 or x3, j x16*4; where") != std::string::npos);
  const Prepared q = prepared(c[i, j], Assign::set, 2 * sum(k, a[i, k] * turned[j, k]));
  if (has_wide) CHECK(schedule_of(q, 64).find(" x4 or x3, j x16*2; for 128") != std::string::npos);
  CHECK(run_everywhere(q).fault == "");
}

TEST_CASE("two rows are no block where little is multiplied or something else is reduced") {
  Dice dice{std::mt19937_64(3)};
  const auto a = uneven(dice, 2, 70), b = uneven(dice, 70, 50);
  const auto brief = uneven(dice, 2, 23), low = uneven(dice, 23, 50);
  const auto longer = uneven(dice, 2, 24), higher = uneven(dice, 24, 50);
  const auto columns = uneven(dice, 70, 2), narrow = uneven(dice, 70, 4);
  Tensor<float, 2> c(2, 50), few(2, 4);
  CHECK(schedule_of(prepared(c[i, j], Assign::set, 1 - sum(k, longer[i, k] * higher[k, j]))).find("tile of") !=
        std::string::npos);
  for (const Prepared& p : {prepared(c[i, j], Assign::set, 1 - sum(k, brief[i, k] * low[k, j])),
                            prepared(few[i, j], Assign::set, sum(k, columns[k, i] * narrow[k, j])),
                            prepared(c[i, j], Assign::set, max(k, a[i, k] * b[k, j])),
                            prepared(c[i, j], Assign::set, sum(k, a[i, k] + b[k, j]))}) {
    CHECK(schedule_of(p, 64).find("tile of") == std::string::npos);
    CHECK(run_everywhere(p).fault == "");
  }
}

TEST_CASE("a convolution with two filters has lanes along the picture, and one with a few blocks of them") {
  Dice dice{std::mt19937_64(2)};
  const auto x = uneven(dice, 3, 12, 40);
  for (const int filters : {2, 3, 4, 6}) {
    CAPTURE(filters);
    const auto w = uneven(dice, filters, 3, 3, 3);
    Tensor<float, 3> y(filters, 10, 38);
    const Prepared p = prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]));
    const std::string schedule = schedule_of(p, 16);
    CAPTURE(schedule);
    CHECK(schedule.find(filters > 2 ? "nest t0: i o j/8 x4" : "nest t0: o i j/") == 0);
    CHECK((schedule.find("tile of") != std::string::npos) == (filters > 2));
    CHECK((schedule.find("o/8 x4 or x3, j") != std::string::npos) == (filters == 3 || filters == 4));
    CHECK(run_everywhere(p).fault == "");
  }
}
