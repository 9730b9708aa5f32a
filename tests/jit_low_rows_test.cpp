// Products of few rows: blocks of so many, and no vectors along them.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

TEST_CASE("three or four rows of a product are a block of four, where more are blocks of eight") {
  Dice dice{std::mt19937_64(1)};
  for (const int rows : {2, 3, 4, 5}) {
    CAPTURE(rows);
    const auto a = uneven(dice, rows, 70), b = uneven(dice, 70, 50), turned = uneven(dice, 50, 70);
    Tensor<float, 2> c(rows, 50);
    const Prepared p = prepared(c[i, j], Assign::set, tanh(sum(k, a[i, k] * b[k, j])));
    const std::string schedule = schedule_of(p, 32);
    CAPTURE(schedule);
    CHECK((schedule.find("tile of") != std::string::npos) == (rows >= 3));
    CHECK((schedule.find(" x4, j x8*2; where it is: t2[k, j]!\n") != std::string::npos) == (rows == 3 || rows == 4));
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
    const Prepared q = prepared(c[i, j], Assign::set, sum(k, a[i, k] * turned[j, k]));
    CHECK((schedule_of(q, 32).find(" x4, j x8*2; for 128 of k in scratch: transposed") != std::string::npos) ==
          (rows == 3 || rows == 4));
    CHECK(run_everywhere(q).fault == "");
  }
  // Of rows that are far apart, what comes later is fetched.
  const auto a = uneven(dice, 3, 70), b = uneven(dice, 70, 300);
  Tensor<float, 2> c(3, 300);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  CHECK(loops_of(p, 32).find("prefetch t2[") != std::string::npos);
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("a convolution with one or two filters has lanes along the picture, and one with a few blocks of them") {
  Dice dice{std::mt19937_64(2)};
  const auto x = uneven(dice, 3, 12, 40);
  for (const int filters : {1, 2, 3, 4, 6}) {
    CAPTURE(filters);
    const auto w = uneven(dice, filters, 3, 3, 3);
    Tensor<float, 3> y(filters, 10, 38);
    const Prepared p = prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]));
    const std::string schedule = schedule_of(p, 16);
    CAPTURE(schedule);
    CHECK(schedule.find(filters > 2 ? "nest t0: i o j/8 x4" : "nest t0: o i j/") == 0);
    CHECK((schedule.find("tile of") != std::string::npos) == (filters > 2));
    CHECK((schedule.find("o/8 x4, j") != std::string::npos) == (filters == 3 || filters == 4));
    CHECK(run_everywhere(p).fault == "");
  }
}
