// Quotients and remainders of the lane axis: the lanes run period by period, and read what is contiguous in each.
#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::loops_of;
using test::prepared;
using test::run_everywhere;
using test::run_with_threads;
using test::schedule_of;
using test::shuffled;

namespace {

bool has_periods(const Prepared& p) {
  return schedule_of(p).find("periods of ") != std::string::npos;
}

std::int64_t floor_of(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0);
}

}  // namespace

TEST_CASE("a repeated row is read without gathers", "[acceptance]") {
  for (std::int64_t n : {1, 31, 100, 101, 999, 5000}) {
    const auto a = filled<float>(shuffled(37), 100);
    Tensor<float, 1> y(n);
    const Prepared p = prepared(y[i], Assign::set, a[i % 100]);
    CAPTURE(n);
    REQUIRE(run_everywhere(p).fault == "");
    REQUIRE(run_with_threads(p) == "");
    for (std::int64_t k = 0; k < n; ++k) REQUIRE(y.at(k) == a.at(k % 100));
    CHECK(has_periods(p));
    CHECK(loops_of(p).find("gather") == std::string::npos);
  }
}

TEST_CASE("a flat array is read from rows, by quotient and remainder of the same division") {
  const auto a = filled<float>(shuffled(37), 40, 70);
  Tensor<float, 1> y(2800);
  const Prepared p = prepared(y[i], Assign::set, a[floor_divide(i, 70), i % 70]);
  REQUIRE(run_everywhere(p).fault == "");
  for (std::int64_t k = 0; k < 2800; ++k) REQUIRE(y.at(k) == a.at(k / 70, k % 70));
  CHECK(has_periods(p));
  CHECK(loops_of(p).find("gather") == std::string::npos);
}

TEST_CASE("dividends that fall, start below zero, or differ from row to row have periods too") {
  for (std::int64_t n : {1, 64, 65, 200, 300}) {
    const auto a = filled<float>(shuffled(37), 200);
    const auto shift = filled<std::int64_t>(shuffled(61), 5);
    Tensor<float, 2> y(5, n);
    Tensor<std::int64_t, 1> z(n);
    CAPTURE(n);
    const auto check = [&](const Prepared& p) {
      REQUIRE(run_everywhere(p).fault == "");
      CHECK(has_periods(p));
    };
    check(prepared(y[i, j], Assign::set, a[(i - j) % 200] + a[(j - 77) % 200]));
    for (std::int64_t r = 0; r < 5; ++r)
      for (std::int64_t k = 0; k < n; ++k)
        REQUIRE(y.at(r, k) == a.at(r - k - 200 * floor_of(r - k, 200)) + a.at(k - 77 - 200 * floor_of(k - 77, 200)));
    check(prepared(y[i, j], Assign::set, a[(j + 1000 * shift[i]) % 200]));
    check(prepared(z[i], Assign::set, floor_divide(i - 130, 64) * 1000 + (90 - i) % 70));
    for (std::int64_t k = 0; k < n; ++k)
      REQUIRE(z.at(k) == floor_of(k - 130, 64) * 1000 + (90 - k - 70 * floor_of(90 - k, 70)));
    check(prepared(z[i], Assign::set, where(i < 50, floor_divide(i + (std::int64_t{1} << 40), 64), -1)));
  }
}

TEST_CASE("a dividend that wraps around begins another period") {
  const Tensor<std::int64_t, 1> from{std::numeric_limits<std::int64_t>::max() - 70,
                                     std::numeric_limits<std::int64_t>::min() + 60};
  Tensor<std::int64_t, 2> y(2, 300);
  for (std::int64_t by : {64, 1000}) {
    const Prepared up = prepared(y[i, j], Assign::set, (from[i] + j) % by - floor_divide(from[i] + j, by));
    REQUIRE(run_everywhere(up).fault == "");
    const Prepared down = prepared(y[i, j], Assign::set, (from[i] - j) % by - floor_divide(from[i] - j, by));
    REQUIRE(run_everywhere(down).fault == "");
    CHECK((has_periods(up) && has_periods(down)));
  }
}

TEST_CASE("a divisor that data decide may be anything") {
  const Tensor<std::int64_t, 1> by{0, 1, -1, -100, 3, 15, 31, 32, 63, 64, 100, 1000};
  Tensor<std::int64_t, 2> y(12, 200);
  const Prepared p = prepared(y[i, j], Assign::set, (j - 40) % by[i] + 1000 * floor_divide(j - 40, by[i]));
  REQUIRE(run_everywhere(p).fault == "");
  CHECK(has_periods(p));
  CHECK(y.at(4, 39) == 2 - 1000);
  CHECK(y.at(10, 39) == 99 - 1000);
}

TEST_CASE("short periods have no loop of their own") {
  const auto a = filled<float>(shuffled(37), 100);
  Tensor<float, 1> y(100);
  const Prepared p = prepared(y[i], Assign::set, a[i % 7] + a[floor_divide(i, 2)]);
  REQUIRE(run_everywhere(p).fault == "");
  CHECK_FALSE(has_periods(p));
}

TEST_CASE("reductions in periods are the same for every number of threads") {
  const auto a = filled<float>(shuffled(37), 20, 300);
  const auto w = filled<float>(shuffled(13), 20);
  Tensor<float, 2> y(3, 1000);
  const Prepared p = prepared(y[i, j], Assign::set, sum(k, a[k, (j + 5) % 300] * w[k]) + i);
  REQUIRE(run_everywhere(p).fault == "");
  REQUIRE(run_with_threads(p) == "");
}

TEST_CASE("a constant is stored in vectors") {
  Tensor<float, 1> y(1000);
  const Prepared p = prepared(y[i], Assign::set, 1.5f);
  REQUIRE(run_everywhere(p).fault == "");
  CHECK(schedule_of(p).find(" x" + std::to_string(host_target().vector_bytes / 4)) != std::string::npos);
  CHECK(y.at(999) == 1.5f);
}
