// Products with few columns: tiles of one vector, or with lanes down the other rows, and that these change nothing.
#include <catch2/catch.hpp>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Values whose products and sums are rounded.
template <class... N>
auto uneven(Dice& dice, N... extents) {
  return filled<float>([&](auto) { return static_cast<float>(dice.below(2001) - 1000) / 301; }, extents...);
}

}  // namespace

TEST_CASE("a tile of rows that are at most a line of memory has one vector, and its stores have masks") {
  Dice dice{std::mt19937_64(10)};
  const auto a = uneven(dice, 40, 50);
  const auto narrow_tile = [](const Prepared& p) {
    const std::string schedule = schedule_of(p, 64);
    return schedule.find("i/264 x11 or x6, j x16*1; for 256") != std::string::npos &&
           schedule.find("finished in registers, masked") != std::string::npos;
  };
  for (const int columns : {9, 12, 15, 16, 17}) {
    CAPTURE(columns);
    const auto b = uneven(dice, 50, columns), bias = uneven(dice, columns, 1);
    Tensor<float, 2> c(40, columns);
    const Prepared p = prepared(c[i, j], Assign::set, -sum(k, a[i, k] * b[k, j]));
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::add, 2 * sum(k, a[i, k] * b[k, j]) + bias[j, 0])).fault == "");
    CHECK(run_with_threads(p) == "");
    if (vector_widths().front() < 64) continue;
    CHECK(narrow_tile(p) == (columns <= 16));
    if (columns > 16) continue;
    // All that is stored in the end is stored under the mask of the lanes, and only once.
    const std::string loops = loops_of(p, 64);
    CHECK(loops.find("store t0[") != std::string::npos);
    for (std::size_t at = loops.find("store t0["); at != std::string::npos; at = loops.find("store t0[", at + 1))
      CHECK(loops.substr(at, loops.find('\n', at) - at).find(" mask ") != std::string::npos);
  }
  if (vector_widths().front() < 64) return;
  // Of doubles a line is half as many.
  const Tensor<double, 2> d(40, 50), eight(50, 8), nine(50, 9);
  Tensor<double, 2> c8(40, 8), c9(40, 9);
  CHECK(schedule_of(prepared(c8[i, j], Assign::set, -sum(k, d[i, k] * eight[k, j])), 64).find(" x8*1; for") !=
        std::string::npos);
  CHECK(schedule_of(prepared(c9[i, j], Assign::set, -sum(k, d[i, k] * nine[k, j])), 64).find(" x8*2; for") !=
        std::string::npos);
}

TEST_CASE("rows of small products are read where they are, in blocks of two heights that leave none over") {
  Dice dice{std::mt19937_64(12)};
  for (const int rows : {5, 6, 7, 11, 12, 13, 16, 17, 23, 40}) {
    CAPTURE(rows);
    const auto a = uneven(dice, 3, rows, 14), b = uneven(dice, 3, 14, 12);
    Tensor<float, 3> c(3, rows, 12);
    const Prepared p = prepared(c[n, i, j], Assign::set, sum(k, a[n, i, k] * b[n, k, j]));
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_everywhere(prepared(c[n, i, j], Assign::add, sum(k, a[n, i, k] * b[n, k, j]))).fault == "");
    CHECK(run_with_threads(p) == "");
    if (vector_widths().front() < 64) continue;
    const std::string schedule = schedule_of(p, 64);
    CHECK(schedule.find("x11 or x6, j x16*1; where it is: t2[n, k, j]!; finished in registers, masked") !=
          std::string::npos);
  }
}

TEST_CASE("a product of two to four columns is a tile of them, with lanes down the other rows") {
  Dice dice{std::mt19937_64(11)};
  for (const int columns : {1, 2, 3, 4, 5})
    for (const int rows : {64, 97, 200}) {
      const int inner = dice.one_of({17, 70, 300});
      CAPTURE(columns, rows, inner);
      const auto a = uneven(dice, rows, inner), turned = uneven(dice, inner, rows);
      const auto b = uneven(dice, inner, columns);
      const auto bias = uneven(dice, columns);
      Tensor<float, 2> c = uneven(dice, rows, columns), wide(rows, 4);
      const auto runs_down = [&](const Prepared& p, const std::string& staged) {
        REQUIRE(run_everywhere(p).fault == "");
        REQUIRE(run_with_threads(p) == "");
        const std::string schedule = schedule_of(p, 64), height = " x" + std::to_string(columns);
        return schedule.find(height + ", i x16*" + (columns == 2 ? "4" : "2")) != std::string::npos &&
               schedule.find("in scratch:" + staged + " t1[") != std::string::npos;
      };
      const bool is_short = vector_widths().front() == 64 && columns >= 2 && columns <= 4;
      // Long rows are not transposed (jit_slender_test.cpp).
      CHECK(runs_down(prepared(c[i, j], Assign::set, abs(sum(k, a[i, k] * b[k, j]))), " transposed") ==
            (is_short && inner < 64));
      // Down the columns of an array there is nothing to transpose.
      CHECK(runs_down(prepared(c[i, j], Assign::set, sum(k, turned[k, i] * b[k, j]) + bias[j]), "") == is_short);
      if (columns > 4) continue;
      // Columns of rows of four: all have the place of four in the tile, the last one more than once.
      auto part = wide.sliced(1, 0, columns);
      REQUIRE(run_everywhere(prepared(part[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) - 1)).fault == "");
      REQUIRE(run_everywhere(prepared(part[i, j], Assign::add, 2 * sum(k, a[i, k] * b[k, j]))).fault == "");
    }
}
