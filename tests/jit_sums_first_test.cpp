// Functions of reductions along rows, whose results are stored before the functions are computed.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool is_in_two(const Prepared& p) { return occurrences(schedule_of(p), "nest ") > 1; }

}  // namespace

TEST_CASE("the results of long rows are stored in the place of functions of them") {
  const Tensor<float, 2> m(30, 40), w(20, 40), columns(40, 30), few(30, 16);
  const Tensor<float, 1> v(40), b(30), short_vector(16);
  Tensor<float, 1> y(30);
  Tensor<float, 2> z(30, 20);
  const Prepared p = prepared(y[i], Assign::set, tanh(sum(k, m[i, k] * v[k]) + b[i]));
  CHECK(is_in_two(p));
  CHECK(loops_of(p).find("gather") == std::string::npos);
  CHECK(run_everywhere(p).report.temporary_bytes == 0);
  CHECK(is_in_two(prepared(y[i], Assign::set, tanh(sum(k, m[i, k] * w[3, k]) + b[i]))));
  CHECK(!is_in_two(prepared(y[i], Assign::set, sum(k, m[i, k] * v[k]) + b[i])));             // no function
  CHECK(!is_in_two(prepared(y[i], Assign::set, tanh(sum(k, columns[k, i] * v[k])))));        // neighbours are results
  CHECK(!is_in_two(prepared(y[i], Assign::set, tanh(sum(k, few[i, k] * short_vector[k])))));  // rows are transposed
  CHECK(!is_in_two(prepared(z[i, j], Assign::set, tanh(sum(k, m[i, k] * w[j, k])))));        // a tile in registers
}

TEST_CASE("of several reductions all but one have memory of their own") {
  const Tensor<float, 2> m(30, 40), n(30, 50);
  const Tensor<float, 1> v(40), u(50);
  Tensor<float, 1> y(30);
  Tensor<double, 1> wide(30);
  const Prepared cell = prepared(y[i], Assign::set, tanh(sum(k, m[i, k] * v[k]) + sum(k, n[i, k] * u[k])));
  CHECK(run_everywhere(cell).report.temporary_bytes == 30 * 4);
  const Prepared p = prepared(wide[i], Assign::set, exp(cast<double>(max(k, m[i, k]))));
  CHECK(run_everywhere(p).report.temporary_bytes == 30 * 4);
  const Tensor<float, 2> longer(9, 600);
  Tensor<float, 1> z(9);
  CHECK(is_in_two(prepared(z[i], Assign::set, log(sum(k, longer[i, k])))));
  CHECK(!is_in_two(prepared(z[i], Assign::set, logsumexp(k, longer[i, k]))));
}

TEST_CASE("functions of reductions along rows agree in every way to run them") {
  Dice dice{std::mt19937_64(8)};
  for (int round = 0; round < 2; ++round) {
    const int rows = dice.below(40) + 2, columns = dice.below(60) + 17, planes = dice.below(3) + 1;
    CAPTURE(rows, columns, planes);
    const auto m = uneven(dice, planes, rows, columns), n = uneven(dice, planes, rows, columns);
    const auto v = uneven(dice, columns), b = uneven(dice, rows);
    const auto of_plane = uneven(dice, planes, columns);
    Tensor<float, 2> y(planes, rows), turned(rows, planes);
    Tensor<double, 2> wide(planes, rows);
    for (const Prepared& p :
         {prepared(y[h, i], Assign::set, tanh(sum(k, m[h, i, k] * v[k]) + b[i])),
          prepared(turned[i, h], Assign::set, 1 / (1 + exp(-sum(k, m[h, i, k] * of_plane[h, k])))),
          prepared(y[h, i], Assign::set, logsumexp(k, m[h, i, k])),
          prepared(y[h, i], Assign::set, exp(min(k, m[h, i, k])) + log(1 + sum(k, n[h, i, k] * n[h, i, k])) * b[i]),
          prepared(wide[h, i], Assign::set, exp(cast<double>(max(k, m[h, i, k]))))}) {
      CHECK(is_in_two(p));
      CHECK(run_everywhere(p).fault == "");
      CHECK(run_with_threads(p) == "");
    }
  }
}

TEST_CASE("where what is read lies in the target, results of rows are stored elsewhere") {
  Dice dice{std::mt19937_64(9)};
  const auto m = uneven(dice, 20, 40);
  auto y = uneven(dice, 20);
  auto square = uneven(dice, 20, 20);
  const auto same = y.sliced(0, 0, 20);  // of the same memory
  for (const Prepared& p : {prepared(y[i], Assign::set, tanh(sum(k, m[i, k]) + y[i])),
                            prepared(y[i], Assign::set, tanh(sum(k, m[i, k]) + same[i])),
                            prepared(y[i], Assign::add, tanh(sum(k, m[i, k])))}) {
    CHECK(is_in_two(p));
    const Ran ran = run_everywhere(p);
    CHECK(ran.fault == "");
    CHECK(ran.report.temporary_bytes == 20 * 4);
  }
  CHECK(run_everywhere(prepared(square[i, 0], Assign::set, exp(sum(k, square[i, k])))).fault == "");
}
