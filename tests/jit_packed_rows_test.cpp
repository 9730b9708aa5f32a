// Short rows of results that share vectors, and reads at quotients and remainders of the lane axis.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool is_spread(const Prepared& p) { return schedule_of(p).find("lanes that begin where rows do") != std::string::npos; }

void agrees(const Prepared& p) {
  CHECK(run_everywhere(p).fault == "");
  CHECK(run_with_threads(p) == "");
}

Tensor<std::uint8_t, 1> bytes(std::int64_t count) {
  return filled<std::uint8_t>([](auto k) { return static_cast<std::uint8_t>(37 * k + 11); }, count);
}

}  // namespace

// An expression has kernels for no more than eight combinations of what they assume: each test has its own.

TEST_CASE("the bits of bytes share vectors, and are loaded and shuffled") {
  const auto x = bytes(100), place = filled<std::uint8_t>([](auto k) { return static_cast<std::uint8_t>(7 - k); }, 8);
  Tensor<std::uint8_t, 2> y(100, 8);
  const Prepared p = prepared(y[i, j], Assign::set, (x[i] >> place[j]) & std::uint8_t{1});
  CHECK(is_spread(p));
  CHECK(loops_of(p).find("gather") == std::string::npos);
  CHECK(loops_of(p).find("pick") != std::string::npos);
  agrees(p);
}

TEST_CASE("rows that are no power of two, long, apart or behind each other do not share vectors in parts") {
  const Tensor<float, 1> x(100), six(6), sixteen(16), eight(8);
  Tensor<float, 2> of_six(100, 6), of_sixteen(100, 16), of_eight(100, 8), wide(100, 9);
  const auto product = [&](auto& y, const auto& row) {
    return is_spread(prepared(y[i, j], Assign::set, x[i] * row[j]));
  };
  CHECK(product(of_eight, eight));
  CHECK(!product(of_six, six));
  CHECK(!product(of_sixteen, sixteen));
  const Tensor<float, 2> apart = wide.sliced(1, 0, 8);
  CHECK(!product(apart, eight));
  const Tensor<float, 2> same(100, 8);
  CHECK(!is_spread(prepared(of_eight[i, j], Assign::set, same[i, j] + 1.f)));
}

TEST_CASE("rows that share vectors agree in every way to run them") {
  Dice dice{std::mt19937_64(3)};
  int spread = 0;
  const auto check = [&](const Prepared& p) {
    spread += is_spread(p);
    agrees(p);
  };
  for (const int row : {2, 4, 8}) {
    const int rows = dice.below(90) + 10, planes = dice.below(3) + 2;
    CAPTURE(row, rows, planes);
    const auto x = uneven(dice, rows), k = uneven(dice, row);
    const auto m = uneven(dice, rows, row), of_planes = uneven(dice, planes, rows);
    const auto of_plane = uneven(dice, planes, row);
    const auto cube = uneven(dice, planes, rows, row);
    Tensor<float, 2> y(rows, row);
    Tensor<float, 3> z(planes, rows, row);
    Tensor<bool, 2> flags(rows, row);
    check(prepared(y[i, j], Assign::set, x[i] * k[j] + m[i, j]));
    check(prepared(y[i, j], Assign::add, where(m[i, j] > 0, x[i], k[j])));
    check(prepared(y[i, j], Assign::set, x[i]));
    check(prepared(z[h, i, j], Assign::set, of_planes[h, i] * k[j] + cube[h, i, j]));
    check(prepared(z[h, i, j], Assign::set, x[i] * of_plane[h, j]));
    check(prepared(flags[i, j], Assign::set, x[i] > k[j]));
  }
  CHECK(spread >= 18);
}

TEST_CASE("quotients and remainders that a program writes agree in every way to run them") {
  Dice dice{std::mt19937_64(4)};
  for (const int elements : {1, 7, 64, 333, 5000}) {
    CAPTURE(elements);
    const auto x = uneven(dice, elements), few = uneven(dice, std::min(elements, 4));
    const auto byte = bytes(elements);
    Tensor<float, 1> y(elements);
    Tensor<float, 2> z(3, elements);
    Tensor<std::uint8_t, 1> b(elements);
    agrees(prepared(y[i], Assign::set, assume_inside(x)[floor_divide(i, 2)] + assume_inside(few)[i % 4]));
    agrees(prepared(z[j, i], Assign::set, assume_inside(x)[floor_divide(i, 64)] * assume_inside(few)[i % 4]));
    agrees(prepared(b[i], Assign::set, assume_inside(byte)[floor_divide(i, 8)]));
    const auto other = where(i > 3, assume_inside(byte)[i % 2], std::uint8_t{1});
    agrees(prepared(b[i], Assign::set, assume_inside(byte)[i % 16] + other));
  }
}

TEST_CASE("an enlarged picture is loaded and shuffled") {
  const Tensor<std::uint8_t, 2> picture(30, 40);
  Tensor<std::uint8_t, 2> larger(60, 80);
  const Prepared p = prepared(larger[i, j], Assign::set, picture[floor_divide(i, 2), floor_divide(j, 2)]);
  CHECK(is_spread(p));
  CHECK(loops_of(p).find("gather") == std::string::npos);
}

TEST_CASE("bits that go past the caches are those of their bytes") {
  const auto x = bytes(2200001);
  const auto place = filled<std::uint8_t>([](auto k) { return static_cast<std::uint8_t>(k); }, 8);
  auto whole = Tensor<std::uint8_t, 1>::uninitialised(8 * 2200001 + 64);
  for (const std::int64_t first : {0, 1, 8}) {  // not all of them begin where a line does
    auto y = whole.sliced(0, first, first + 8 * 2200000);
    y[i] = (x[floor_divide(i, 8)] >> place[i % 8]) & std::uint8_t{1};
    std::int64_t wrong = 0;
    for (std::int64_t k = 0; k < 8 * 2200000; ++k) wrong += y.at(k) != ((x.at(k / 8) >> (k % 8)) & 1);
    CHECK(wrong == 0);
  }
}

TEST_CASE("a kernel for rows of so many elements is not taken for others") {
  Dice dice{std::mt19937_64(5)};
  const auto check = [&](const Tensor<float, 1>& x, const Tensor<float, 1>& row) {
    Tensor<float, 2> y(x.extent(0), row.extent(0));
    y[i, j] = x[i] - row[j];
    for (std::int64_t r = 0; r < x.extent(0); ++r)
      for (std::int64_t c = 0; c < row.extent(0); ++c) CHECK(y.at(r, c) == x.at(r) - row.at(c));
  };
  const auto x = uneven(dice, 160), six = uneven(dice, 6);
  check(x, uneven(dice, 8));
  for (const auto& column : {x.flipped(0), x.sliced(0, 0, 160, 2), x.sliced(0, 0, 160, 3), x.sliced(0, 0, 160, 4), x})
    for (const auto& row : {six, six.flipped(0)}) check(column, row);  // more than there are kernels for
  check(x, uneven(dice, 4));
  check(x, uneven(dice, 2));
}
