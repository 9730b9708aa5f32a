// Lanes are as narrow as the widest value of a nest: where they are, and that nothing else changes with them.
#include <catch2/catch.hpp>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// The loops at the full width of a target with AVX-512, as text.
std::string loops_at_64(const Prepared& p) {
  return p.executable->dump(Executable::Stage::loops, p.tensors, p.params, {.vector_bytes = 64});
}

bool runs(const Prepared& p) {
  const Ran ran = run_everywhere(p);
  return ran.fault.empty() && !ran.error;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class T>
T any_of(std::int64_t n) {
  return static_cast<T>(n * 37 + n / 5);
}

}  // namespace

TEST_CASE("a nest of bytes has lanes of bytes, one of subscripts or sums has not") {
  if (!has_mask_registers(host_target())) return;
  const Tensor<std::uint8_t, 1> x(1000), y(1000);
  const Tensor<std::int16_t, 1> s(1000);
  const Tensor<bool, 1> flag(1000);
  const Tensor<std::int64_t, 1> at(1000);
  Tensor<std::uint8_t, 1> out(1000);
  Tensor<std::int16_t, 1> wide(1000);
  Tensor<std::int64_t, 0> total(0);
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, floor_divide(x[i], 2) + y[i])), "u8x64"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, where(flag[i], x[i], y[i]))), "b1x64"));
  CHECK(has(loops_at_64(prepared(wide[i], Assign::set, s[i] * s[i])), "i16x32"));
  CHECK(has(loops_at_64(prepared(wide[i], Assign::set, cast<std::int16_t>(x[i]) * s[i])), "u8x32"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, x[at[i]])), "u8x16"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, cast<std::uint8_t>(i) + x[i])), "u8x16"));
  CHECK(has(loops_at_64(prepared(total(), Assign::set, sum(i, x[i]))), "u8x16"));
  CHECK(has(loops_at_64(prepared(total(), Assign::set, argmax(i, x[i]))), "u8x16"));
  const Tensor<std::uint8_t, 1> many(5000);
  const std::string winner = loops_at_64(prepared(total(), Assign::set, argmax(i, many[i])));
  CHECK(has(winner, "u8x64"));
  CHECK(!has(winner, "i32x"));
  // What only the border tests or moves has no lanes, if that is much; a single test is not.
  const auto next_to = fill(x, 0)[i - 1] + fill(x, 0)[i + 1];
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, next_to + fill(x, 0)[i + 2])), "u8x64"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, fill(x, 0)[i - 1])), "u8x16"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, wrap(x)[i - 1])), "u8x64"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, x[abs(i - 2)])), "u8x64"));
  // Of the conditions alone, where they are counted; what adds the tables up has wide lanes of its own.
  const std::string counted = loops_at_64(prepared(total(), Assign::set, count(i, flag[i])));
  CHECK(has(counted, "b1x64"));
  CHECK(has(counted, " = count %"));
  CHECK(has(counted, "i64x16"));
  CHECK(!has(counted, "i64x64"));
}

TEST_CASE("one double for all lanes leaves them as narrow as the others are") {
  if (host_target().features.find("avx512bw") == std::string::npos) return;
  const Tensor<float, 1> x(1000);
  Tensor<float, 1> out(1000);
  const Tensor<double, 1> scale(1);
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, x[i] * cast<float>(sqrt(scale[0])))), "f32x16"));
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, cast<float>(cast<double>(x[i]) * sqrt(scale[0])))), "f32x8"));
}

TEST_CASE("what waits for the divider has registers of 32 bytes") {
  if (!has_mask_registers(host_target())) return;
  const auto x = filled<float>([](std::int64_t n) { return 0.25f * static_cast<float>(n + 1); }, 1003);
  const auto y = filled<float>([](std::int64_t n) { return 1000.5f - static_cast<float>(n); }, 1003);
  const auto v = filled<double>([](std::int64_t n) { return 2.25 + static_cast<double>(n); }, 1003);
  Tensor<float, 1> out(1003);
  Tensor<double, 1> wide(1003);
  const auto lanes_of = [](const Prepared& p) {
    CHECK(runs(p));
    const std::string loops = loops_at_64(p);
    return has(loops, "x16") ? 16 : has(loops, "x8") ? 8 : has(loops, "x4") ? 4 : 0;
  };
  CHECK(lanes_of(prepared(out[i], Assign::set, sqrt(x[i]))) == 8);
  CHECK(lanes_of(prepared(out[i], Assign::set, 2 * x[i] / y[i])) == 8);
  CHECK(lanes_of(prepared(wide[i], Assign::set, 1 / sqrt(v[i]))) == 4);
  CHECK(lanes_of(prepared(wide[i], Assign::set, v[i] / x[i])) == 4);
  CHECK(lanes_of(prepared(out[i], Assign::set, sqrt(x[i]) + x[i] * y[i] - x[i])) == 16);  // other work, beside it
  CHECK(lanes_of(prepared(out[i], Assign::set, x[i] * y[i])) == 16);
  CHECK(has(loops_at_64(prepared(out[i], Assign::set, exp(x[i]) / y[i])), "x16"));  // a function takes longer
  const Tensor<float, 1> few{3, 1, 4, 1, 5};
  Tensor<float, 2> rows(5, 1003);
  CHECK(lanes_of(prepared(rows[i, j], Assign::set, x[j] - few[i] / 3)) == 16);  // once for a row
}

TEMPLATE_TEST_CASE("narrow integers of every extent, in place, by rows and by columns", "", std::uint8_t, std::int8_t,
                   std::uint16_t, std::int16_t) {
  using T = TestType;
  for (const std::int64_t extent : {1, 3, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300, 513, 4095, 4097}) {
    CAPTURE(extent);
    const auto x = filled<T>(any_of<T>, extent);
    const auto y = filled<T>([](std::int64_t n) { return any_of<T>(3 * n + 1); }, extent);
    Tensor<T, 1> out(extent);
    REQUIRE(runs(prepared(out[i], Assign::set, minimum(x[i] * T{3} + y[i], floor_divide(x[i], T{7}) - y[i]))));
    for (std::int64_t n = 0; n < extent; ++n) {
      const int a = x.at(n), b = y.at(n), quotient = a >= 0 ? a / 7 : -((6 - a) / 7);
      REQUIRE(out.at(n) == std::min(static_cast<T>(a * 3 + b), static_cast<T>(quotient - b)));
    }
    REQUIRE(runs(prepared(out[i], Assign::add, where(x[i] > y[i], x[i], y[i]))));
  }
  const auto m = filled<T>(any_of<T>, 37, 70);
  Tensor<T, 2> turned(70, 37);
  Tensor<T, 1> largest(37), across(70);
  REQUIRE(runs(prepared(turned[j, i], Assign::set, m[i, j] + T{1})));
  REQUIRE(runs(prepared(largest[i], Assign::set, max(j, m[i, j]))));
  REQUIRE(runs(prepared(across[j], Assign::set, max(i, m[i, j]))));
  for (std::int64_t row = 0; row < 37; ++row) {
    T most = m.at(row, 0);
    for (std::int64_t column = 0; column < 70; ++column) {
      CHECK(turned.at(column, row) == static_cast<T>(m.at(row, column) + 1));
      CHECK(across.at(column) >= m.at(row, column));
      most = std::max(most, m.at(row, column));
    }
    CHECK(largest.at(row) == most);
  }
}

TEST_CASE("conditions are counted, into every integer and over any extent") {
  for (const std::int64_t extent : {1, 15, 64, 65, 255, 256, 257, 1000, 5000, 70000}) {
    CAPTURE(extent);
    const auto flag = filled<bool>([](std::int64_t n) { return n % 3 != 1; }, extent);
    const auto x = filled<float>([](std::int64_t n) { return n % 7 - 3; }, extent);
    std::int64_t true_flags = 0, positive = 0;
    for (std::int64_t n = 0; n < extent; ++n) {
      true_flags += flag.at(n);
      positive += x.at(n) > 0;
    }
    Tensor<std::int64_t, 0> total(0);
    Tensor<std::uint8_t, 0> byte(std::uint8_t{0});
    Tensor<std::int16_t, 0> small(std::int16_t{0});
    REQUIRE(runs(prepared(total(), Assign::set, count(i, flag[i]))));
    CHECK(static_cast<std::int64_t>(total) == true_flags);
    REQUIRE(runs(prepared(total(), Assign::set, count(i, x[i] > 0) - count(i, !flag[i]))));
    CHECK(static_cast<std::int64_t>(total) == positive - (extent - true_flags));
    REQUIRE(runs(prepared(byte(), Assign::set, sum(i, cast<std::uint8_t>(flag[i])))));
    CHECK(static_cast<std::uint8_t>(byte) == static_cast<std::uint8_t>(true_flags));
    REQUIRE(runs(prepared(small(), Assign::set, sum(i, cast<std::int16_t>(x[i] > 0)))));
    CHECK(static_cast<std::int16_t>(small) == static_cast<std::int16_t>(positive));
  }
  const auto m = filled<std::int32_t>([](std::int64_t n) { return n * n % 11; }, 19, 150);
  Tensor<std::int64_t, 1> rows(19), columns(150);
  REQUIRE(runs(prepared(rows[i], Assign::set, count(j, m[i, j] > 4))));
  REQUIRE(runs(prepared(columns[j], Assign::set, count(i, m[i, j] > 4))));
  std::int64_t all = 0;
  for (std::int64_t row = 0; row < 19; ++row) {
    std::int64_t found = 0;
    for (std::int64_t column = 0; column < 150; ++column) found += m.at(row, column) > 4;
    CHECK(rows.at(row) == found);
    all += found;
  }
  for (std::int64_t column = 0; column < 150; ++column) all -= columns.at(column);
  CHECK(all == 0);
}
