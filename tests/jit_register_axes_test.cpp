// Reductions over several axes in tiles of registers: convolutions, and contractions of axes that are not one in
// memory. A piece of them is a box, and boxes follow each other in the order of the sum.
#include <catch2/catch.hpp>

#include "ricci/target.hpp"
#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Returns whether there is a tile.
bool agrees(const Prepared& p) {
  CHECK(run_everywhere(p).fault == "");
  return schedule_of(p).find("tile of ") != std::string::npos;
}

}  // namespace

TEST_CASE("a convolution with several filters is computed in tiles, of its channels and its window together") {
  const Tensor<float, 3> x(8, 20, 70);
  const Tensor<float, 4> w(16, 8, 3, 3);
  Tensor<float, 3> y(16, 18, 68);
  const Prepared p = prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]));
  const std::string schedule = schedule_of(p, 16);
  CAPTURE(schedule);
  CHECK(schedule == "nest t0: i o j/8 x4*2 | parallel before |\n"
                    "  tile of sum(c, u, v, t1[o, c, u, v]! * t2[c, i + u, j + v]!): o/264 x6 or x5, j x4*2; for 128 "
                    "of c u v in scratch: t2[c, i + u, j + v]!; in one loop; finished in registers\n");
}

TEMPLATE_TEST_CASE("convolutions of any shape agree in every way to run them", "", float, double) {
  using T = TestType;
  Dice dice{std::mt19937_64(sizeof(T))};
  int tiles = 0;
  for (int n = 0; n < 5; ++n) {
    const int filters = dice.one_of({3, 8, 13}), channels = dice.one_of({1, 3, 20}), high = dice.below(3) + 1;
    const int wide = dice.below(4) + 1, columns = dice.one_of({1, 7, 16, 33, 40}), rows = dice.below(2) + 1;
    CAPTURE(filters, channels, high, wide, rows, columns);
    const auto x = uneven<T>(dice, channels, rows + high, columns + wide);
    const auto w = uneven<T>(dice, filters, channels, high, wide);
    Tensor<T, 3> y(filters, rows, columns);
    tiles += agrees(prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v])));
    tiles += agrees(prepared(y[o, i, j], Assign::add, sum(u, v, c, x[c, i + u, j + v] * w[o, c, u, v])));
    // Every second place, and with zeros around the picture.
    const auto far = uneven<T>(dice, channels, 2 * rows + high, 2 * columns + wide);
    tiles += agrees(prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * far[c, 2 * i + u, 2 * j + v])));
    const auto close = x.sliced(1, 0, rows).sliced(2, 0, columns);
    tiles += agrees(prepared(y[o, i, j], Assign::set,
                    maximum(sum(c, u, v, w[o, c, u, v] * fill(close, 0)[c, i + u - 1, j + v - 1]), 0)));
  }
  CHECK(tiles >= 15);  // of 20: an expression has eight variants, and one with a window of one element is a product
}

TEST_CASE("channels may be the last axis, and are transposed into scratch where lanes would gather them") {
  Dice dice{std::mt19937_64(3)};
  for (const int channels : {1, 4, 5, 17, 140}) {
    CAPTURE(channels);
    const auto x = uneven<float>(dice, 3, 45, channels);
    const auto in_rows = uneven<float>(dice, 2, 2, channels, 40), across = uneven<float>(dice, 40, 2, 2, channels);
    Tensor<float, 3> y(2, 44, 40);
    CHECK(agrees(prepared(y[i, j, o], Assign::set, sum(u, v, c, x[i + u, j + v, c] * in_rows[u, v, c, o]))));
    const Prepared p = prepared(y[i, j, o], Assign::set, sum(u, v, c, x[i + u, j + v, c] * across[o, u, v, c]));
    CHECK(agrees(p));
    if (channels > 1) CHECK(schedule_of(p).find("in scratch: transposed") != std::string::npos);
  }
}

TEST_CASE("rows go through what lies behind each other in one loop, and through other things in one for each axis") {
  Dice dice{std::mt19937_64(7)};
  const auto in_one_loop = [](const Prepared& p) {
    CHECK(run_everywhere(p).fault == "");
    return schedule_of(p).find("; in one loop") != std::string::npos;
  };
  const auto x = uneven<float>(dice, 9, 12, 40);
  const auto w = uneven<float>(dice, 13, 9, 4, 5);
  const auto more = uneven<float>(dice, 9, 4, 5);
  Tensor<float, 3> y(13, 9, 36);
  const auto convolved = [&](const auto& w, const auto& x) {
    return prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]));
  };
  CHECK(in_one_loop(convolved(w, x)));
  CHECK(in_one_loop(convolved(w.sliced(1, 0, 8), x.sliced(0, 0, 8))));  // each filter has gaps behind it, not in it
  Tensor<float, 3> narrower(13, 10, 36);
  const Prepared q = prepared(narrower[o, i, j], Assign::set,
                              sum(c, u, v, w.sliced(2, 1, 4)[o, c, u, v] * x[c, i + u, j + v]));
  CHECK(!in_one_loop(q));
  // Where the rows need to know where they are.
  const Prepared weighted = prepared(y[o, i, j], Assign::set,
                                     sum(c, u, v, (w[o, c, u, v] + more[c, u, v] * u) * x[c, i + u, j + v]));
  CHECK(!in_one_loop(weighted));
}

TEST_CASE("what rows read of a temporary or a table lies as that was made, in whichever order it is reduced") {
  Dice dice{std::mt19937_64(9)};
  const auto x = uneven<float>(dice, 9, 5);
  const auto z = uneven<float>(dice, 5, 6, 7);
  const auto w = uneven<float>(dice, 6, 7, 30);
  const auto label = filled<std::int32_t>(shuffled(9), 9, 6);
  Tensor<float, 2> y(9, 30);
  const auto inner = exp(sum(k, x[i, k] * z[k, u, v]) / 9);
  CHECK(run_everywhere(prepared(y[i, j], Assign::set, sum(u, v, inner * w[u, v, j]))).fault == "");
  CHECK(run_everywhere(prepared(y[i, j], Assign::set, sum(v, u, inner * w[u, v, j]))).fault == "");
  const auto in_both_orders = sum(u, v, inner * w[u, v, j]) - sum(v, u, abs(inner * w[u, v, j]));
  CHECK(run_everywhere(prepared(y[i, j], Assign::set, in_both_orders)).fault == "");
  const auto counted = sum(b, n, delta(i, label[b, n]) * delta(u, n) * z[0, u, v]);
  CHECK(run_everywhere(prepared(y[i, j], Assign::set, sum(v, u, counted * w[u, v, j]))).fault == "");
}

TEST_CASE("pieces are boxes of any shape, and add up in the order of the axes") {
  Dice dice{std::mt19937_64(4)};
  struct Case {
    int c, u, v;
  };
  // All at once; rows of a window in several pieces, planes of one, and axes longer than a piece, in each place.
  for (const auto [channels, high, wide] : {Case{2, 3, 4}, {3, 50, 3}, {3, 3, 50}, {2, 3, 130}, {2, 140, 2},
                                            {300, 2, 2}, {3, 2, 128}, {3, 128, 1}, {128, 1, 1}, {2, 11, 13}}) {
    CAPTURE(channels, high, wide);
    const auto a = uneven<float>(dice, 5, wide, high, channels), b = uneven<float>(dice, high, channels, wide, 20);
    Tensor<float, 2> y(5, 20);
    CHECK(agrees(prepared(y[i, j], Assign::set, sum(c, u, v, a[i, v, u, c] * b[u, c, v, j]))));
    CHECK(agrees(prepared(y[i, j], Assign::set, max(c, u, v, abs(a[i, v, u, c] - b[u, c, v, j])))));
    // The rows of the tile are reduced, and what they share stands in scratch from block to block if it is one piece.
    const auto many = uneven<float>(dice, 300, wide, high, channels);
    Tensor<float, 1> nearest(20);
    CHECK(agrees(prepared(nearest[j], Assign::set, min(i, sum(c, u, v, abs(many[i, v, u, c] - b[u, c, v, j]))))));
  }
}

TEST_CASE("what rows share may move along some of the reduced axes alone") {
  Dice dice{std::mt19937_64(8)};
  for (const int columns : {3, 16, 35})
    for (const bool turned : {false, true}) {
      CAPTURE(columns, turned);
      const auto x = turned ? uneven<float>(dice, 14, 12, 10).permuted({2, 1, 0}) : uneven<float>(dice, 10, 12, 14);
      const auto a = uneven<float>(dice, 12, columns), b = uneven<float>(dice, 14, columns);
      Tensor<float, 2> y(10, columns);
      CHECK(agrees(prepared(y[i, j], Assign::set, sum(u, v, x[i, u, v] * a[u, j] * b[v, j]))));
      CHECK(agrees(prepared(y[i, j], Assign::set, sum(v, u, x[i, u, v] * a[u, j] * b[v, j]))));
      CHECK(agrees(prepared(y[i, j], Assign::set, max(u, v, x[i, u, v] + x[i, u, 0] * a[u, j]))));
    }
}

TEST_CASE("sums over axes of which one has nothing are zero in a tile too") {
  for (const int empty : {0, 1, 2}) {
    CAPTURE(empty);
    const int channels = empty == 0 ? 0 : 2, high = empty == 1 ? 0 : 3, wide = empty == 2 ? 0 : 2;
    const Tensor<float, 4> a(20, wide, high, channels), b(high, channels, wide, 40);
    Tensor<float, 2> y(20, 40);
    y[i, j] = 5.f;
    CHECK(agrees(prepared(y[i, j], Assign::set, sum(c, u, v, a[i, v, u, c] * b[u, c, v, j]))));
    CHECK(y.at(19, 39) == 0);
  }
}

TEST_CASE("batches of convolutions, and windows along one axis, run in tiles") {
  Dice dice{std::mt19937_64(5)};
  const auto x = uneven<float>(dice, 3, 5, 9, 37);
  const auto w = uneven<float>(dice, 7, 5, 2, 3);
  Tensor<float, 4> y(3, 7, 8, 35);
  CHECK(agrees(prepared(y[b, o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[b, c, i + u, j + v]))));
  const auto signal = uneven<float>(dice, 5, 90);
  const auto taps = uneven<float>(dice, 7, 5, 8);
  Tensor<float, 2> filtered(7, 83);
  CHECK(agrees(prepared(filtered[o, i], Assign::set, sum(c, k, taps[o, c, k] * signal[c, i + k]))));
  CHECK(agrees(prepared(filtered[o, i], Assign::set, sum(c, k, taps[o, c, k] * signal[c, i + 7 - k]))));
}

TEST_CASE("convolutions have the same bits for any number of threads") {
  Dice dice{std::mt19937_64(6)};
  const auto x = uneven<float>(dice, 20, 40, 70);
  const auto w = uneven<float>(dice, 24, 20, 3, 3);
  Tensor<float, 3> y(24, 38, 68);
  CHECK(run_with_threads(prepared(y[o, i, j], Assign::set, sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]))) == "");
}

TEST_CASE("the innermost loop of a convolution does nothing but load and multiply") {
  const Tensor<float, 3> x(8, 20, 70);
  const Tensor<float, 4> w(16, 8, 3, 3);
  Tensor<float, 3> y(16, 18, 68);
  const Prepared p = prepared(y[o, i, j], Assign::set, 1 / sum(c, u, v, w[o, c, u, v] * x[c, i + u, j + v]));
  for (int width : vector_widths()) {
    CAPTURE(width);
    int loops = 0;
    for (const std::string& body : innermost_loops(assembly_of(p, width))) {
      if (body.find("\tvfmadd") == std::string::npos) continue;
      ++loops;
      INFO(body);
      CHECK(!has(body, "\\tv?mov\\w*\\s+%[^\\n]*, [^\\n]*\\(%"));  // no store
      CHECK(!has(body, "\\d\\(%r[bs]p\\)"));                       // no load of what was stored aside
      CHECK(!has(body, "\\t(lea|shl|sal|imul|mov)[lq]"));         // no arithmetic of addresses
    }
    CHECK(loops == 2);
  }
}
