// Operands of reductions that are put in order before they are used again and again.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

std::int64_t temporary_bytes(const Prepared& p) { return run_everywhere(p).report.temporary_bytes; }

void agrees(const Prepared& p) {
  CHECK(run_everywhere(p).fault == "");
  CHECK(run_with_threads(p) == "");
}

}  // namespace

TEST_CASE("a matrix that lies across the rest of what is reduced is put in order, once") {
  const Tensor<float, 3> x(30, 20, 24);
  const Tensor<float, 2> across(24, 20), along(20, 24);
  Tensor<float, 1> y(30);
  const Prepared p = prepared(y[a], Assign::set, sum(b, c, x[a, b, c] * across[c, b]));
  CHECK(temporary_bytes(p) == 24 * 20 * 4);
  CHECK(schedule_of(p).starts_with("nest ordered:"));
  CHECK(loops_of(p).find("gather") == std::string::npos);
  CHECK(temporary_bytes(prepared(y[a], Assign::set, sum(b, c, x[a, b, c] * along[b, c]))) == 0);
}

TEST_CASE("an operand of few results, or of little work, is read where it is") {
  const Tensor<float, 3> few(3, 20, 24), small(8, 5, 5);
  const Tensor<float, 2> across(24, 20), square(5, 5);
  Tensor<float, 1> of_few(3), of_small(8);
  CHECK(temporary_bytes(prepared(of_few[a], Assign::set, sum(b, c, few[a, b, c] * across[c, b]))) == 0);
  CHECK(temporary_bytes(prepared(of_small[a], Assign::set, sum(b, c, small[a, b, c] * square[c, b]))) == 0);
}

TEST_CASE("operands in order agree in every way to run them") {
  Dice dice{std::mt19937_64(5)};
  for (int round = 0; round < 2; ++round) {
    const int rows = dice.below(20) + 20, columns = dice.below(20) + 9, results = dice.below(20) + 9;
    CAPTURE(rows, columns, results);
    const auto x = uneven(dice, results, rows, columns);
    const auto across = uneven(dice, columns, rows);
    const auto two = uneven(dice, 5, columns, rows);
    const auto cube = uneven(dice, 6, results, rows, columns);
    Tensor<float, 1> y(results);
    Tensor<float, 2> z(results, 5), planes(6, results);
    Tensor<std::int64_t, 1> place(results);
    agrees(prepared(y[a], Assign::set, sum(b, c, x[a, b, c] * across[c, b])));
    agrees(prepared(y[a], Assign::add, max(b, c, abs(x[a, b, c] - across[c, b]))));
    agrees(prepared(place[a], Assign::set, argmin(c, b, sq(x[a, b, c] - across[c, b]))));
    agrees(prepared(z[a, d], Assign::set, sum(b, c, x[a, b, c] * two[d, c, b])));
    agrees(prepared(planes[d, a], Assign::set, sum(b, c, cube[d, a, b, c] * across[c, b]) + y[a]));
    // What it writes is what it reads.
    agrees(prepared(y[a], Assign::set, y[a] * sum(b, c, x[a, b, c] * across[c, b])));
  }
}

TEST_CASE("an operand that is overwritten is put in order before") {
  Dice dice{std::mt19937_64(6)};
  auto m = uneven(dice, 16, 16);
  const auto x = uneven(dice, 16, 16, 16);
  agrees(prepared(m[a, 0], Assign::set, sum(b, c, x[a, b, c] * m[c, b])));
}
