// Few elements that are assigned from others of the same array: their values are computed before any is stored.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Runs the statement in every way; the temporaries that it had, as text.
std::string temporaries_of(const Prepared& p) {
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(!ran.error);
  std::string text;
  for (const Allocation& a : ran.report.temporaries) text += std::to_string(a.bytes) + " " + a.reason + "\n";
  return text;
}

auto counting(std::int64_t rows, std::int64_t columns) {
  return filled<float>([](auto n) { return n + 1; }, rows, columns);
}

const auto to = filled<std::int32_t>([](auto n) { return 3 + 4 * n; }, 2);     // 3, 7
const auto from = filled<std::int32_t>([](auto n) { return 7 - 4 * n; }, 2);  // 7, 3

}  // namespace

TEST_CASE("rows that change places need memory for these rows only") {
  auto x = counting(50, 30);
  CHECK(temporaries_of(prepared(x[to[i], j], Assign::set, x[from[i], j])) ==
        "240 t0[i64(t2[i]), j], computed before any of it is stored\n");
  for (std::int64_t row = 0; row < 50; ++row)
    for (std::int64_t column = 0; column < 30; ++column)
      REQUIRE(x.at(row, column) == static_cast<float>(30 * (row == 3 ? 7 : row == 7 ? 3 : row) + column + 1));
  CHECK(run_with_threads(prepared(x[to[i], j], Assign::set, x[from[i], j])) == "");
  CHECK(x.at(3, 0) == 91);
  // Also where reductions read them.
  auto y = counting(50, 50);
  CHECK(temporaries_of(prepared(y[to[i], j], Assign::set, sum(k, y[from[i], k] * y[k, j]) / 8)).starts_with("400 "));
}

TEST_CASE("where as many elements are assigned as there are, the array is copied") {
  auto x = counting(2, 30);
  const auto other = filled<std::int32_t>([](auto n) { return 1 - n; }, 2);
  CHECK(temporaries_of(prepared(x[other[i], j], Assign::set, x[i, j])) ==
        "240 a copy of t0, whose old values are still read\n");
  CHECK(x.at(0, 0) == 31);
}

TEST_CASE("where the array decides about the places it is copied") {
  auto x = filled<std::int64_t>([](auto n) { return (n + 1) % 40; }, 40);
  const auto copies = [](const Prepared& p) {
    return temporaries_of(p).starts_with("320 a copy of t0, whose old values are still read\n");
  };
  CHECK(copies(prepared(x[x[to[i]]], Assign::set, x[from[i]])));
  CHECK(copies(prepared(drop(x)[where(x[from[i]] > 5, to[i], 100)], Assign::set, x[from[i] - 1])));
}

TEST_CASE("elements that no place is for are neither computed nor stored") {
  auto x = counting(50, 30);
  const auto place = filled<std::int32_t>([](auto n) { return n == 1 ? 50 : 5; }, 3);
  // It is not read where nothing is stored.
  const auto bad = filled<std::int32_t>([](auto n) { return n == 1 ? 50 : n; }, 3);
  CHECK(temporaries_of(prepared(drop(x)[place[i], j], Assign::set, x[bad[i], j])) != "");
  CHECK(x.at(5, 0) == 61);
}

TEST_CASE("where a value fails nothing is stored") {
  auto x = counting(50, 30);
  const auto bad = filled<std::int32_t>([](auto n) { return 49 + n; }, 2);
  const Ran ran = run_everywhere(prepared(x[to[i], j], Assign::set, x[bad[i], j]));
  CHECK(ran.fault == "");
  CHECK(ran.message.find("subscript 50 is outside axis 0") != std::string::npos);
  CHECK(ran.unchanged_on_error);
}

TEST_CASE("any places, also equal ones, give what the plain meaning gives") {
  Dice dice{std::mt19937_64(1)};
  for (int round = 0; round < 60; ++round) {
    const int rows = 8 + dice.below(90), columns = 1 + dice.below(40), few = 1 + dice.below(3);
    CAPTURE(round, rows, columns, few);
    const auto places = [&] { return filled<std::int32_t>([&](auto) { return dice.below(rows); }, few); };
    const Tensor<std::int32_t, 1> there = places(), here = places();
    auto x = uneven(dice, rows, columns);
    CHECK(temporaries_of(prepared(x[there[i], j], Assign::set, x[here[i], j])) != "");
    CHECK(temporaries_of(prepared(x[there[i], j], Assign::set, x[here[i], columns - 1 - j] + x[j % rows, j])) != "");
    CHECK(temporaries_of(prepared(x[there[i], 0], Assign::set, max(j, x[here[i], j]) + x[there[i], 0])) != "");
    CHECK(run_with_threads(prepared(x[there[i], j], Assign::set, x[here[i], j] + x[0, j])) == "");
    auto y = uneven(dice, few, rows);
    CHECK(temporaries_of(prepared(y[i, there[j]], Assign::set, y[few - 1 - i, here[j]])) != "");
  }
}
