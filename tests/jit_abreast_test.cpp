// Iterations that share the places that data choose: which loops have them, and that they change nothing.
#include <catch2/catch.hpp>
#include <algorithm>
#include <limits>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/tensors.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Bilinear samples of picture[b, c, ..] at the places (x, y) of grid[b, h, w, ..], which go beyond [-1, 1].
auto sampled(const Tensor<float, 4>& picture, const Tensor<float, 4>& grid) {
  const auto y = (grid[b, h, w, 1] + 1) * (0.5f * static_cast<float>(picture.extent(2))) - 0.5f;
  const auto x = (grid[b, h, w, 0] + 1) * (0.5f * static_cast<float>(picture.extent(3))) - 0.5f;
  const auto row = floor_index(y) + i;
  const auto column = floor_index(x) + j;
  return sum(i(0, 2), j(0, 2), maximum(1 - abs(y - row), 0) * maximum(1 - abs(x - column), 0) *
                                   fill(picture, 0)[b, c, row, column]);
}

bool is_abreast(const Prepared& p) { return schedule_of(p).find("4 abreast") != std::string::npos; }

Tensor<float, 4> any_grid(Dice& dice, int batch, int height, int width) {
  auto grid = uneven(dice, batch, height, width, 2);
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -3e38f})
    grid.data()[dice.below(static_cast<int>(grid.size()))] = odd;
  return grid;
}

}  // namespace

TEST_CASE("bilinear samples of several planes compute their places once for four of them") {
  const Tensor<float, 4> picture(2, 8, 30, 40), grid(2, 20, 24, 2);
  Tensor<float, 4> out(2, 8, 20, 24);
  const Prepared p = prepared(out[b, c, h, w], Assign::set, sampled(picture, grid));
  const std::string lanes = std::to_string(std::min(host_target().vector_bytes, 32) / 4);
  CHECK(schedule_of(p, 32) == "nest t0: b c/4 abreast w/4096 x" + lanes + " | parallel before |\n");
  const std::string loops = loops_of(p, 32);
  CHECK(occurrences(loops, "gather t1[") == 2);
  CHECK(occurrences(loops, "= floor(") == 2);
  CHECK(occurrences(loops, "gather t2[") == 4);
  CHECK(occurrences(loops, "store t0[") == 4);
}

TEST_CASE("few planes, accumulation and planes that choose places of their own share no steps") {
  Dice dice{std::mt19937_64(1)};
  const auto grid = any_grid(dice, 1, 9, 10);
  const auto samples = [&](int planes) {
    const auto picture = uneven(dice, 1, planes, 12, 13);
    Tensor<float, 4> out(1, planes, 9, 10);
    return prepared(out[b, c, h, w], Assign::set, sampled(picture, grid));
  };
  CHECK(!is_abreast(samples(2)));
  CHECK(is_abreast(samples(3)));
  const auto picture = uneven(dice, 1, 8, 12, 13);
  auto out = uneven(dice, 1, 8, 9, 10);
  CHECK(!is_abreast(prepared(out[b, c, h, w], Assign::add, sampled(picture, grid))));
  const auto places = uneven(dice, 8, 50), values = uneven(dice, 8, 60);
  Tensor<float, 2> chosen(8, 50);
  const auto own = floor_index(abs(places[c, n]) * 20 + 1.5 - sq(places[c, n]));
  const Prepared each = prepared(chosen[c, n], Assign::set, values[c, own] * places[c, n]);
  CHECK(!is_abreast(each));
  CHECK(run_everywhere(each).fault == "");
}

TEST_CASE("samples of any number of planes at any places agree in every way to run them") {
  Dice dice{std::mt19937_64(2)};
  for (int planes : {1, 2, 3, 4, 5, 7, 8, 13}) {
    const int batch = 1 + dice.below(2), rows = 1 + dice.below(9), columns = 1 + dice.below(40);
    CAPTURE(planes, batch, rows, columns);
    const auto picture = uneven(dice, batch, planes, 1 + dice.below(8), 1 + dice.below(8));
    const auto grid = any_grid(dice, batch, rows, columns);
    Tensor<float, 4> out(batch, planes, rows, columns);
    const Prepared p = prepared(out[b, c, h, w], Assign::set, sampled(picture, grid));
    CHECK(is_abreast(p) == (planes >= 3));
    CHECK(run_everywhere(p).fault == "");
  }
}

TEST_CASE("what is reduced, chosen and stored for iterations abreast is free") {
  Dice dice{std::mt19937_64(3)};
  for (const int planes : {3, 4, 6, 9}) {
    const int count = 1 + dice.below(70);
    CAPTURE(planes, count);
    const auto x = uneven(dice, planes, 40), weight = uneven(dice, planes, 5);
    const auto place = uneven(dice, count);
    const auto at = floor_index(sq(abs(place[n]) * 4 + 0.5) - place[n] * 2);
    const auto check = [](const Prepared& p) {
      CHECK(is_abreast(p));
      CHECK(run_everywhere(p).fault == "");
    };
    Tensor<float, 2> out(planes, count);
    Tensor<std::int64_t, 2> best(planes, count);
    check(prepared(out[c, n], Assign::set, fill(x, 1)[c, at] * abs(place[n])));
    check(prepared(out[c, n], Assign::set, max(k(0, 5), clip(x)[c, at + k] * weight[c, k] - place[n])));
    check(prepared(best[c, n], Assign::set, argmin(k(0, 5), clip(x)[c, at + k] * weight[c, k] * place[n])));
    check(prepared(out[c, n], Assign::set,
                   where(place[n] > 0, sum(k(0, 3), fill(x, 0)[c, at - k]), prod(k(0, 2), wrap(x)[c, at + k]) + c)));
    check(prepared(out[c, n], Assign::set, sum(k(0, 2), max(l(0, 3), fill(x, -9)[c, at + k * l]) * (k + c))));
  }
}

TEST_CASE("a place outside is found for the first iteration of those abreast, and named") {
  Dice dice{std::mt19937_64(4)};
  const auto x = uneven(dice, 6, 40);
  Tensor<float, 1> place(50);
  for (int n = 0; n < 50; ++n) place.at(n) = static_cast<float>(n % 7);
  place.at(33) = 100;
  Tensor<float, 2> out(6, 50);
  const Prepared p = prepared(out[c, n], Assign::set, x[c, floor_index(sq(place[n]) * 0.5 + place[n] + 1.5)]);
  CHECK(is_abreast(p));
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(ran.error == Error::Kind::bounds);
  CHECK(ran.message.find("at c=0, n=33") != std::string::npos);
}

TEST_CASE("the nearest of some rows is sought for four of them at a time, where there are registers for their sums") {
  Dice dice{std::mt19937_64(5)};
  const auto x = uneven(dice, 20, 70), centre = uneven(dice, 9, 70);
  Tensor<std::int64_t, 1> best(20);
  const Prepared p = prepared(best[n], Assign::set, argmin(k, sum(d, sq(x[n, d] - centre[k, d]))));
  const auto is_sum_abreast = [&](int bytes) {
    return schedule_of(p, bytes).find("4 abreast of argmin(") != std::string::npos;
  };
  CHECK_FALSE(is_sum_abreast(32));
  if (host_target().vector_bytes < 64) return;
  CHECK(is_sum_abreast(64));
  const std::string loops = loops_of(p, 64);
  CHECK(occurrences(loops, "load t1[") == 4 + 4);  // whole steps, and what is left for each of their vectors
  CHECK(occurrences(loops, "load t2[") == 4 * (4 + 4));
}

TEST_CASE("rows abreast of a reduction give what one after another does") {
  Dice dice{std::mt19937_64(6)};
  for (const int count : {1, 2, 3, 4, 5, 8, 10, 13})
    for (const int length : {1, 15, 64, 100, 259}) {
      CAPTURE(count, length);
      const auto x = uneven(dice, 7, length);
      auto centre = uneven(dice, count, length);
      if (count > 4)  // equals, of which the first wins
        for (int at = 0; at < length; ++at) centre.at(4, at) = centre.at(1, at);
      if (count == 5) centre.at(2, length / 2) = std::numeric_limits<float>::quiet_NaN();
      Tensor<std::int64_t, 1> best(7);
      Tensor<float, 1> least(7), most(7);
      const auto distance = sum(d, sq(x[n, d] - centre[k, d]));
      CHECK(run_everywhere(prepared(best[n], Assign::set, argmin(k, distance))).fault == "");
      CHECK(run_everywhere(prepared(least[n], Assign::set, min(k, distance) + 1)).fault == "");
      CHECK(run_everywhere(prepared(most[n], Assign::set, max(k, 2 * sum(d, x[n, d] * centre[k, d]) - k))).fault == "");
      CHECK(run_everywhere(prepared(most[n], Assign::set, sum(k, sum(d, x[n, d] * centre[k, d])))).fault == "");
    }
}

TEST_CASE("columns that data choose are loaded and checked once for several rows") {
  const Tensor<float, 2> x(20, 50), few(2, 50);
  const Tensor<std::int64_t, 1> at(40);
  Tensor<float, 2> out(20, 40), two(2, 40);
  const Prepared p = prepared(out[i, j], Assign::set, x[i, at[j]]);
  CHECK(is_abreast(p));
  CHECK(occurrences(loops_of(p), "check 0:") == 1);
  CHECK(occurrences(loops_of(p), "gather t1[") == 4);
  CHECK_FALSE(is_abreast(prepared(two[i, j], Assign::set, few[i, at[j]])));
}

TEST_CASE("a chosen column outside is an error of its row, whatever is read beside it") {
  Dice dice{std::mt19937_64(3)};
  for (int rows : {1, 3, 4, 5, 9})
    for (int columns : {1, 15, 16, 17, 70})
      for (std::int64_t wrong : {std::int64_t{0}, std::int64_t{12}, std::int64_t{-1}}) {
        const auto x = uneven(dice, rows, 12);
        Tensor<std::int64_t, 1> at(columns);
        for (int k = 0; k < columns; ++k) at.data()[k] = dice.below(12);
        at.data()[columns - 1] = wrong;
        Tensor<float, 2> out(rows, columns);
        CAPTURE(rows, columns, wrong);
        const Ran ran = run_everywhere(prepared(out[i, j], Assign::set, x[i, at[j]]));
        REQUIRE(ran.fault == "");
        CHECK(ran.error.has_value() == (wrong != 0));
      }
}

TEST_CASE("a matrix times a vector loads the vector once for four rows, and each row is what it is alone") {
  Dice dice{std::mt19937_64(4)};
  for (int rows : {1, 3, 4, 5, 17, 33})
    for (int columns : {1, 7, 16, 31, 64, 100, 133}) {
      const auto a = uneven(dice, rows, columns);
      const auto x = uneven(dice, columns);
      Tensor<float, 1> y(rows), one(1);
      CAPTURE(rows, columns);
      REQUIRE(run_everywhere(prepared(y[i], Assign::set, sum(k, a[i, k] * x[k]))).fault == "");
      for (int row = 0; row < rows; ++row) {
        const auto alone = a.sliced(0, row, row + 1);
        REQUIRE(run_everywhere(prepared(one[i], Assign::set, sum(k, alone[i, k] * x[k]))).fault == "");
        CHECK(y.at(row) == one.at(0));
      }
    }
  const Tensor<float, 2> a(40, 64), other(40, 64), longer(40, 65);
  const Tensor<float, 1> x(64), longer_x(65);
  Tensor<float, 1> y(40);
  const bool fits = has_mask_registers(host_target());
  const Prepared p = prepared(y[i], Assign::set, sum(k, a[i, k] * x[k]));
  CHECK(is_abreast(p) == fits);
  if (fits) CHECK(occurrences(loops_of(p), "load t2[") * 4 == occurrences(loops_of(p), "load t1["));
  CHECK_FALSE(is_abreast(prepared(y[i], Assign::set, sum(k, a[i, k] * other[i, k]))));
  CHECK_FALSE(is_abreast(prepared(y[i], Assign::add, sum(k, a[i, k] * x[k]))));
  CHECK_FALSE(is_abreast(prepared(y[i], Assign::set, sum(k, longer[i, k] * longer_x[k]))));
}

TEST_CASE("rows share a vector that takes more than half of the first cache, whatever is made of their products") {
  const Tensor<float, 2> m(9, 5000), short_rows(9, 3000);
  const Tensor<float, 3> planes(9, 10, 500);
  const Tensor<float, 2> plane(10, 500);
  const Tensor<float, 1> v(5000), short_vector(3000);
  const bool fits = host_target().features.find("avx512bw") != std::string::npos;
  Tensor<float, 1> y(9);
  CHECK(is_abreast(prepared(y[i], Assign::set, sum(k, m[i, k] * v[k]))) == fits);
  CHECK(!is_abreast(prepared(y[i], Assign::set, sum(k, short_rows[i, k] * short_vector[k]))));
  CHECK(is_abreast(prepared(y[i], Assign::set, sum(k, abs(m[i, k] - v[k])) + 1.f)) == fits);
  CHECK(is_abreast(prepared(y[i], Assign::set, sum(h, k, planes[i, h, k] * plane[h, k]))) == fits);
  CHECK(!is_abreast(prepared(y[i], Assign::set, sum(k, m[i, k] * m[i, k]))));
}

TEST_CASE("long rows abreast agree in every way to run them") {
  Dice dice{std::mt19937_64(12)};
  const auto m = uneven(dice, 2, 7, 4500);
  const auto v = uneven(dice, 4500), b = uneven(dice, 7);
  const auto of_plane = uneven(dice, 2, 4500);
  Tensor<float, 2> y(2, 7);
  for (const Prepared& p : {prepared(y[h, i], Assign::set, sum(k, m[h, i, k] * v[k])),
                            prepared(y[h, i], Assign::set, b[i] - sum(k, abs(m[h, i, k] - of_plane[h, k]))),
                            prepared(y[h, i], Assign::set, sum(k, m[h, i, k] * v[k] * of_plane[h, k]) / b[i])}) {
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
  }
}
