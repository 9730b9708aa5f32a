// `any`, `all` and the argmax of flags leave what cannot change their result: the same results, less work, and every
// error that there was.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "support/backends.hpp"
#include "support/growth.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

constexpr std::int64_t extents[] = {1,    3,    16,   63,   64,   65,    255,   257,  1023,
                                    1024, 1025, 2047, 2048, 5000, 16384, 16385, 40001};

/// Some places of a row, ends of blocks among them; -1 is none.
std::vector<std::int64_t> places(std::int64_t extent) {
  std::vector<std::int64_t> found{-1};
  for (const std::int64_t place : {std::int64_t{0}, std::int64_t{17}, std::int64_t{1023}, std::int64_t{1024},
                                   std::int64_t{4095}, std::int64_t{16384}, extent / 2, extent - 1})
    if (place < extent) found.push_back(place);
  return found;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool runs(const Prepared& p) {
  const Ran ran = run_everywhere(p);
  return ran.fault.empty() && !ran.error;
}

}  // namespace

TEST_CASE("one element decides any and all, wherever it is") {
  for (const std::int64_t extent : extents)
    for (const std::int64_t place : places(extent)) {
      CAPTURE(extent, place);
      const auto hit = filled<bool>([&](std::int64_t n) { return n == place; }, extent);
      const auto miss = filled<bool>([&](std::int64_t n) { return n != place; }, extent);
      const auto x = filled<float>([&](std::int64_t n) { return n == place ? 2 : 1; }, extent);
      Tensor<bool, 0> out(false);
      REQUIRE(runs(prepared(out(), Assign::set, any(i, hit[i]))));
      CHECK(static_cast<bool>(out) == (place >= 0));
      REQUIRE(runs(prepared(out(), Assign::set, all(i, miss[i]))));
      CHECK(static_cast<bool>(out) == (place < 0));
      REQUIRE(runs(prepared(out(), Assign::set, any(i, x[i] > 1) & all(i, x[i] < 2))));
      CHECK_FALSE(static_cast<bool>(out));
    }
}

TEST_CASE("rows of any and all are decided one by one, over one axis and over two") {
  const std::int64_t rows = 5, columns = 1500;
  const auto x = filled<std::int32_t>([](std::int64_t n) { return n % 1900 == 1100 ? 1 : 0; }, rows, columns);
  const auto y = filled<std::int32_t>([](std::int64_t n) { return n == 31 * 70 + 69 ? 1 : 0; }, rows, 31, 70);
  Tensor<bool, 1> out(rows), other(rows), both(rows);
  REQUIRE(runs(prepared(out[i], Assign::set, any(j, x[i, j] == 1))));
  REQUIRE(runs(prepared(other[i], Assign::set, all(j, x[i, j] == 0))));
  REQUIRE(runs(prepared(both[i], Assign::set, any(k, j, y[i, j, k] * (x[i, 3] + 1) == 1))));
  for (std::int64_t row = 0; row < rows; ++row) {
    bool found = false;
    for (std::int64_t column = 0; column < columns; ++column) found |= x.at(row, column) == 1;
    CHECK(out.at(row) == found);
    CHECK(other.at(row) == !found);
    CHECK(both.at(row) == (row == 1));
  }
}

TEST_CASE("rows abreast are decided each for itself, wherever that is in each of them") {
  constexpr std::int64_t rows = 12, columns = 40, sides = 3, places = 700;
  const auto x = filled<float>([](std::int64_t n) { return static_cast<float>(n % 97); }, rows, columns);
  const auto at = filled<std::int64_t>(shuffled(columns), columns);
  // Rows 0, 4 and 8 are decided at once, others in the middle, at the end or never.
  const auto place_of = [](std::int64_t row) {
    return std::array{0, 1399, 2099, -1}[static_cast<std::size_t>(row % 4)];
  };
  const auto hit = filled<bool>([&](std::int64_t n) { return n % (sides * places) == place_of(n / (sides * places)); },
                                rows, sides, places);
  Tensor<float, 2> some(rows, columns), whole(rows, columns);
  const Prepared p = prepared(some[i, j], Assign::set, where(any(k, l, hit[i, k, l]), x[i, at[j]], -1));
  CHECK(has(p.executable->dump(Executable::Stage::schedule, p.tensors, p.params), "abreast"));
  REQUIRE(runs(p));
  REQUIRE(runs(prepared(whole[i, j], Assign::set, where(all(k, l, !hit[i, k, l]), x[i, at[j]], -1))));
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column) {
      const bool found = place_of(row) >= 0;
      CHECK(some.at(row, column) == (found ? x.at(row, at.at(column)) : -1));
      CHECK(whole.at(row, column) == (found ? -1 : x.at(row, at.at(column))));
    }
}

TEST_CASE("what is decided at the start costs little of what is never decided") {
  const std::int64_t extent = 100'000;
  const auto all_true = filled<bool>([](auto) { return true; }, extent);
  const auto all_false = filled<bool>([](auto) { return false; }, extent);
  const auto steps = [&](const Tensor<bool, 1>& x) {
    return std::pair{steps_of([&] { const Tensor<bool, 0> made = any(i, x[i]); }),
                     steps_of([&] { const Tensor<bool, 0> made = all(i, x[i]); })};
  };
  const auto [any_early, all_late] = steps(all_true);
  const auto [any_late, all_early] = steps(all_false);
  CHECK(any_early * 20 < any_late);
  CHECK(all_early * 20 < all_late);
}

TEST_CASE("the search for a flag ends at the first one, wherever it is, and costs little at the start") {
  for (const std::int64_t extent : {1, 65, 1025, 5000, 16385})
    for (const std::int64_t place : places(extent)) {
      CAPTURE(extent, place);
      const auto hit = filled<bool>([&](std::int64_t n) { return n == place || (place >= 0 && n > place); }, extent);
      const auto miss =
          filled<bool>([&](std::int64_t n) { return !(n == place || (place >= 0 && n > place)); }, extent);
      const auto x = filled<float>([&](std::int64_t n) { return n == place ? 2 : 1; }, extent);
      Tensor<std::int64_t, 0> out(0);
      REQUIRE(runs(prepared(out(), Assign::set, argmax(i, hit[i]))));
      CHECK(static_cast<std::int64_t>(out) == std::max<std::int64_t>(place, 0));
      REQUIRE(runs(prepared(out(), Assign::set, argmin(i, miss[i]))));
      CHECK(static_cast<std::int64_t>(out) == std::max<std::int64_t>(place, 0));
      REQUIRE(runs(prepared(out(), Assign::set, argmax(i, x[i] > 1))));
      CHECK(static_cast<std::int64_t>(out) == std::max<std::int64_t>(place, 0));
    }
  const std::int64_t rows = 7, columns = 3000;
  const auto flags = filled<bool>([](std::int64_t n) { return n % 1900 == 1100; }, rows, columns);
  Tensor<std::int64_t, 1> of_row(rows), of_column(columns);
  REQUIRE(runs(prepared(of_row[i], Assign::set, argmax(j, flags[i, j]))));
  REQUIRE(runs(prepared(of_column[j], Assign::set, argmax(i, flags[i, j]))));
  Tensor<std::int64_t, 0> whole(0);
  REQUIRE(runs(prepared(whole(), Assign::set, argmax(i, j, flags[i, j]))));
  CHECK(static_cast<std::int64_t>(whole) == 1100);
  REQUIRE(runs(prepared(whole(), Assign::set, argmax(j, i, flags[i, j]))));
  const auto first = filled<bool>([](auto) { return true; }, 100'000),
             none = filled<bool>([](auto) { return false; }, 100'000);
  const auto steps = [&](const Tensor<bool, 1>& x) {
    return steps_of([&] { const Tensor<std::int64_t, 0> made = argmax(i, x[i]); });
  };
  CHECK(steps(first) * 20 < steps(none));
}

TEST_CASE("rows of a thousand flags end after a step that decides them") {
  const std::int64_t rows = 50, columns = 1000;
  const auto first = filled<bool>([&](std::int64_t n) { return n % columns == 40; }, rows, columns);
  const auto late = filled<bool>([&](std::int64_t n) { return n % columns == columns - 1; }, rows, columns);
  const auto steps = [&](const auto& statement) {
    return std::pair{steps_of([&] { statement(first); }), steps_of([&] { statement(late); })};
  };
  const auto [any_early, any_late] = steps([](const auto& x) { const Tensor made = any(j, x[i, j]); });
  const auto [all_early, all_late] = steps([](const auto& x) { const Tensor made = all(j, !x[i, j]); });
  const auto [search_early, search_late] = steps([](const auto& x) { const Tensor made = argmax(j, x[i, j]); });
  CHECK(any_early * 2 < any_late);
  CHECK(all_early * 2 < all_late);
  CHECK(search_early * 2 < search_late);
}

TEST_CASE("a search through long rows keeps no place before there is a flag") {
  const auto none = filled<bool>([](auto) { return false; }, 100'000);
  const auto one = filled<bool>([](std::int64_t n) { return n == 70'003; }, 100'000);
  const auto steps = [](const Tensor<bool, 1>& x) {
    return std::pair{steps_of([&] { const Tensor<std::int64_t, 0> made = argmax(i, x[i]); }),
                     steps_of([&] { const Tensor<bool, 0> made = any(i, x[i]); })};
  };
  const auto [search_all, any_all] = steps(none);
  const auto [search_some, any_some] = steps(one);
  CHECK(search_all * 2 < any_all * 5);
  CHECK(search_some * 2 < any_some * 5);
}

TEST_CASE("a read that may be outside is looked at, though the result is decided before it") {
  const auto x = filled<bool>([](auto) { return true; }, 10);
  auto at = filled<std::int64_t>([](std::int64_t n) { return n % 10; }, 3000);
  Tensor<bool, 0> out(false);
  REQUIRE(runs(prepared(out(), Assign::set, any(i, x[at[i]]))));
  CHECK(static_cast<bool>(out));
  at.data()[2999] = 10;
  const Ran ran = run_everywhere(prepared(out(), Assign::set, any(i, x[at[i]])));
  CHECK(ran.fault == "");
  CHECK(ran.error == Error::Kind::bounds);
}
