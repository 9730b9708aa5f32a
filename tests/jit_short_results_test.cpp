// Results in rows of two to four elements: lanes run from row to row, and the same in every way to run them.
#include <catch2/catch.hpp>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/growth.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

bool runs_down(const Prepared& p, const std::string& rows, const std::string& element) {
  const std::string schedule = schedule_of(p);
  const auto lanes = schedule.find(' ' + rows + "/1024 x"), inside = schedule.find("| " + element);
  return lanes != std::string::npos && inside != std::string::npos && lanes < inside;
}

template <class T>
Tensor<T, 2> points(Dice& dice, std::int64_t count, std::int64_t length) {
  return filled<T>([&](auto) { return static_cast<T>(dice.below(100)); }, count, length);
}

bool has_mask_registers() {
  return has_mask_registers(host_target());
}

}  // namespace

TEMPLATE_TEST_CASE("pairs, points and pixels are computed down their columns", "", std::uint8_t, std::int16_t, float,
                   double, std::int64_t) {
  using T = TestType;
  Dice dice{std::mt19937_64(5)};
  for (const std::int64_t width : {2, 3, 4, 5})
    for (const std::int64_t count : {1, 15, 16, 17, 63, 64, 65, 300, 1025, 2100}) {
      const auto a = points<T>(dice, count, width), b = points<T>(dice, count, width);
      Tensor<T, 2> y(count, width);
      CAPTURE(width, count);
      const Prepared p = prepared(y[i, j], Assign::set, a[i, width - 1 - j] + b[i, (j + 1) % width]);
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t r = 0; r < count; ++r)
        for (std::int64_t k = 0; k < width; ++k)
          REQUIRE(y.at(r, k) == static_cast<T>(a.at(r, width - 1 - k) + b.at(r, (k + 1) % width)));
      if (count >= 64 && has_mask_registers()) CHECK(runs_down(p, "i", "j") == (width < 5));
    }
}

TEST_CASE("columns that data choose, separate arrays and guards go into short rows", "[acceptance]") {
  Dice dice{std::mt19937_64(7)};
  for (const std::int64_t count : {1, 16, 70, 1300}) {
    const auto a = points<float>(dice, count, 10);
    const auto u = filled<float>(shuffled(37), count), v = filled<float>(shuffled(41), count);
    const Tensor<std::int64_t, 1> at{7, 0, 3};
    Tensor<float, 2> three(count, 3), two(count, 2);
    CAPTURE(count);
    REQUIRE(run_everywhere(prepared(three[i, j], Assign::set, a[i, at[j]])).fault == "");
    const Prepared p = prepared(two[i, j], Assign::set, where(j == 0, u[i], v[i]));
    REQUIRE(run_everywhere(p).fault == "");
    REQUIRE(run_with_threads(p) == "");
    for (std::int64_t r = 0; r < count; ++r) REQUIRE((two.at(r, 0) == u.at(r) && two.at(r, 1) == v.at(r)));
    if (count >= 64 && has_mask_registers()) CHECK(runs_down(p, "i", "j"));
    REQUIRE(run_everywhere(prepared(two[i, j], Assign::set, clip(a)[i - 1, j] + fill(a, 0)[i + 2, 3 * j])).fault == "");
  }
}

TEST_CASE("planes become short rows, backwards and in threads too") {
  const auto x = filled<std::uint8_t>(shuffled(41), 3, 40, 50);
  Tensor<std::uint8_t, 3> y(40, 50, 3);
  const Prepared p = prepared(y[i, j, k], Assign::set, x[k, i, j] + std::uint8_t{1});
  REQUIRE(run_everywhere(p).fault == "");
  REQUIRE(run_with_threads(p) == "");
  const Prepared back = prepared(y.flipped(1)[i, j, k], Assign::set, x[2 - k, i, j]);
  REQUIRE(run_everywhere(back).fault == "");
}

TEST_CASE("what is reduced for a short row is not reduced again for each of its elements") {
  Dice dice{std::mt19937_64(11)};
  const auto x = points<float>(dice, 200, 3);
  Tensor<float, 2> y(200, 3);
  const Prepared p = prepared(y[i, j], Assign::set, x[i, j] / (1 + sum(k, sq(x[i, k]))));
  REQUIRE(run_everywhere(p).fault == "");
  CHECK_FALSE(runs_down(p, "i", "j"));
}

TEST_CASE("what is reduced down the columns of short rows is reduced once, not in every tile") {
  Dice dice{std::mt19937_64(12)};
  const auto work = [&](std::int64_t count) {
    const auto x = points<float>(dice, count, 3);
    return steps_of([&] { const Tensor<float, 2> made = x[i, j] - max(k, x[k, j]); });
  };
  CHECK(work(16'000) < 12 * work(2'000));
  const auto x = points<float>(dice, 300, 3);
  Tensor<float, 2> y(300, 3);
  REQUIRE(run_everywhere(prepared(y[i, j], Assign::set, x[i, j] - max(k, x[k, j]))).fault == "");
}

TEST_CASE("products of complex numbers, whose parts are chosen by their number") {
  Dice dice{std::mt19937_64(13)};
  for (const std::int64_t count : {1, 16, 17, 300}) {
    const auto a = points<float>(dice, count, 2), b = points<float>(dice, count, 2);
    Tensor<float, 2> y(count, 2);
    CAPTURE(count);
    const Prepared p =
        prepared(y[i, j], Assign::set,
                 where(j == 0, a[i, 0] * b[i, 0] - a[i, 1] * b[i, 1], a[i, 0] * b[i, 1] + a[i, 1] * b[i, 0]));
    REQUIRE(run_everywhere(p).fault == "");
    for (std::int64_t r = 0; r < count; ++r) {
      REQUIRE(y.at(r, 0) == a.at(r, 0) * b.at(r, 0) - a.at(r, 1) * b.at(r, 1));
      REQUIRE(y.at(r, 1) == a.at(r, 0) * b.at(r, 1) + a.at(r, 1) * b.at(r, 0));
    }
    if (count >= 64 && has_mask_registers()) CHECK(runs_down(p, "i", "j"));
    // A column outside of the rows is not touched, also at the end of memory.
    REQUIRE(run_everywhere(prepared(y[i, j], Assign::set, fill(a, -1)[i, j + 1] + fill(b, -2)[i, 2 * j - 1])).fault ==
            "");
  }
}

TEST_CASE("points are turned by a matrix down their columns, and their rows are read once") {
  Dice dice{std::mt19937_64(17)};
  for (const std::int64_t count : {1, 16, 65, 300, 1100}) {
    const auto x = points<float>(dice, count, 3), m = points<float>(dice, 3, 3);
    Tensor<float, 2> y(count, 3);
    CAPTURE(count);
    const Prepared p = prepared(y[i, j], Assign::set, sum(k, m[j, k] * x[i, k]) + m[j, 0]);
    REQUIRE(run_everywhere(p).fault == "");
    REQUIRE(run_with_threads(p) == "");
    for (std::int64_t r = 0; r < count; ++r)
      for (int d = 0; d < 3; ++d) {
        const float expected = m.at(d, 0) * x.at(r, 0) + m.at(d, 1) * x.at(r, 1) + m.at(d, 2) * x.at(r, 2);
        REQUIRE(y.at(r, d) == expected + m.at(d, 0));
      }
    if (count < 64 || !has_mask_registers()) continue;
    CHECK(schedule_of(p).find("| j parallel before |") != std::string::npos);
    CHECK(schedule_of(p).find("short rows transposed: ") != std::string::npos);
    CHECK(loops_of(p).find("gather") == std::string::npos);
  }
}
