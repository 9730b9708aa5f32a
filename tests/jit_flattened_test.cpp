// Rows of a product that are those of several short axes: they are gone through as one, and reads divide to find out
// where they are.
#include <catch2/catch.hpp>

#include "ricci/session.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool divides(const Prepared& p) { return schedule_of(p).find("// extent(") != std::string::npos; }

}  // namespace

// An expression has kernels for no more than eight combinations of what they assume: each test has its own.

TEST_CASE("the places of a small picture are the rows of one tile where the filters are its columns") {
  const Tensor<float, 3> x(16, 16, 8), taller(60, 16, 8), wider(16, 40, 8);
  const Tensor<float, 4> w(3, 3, 8, 64);
  Tensor<float, 3> y(14, 14, 64), z(58, 14, 64), wide(14, 38, 64);
  const auto convolved = [&](auto& x, auto& y) {
    return prepared(y[i, j, o], Assign::set, sum(u, v, c, w[u, v, c, o] * x[i + u, j + v, c]));
  };
  const std::string schedule = schedule_of(convolved(x, y), 16);
  CAPTURE(schedule);
  CHECK(schedule.starts_with("nest t0: j o/8 x4*2 | parallel before |\n"));
  CHECK(schedule.find("t2[(j // extent(j)) + u, j % extent(j), c]!): j/264 x6") != std::string::npos);
  CHECK(divides(convolved(taller, z)));
  CHECK(!divides(convolved(wider, wide)));  // a row is a block of its own
}

TEST_CASE("lanes go across the ends of rows where enough of them would have nothing to do, for enough filters") {
  const auto convolved = [](int row, int filters) {
    const Tensor<float, 3> x(4, row + 2, row + 2);
    const Tensor<float, 4> w(filters, 4, 3, 3);
    Tensor<float, 3> y(filters, row, row);
    return divides(prepared(y[o, i, j], Assign::set, tanh(sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]))));
  };
  CHECK(convolved(7, 32));
  CHECK(!convolved(7, 16));
  CHECK(!convolved(12, 64));
  CHECK(convolved(12, 96));
  CHECK(!convolved(16, 1000));
}

TEST_CASE("flattened rows agree in every way to run them, in any number of axes") {
  Dice dice{std::mt19937_64(1)};
  int divided = 0;
  const auto agrees = [&](const Prepared& p) {
    divided += divides(p);
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
  };
  for (int round = 0; round < 4; ++round) {
    const int rows = dice.below(6) + 2, columns = dice.below(7) + 2, filters = dice.one_of({40, 64, 67});
    CAPTURE(rows, columns, filters);
    const auto x = uneven(dice, 3, rows + 1, columns + 2, 5), turned = uneven(dice, 3, 5, rows + 1, columns + 2);
    const auto picture = uneven(dice, rows + 1, columns + 2, 5);
    const auto w = uneven(dice, 2, 3, 5, filters), filter = uneven(dice, filters, 5, 2, 3);
    const auto bias = uneven(dice, filters), of_row = uneven(dice, rows);
    Tensor<float, 4> y(3, rows, columns, filters), z(3, filters, rows, columns);
    Tensor<float, 3> one(rows, columns, filters);
    agrees(prepared(y[n, i, j, o], Assign::set, sum(u, v, c, w[u, v, c, o] * x[n, i + u, j + v, c]) + bias[o]));
    agrees(prepared(z[n, o, i, j], Assign::add, sum(c, u, v, turned[n, c, i + u, j + v] * filter[o, c, u, v])));
    // Zeros around the picture, every second place, values of the rows themselves, and a part of the target.
    agrees(prepared(z[n, o, i, j], Assign::set,
                    sum(c, u, v, filter[o, c, u, v] * fill(turned, 0)[n, c, 2 * i + u - 1, 2 * j + v - 1])));
    agrees(prepared(one[i, j, o], Assign::set,
                    where(i > j, of_row[i], 1.f) * sum(u, v, c, w[u, v, c, o] * picture[i + u, columns - 1 - j + v, c])));
    const Tensor<float, 3> part = one.sliced(0, 0, rows - 1);
    agrees(prepared(part[i, j, o], Assign::set, sum(u, v, c, w[u, v, c, o] * picture[i + u, j + v, c])));
  }
  CHECK(divided >= 16);
}

TEST_CASE("what is not proved to be inside, and what does not lie behind each other, stays in two axes") {
  Dice dice{std::mt19937_64(2)};
  const auto x = uneven(dice, 8, 9, 5);
  const auto w = uneven(dice, 2, 2, 5, 40);
  Tensor<float, 3> large(7, 12, 40);
  const Tensor<float, 3> apart = large.sliced(1, 0, 8);
  const Prepared p = prepared(apart[i, j, o], Assign::set, sum(u, v, c, w[u, v, c, o] * x[i + u, j + v, c]));
  CHECK(!divides(p));
  CHECK(run_everywhere(p).fault == "");
  const auto at = filled<std::int32_t>([](auto k) { return static_cast<int>(k); }, 7);
  Tensor<float, 3> y(7, 8, 40);
  const Prepared checked = prepared(y[i, j, o], Assign::set, sum(u, v, c, w[u, v, c, o] * x[at[i] + u, j + v, c]));
  CHECK(!divides(checked));
  CHECK(run_everywhere(checked).fault == "");
}

TEST_CASE("a selection that is decided becomes its read where axes are gone through as one") {
  Session session;
  Dice dice{std::mt19937_64(5)};
  session.define("a", uneven<float>(dice, 5).array());
  session.define("b", uneven<float>(dice, 5, 7).array());
  session.define("c", uneven<float>(dice, 4).array());
  session.define("d", uneven<float>(dice, 2).array());
  const std::string chosen = "any(k, (a[i] == where(l // 2 + 2 >= 0, b[l // 2 + 2, j], 2)) * c[k]) & (d[l] > 0)";
  session.run("y[i, j, l] = " + chosen);
  const std::string index = session.dump(Executable::Stage::index, "y[i, j, l] = " + chosen);
  CHECK(index.find("a[i]! == b[((l % extent(l)) // 2) + 2, l // extent(l)]!, c[k]!") != std::string::npos);
}
