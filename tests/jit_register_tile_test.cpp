// Reductions that use what they load for a whole tile of results: which they are, and that tiles change nothing.
#include <algorithm>
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

/// [rows, columns], in either order of memory.
template <class T>
Tensor<T, 2> matrix(Dice& dice, int rows, int columns) {
  if (dice.chance(50)) return uneven<T>(dice, rows, columns);
  return uneven<T>(dice, columns, rows).permuted({1, 0});
}

bool has_tile(const Prepared& p) { return schedule_of(p).find("tile of") != std::string::npos; }

/// How many lines of a tensor the tile fetches, counted in the text.
int fetches(const Prepared& p, const std::string& tensor, int width) {
  const std::string loops = loops_of(p, width), fetch = "prefetch " + tensor + "[";
  int count = 0;
  for (std::size_t at = loops.find(fetch); at != std::string::npos; at = loops.find(fetch, at + 1)) ++count;
  return count;
}

int size(Dice& dice) { return dice.one_of({1, 2, 7, 15, 16, 17, 31, 32, 33, 64, 70, dice.below(70) + 1}); }

}  // namespace

TEST_CASE("the product of matrices is computed in tiles of registers") {
  const Tensor<float, 2> a(40, 50), b(50, 60);
  Tensor<float, 2> c(40, 60);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  const int lanes = std::min(32, vector_widths().front()) / 4;
  const std::string vectors = " x" + std::to_string(lanes) + "*2";
  CHECK(schedule_of(p, 32) ==
        "nest t0: i j/" + std::to_string(2 * lanes) + vectors +
            " | parallel before |\n"
            "  tile of sum(k, t1[i, k]! * t2[k, j]!): i/264 x6 or x5, j" +
            vectors + "; for 128 of k in scratch: t2[k, j]!; finished in registers\n");
}

TEST_CASE("what the rows of a tile share is fetched a few iterations before it goes to scratch, into both caches") {
  const Tensor<float, 2> a(21, 300), b(300, 300), narrow(300, 200);
  Tensor<float, 2> c(21, 300), d(21, 200);
  const Prepared product = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  // 64 elements of an iteration are 4 lines.
  for (int width : vector_widths()) CHECK(fetches(product, "t2", width) == (width == 64 ? 8 : width == 32 ? 4 : 2));
  CHECK(run_everywhere(product).fault == "");
  // Along the reduced axis lines follow each other.
  const Prepared along = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[j, k]));
  CHECK(has_tile(along));
  CHECK(fetches(along, "t2", 0) == 0);
  // Short rows are near each other.
  const Prepared near = prepared(d[i, j], Assign::set, sum(k, a[i, k] * narrow[k, j]));
  CHECK(has_tile(near));
  CHECK(fetches(near, "t2", 0) == 0);
}

TEST_CASE("sums of products with long rows have fewer rows and more vectors in a tile, and long pieces") {
  const Tensor<float, 2> a(40, 50), b(50, 256), other(50, 256), columns(50, 40), narrow(50, 255);
  Tensor<float, 2> c(40, 256), c_narrow(40, 255);
  const Prepared wide = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  for (int width : vector_widths()) {
    const std::string schedule = schedule_of(wide, width);
    CAPTURE(width, schedule);
    const std::string shape = width == 64   ? "x6, j x16*4; for 512"
                              : width == 32 ? "x4 or x3, j x8*3; for 128"
                                            : "x6 or x5, j x4*2; for 128";
    CHECK(schedule.find("i/264 " + shape) != std::string::npos);
    CHECK(fetches(wide, "t1", width) == 0);
    CHECK(fetches(wide, "t2", width) == (width == 64 ? 8 : width == 32 ? 4 : 2));  // 64 elements are 4 lines
  }
  if (vector_widths().front() < 32) return;
  const auto is_wide = [](const Prepared& p) {
    CHECK(has_tile(p));
    return schedule_of(p, 32).find(" x8*3") != std::string::npos;
  };
  CHECK(is_wide(wide));
  CHECK(!is_wide(prepared(c_narrow[i, j], Assign::set, sum(k, a[i, k] * narrow[k, j]))));
  CHECK(!is_wide(prepared(c[i, j], Assign::set, sum(k, sq(a[i, k] - b[k, j])))));
  const Prepared by_columns = prepared(c[i, j], Assign::set, sum(k, columns[k, i] * b[k, j]));
  CHECK(is_wide(by_columns));
  const Prepared ratio = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) / sum(k, a[i, k] * other[k, j]));
  CHECK(schedule_of(ratio, 64).find("for 512") == std::string::npos);  // scratch is on the stack
}

TEST_CASE("where the rows of a tile are neighbours, each iteration fetches what the next rows read, in short pieces") {
  const Tensor<float, 2> a(50, 300), rows(300, 50), b(50, 256), narrow(50, 100), points(50, 300);
  Tensor<float, 2> wide(300, 256), c(300, 100);
  Tensor<std::int64_t, 1> at(100);
  const auto check = [](const Prepared& p, const std::string& tensor) {
    for (int width : vector_widths()) {
      const std::string schedule = schedule_of(p, width);
      CAPTURE(width, schedule);
      const bool is_wide = schedule.find("; fetched early") != std::string::npos && width >= 32;
      CHECK(schedule.find(is_wide ? "; for 48 of k in scratch" : "; for 64 of k in scratch") != std::string::npos);
      CHECK((schedule.find("i/528 x") != std::string::npos) == is_wide);
      CHECK(schedule.find("; the next rows fetched") != std::string::npos);
      const auto has = [&](const char* text) { return schedule.find(text) != std::string::npos ? 1 : 0; };
      CHECK(fetches(p, tensor, width) == 1 + has(" or x") + has("one vector"));  // for each height, and for halves
    }
    CHECK(run_everywhere(p).fault == "");
  };
  check(prepared(wide[i, j], Assign::set, sum(k, a[k, i] * b[k, j])), "t1");
  check(prepared(c[i, j], Assign::set, sum(k, a[k, i] * narrow[k, j])), "t1");
  check(prepared(c[i, j], Assign::set, sum(k, sq(a[k, i] - narrow[k, j]))), "t1");
  check(prepared(at[j], Assign::set, argmin(i, sum(k, sq(points[k, i] - narrow[k, j])))), "t1");
  const Prepared along = prepared(c[i, j], Assign::set, sum(k, rows[i, k] * narrow[k, j]));
  CHECK(schedule_of(along).find("the next rows fetched") == std::string::npos);
  for (int width : vector_widths()) CHECK(fetches(along, "t1", width) == 0);
}

TEMPLATE_TEST_CASE("products with long rows agree in every way to run them", "", float, double) {
  using T = TestType;
  Dice dice{std::mt19937_64(8)};
  for (const int inner : std::is_same_v<T, float> ? std::vector{0, 65, 129} : std::vector{65}) {
    const int rows = dice.below(6) + 16, columns = 256 + dice.below(30);
    CAPTURE(rows, columns, inner);
    const auto a = matrix<T>(dice, rows, inner), b = uneven<T>(dice, inner, columns);
    const auto other = uneven<T>(dice, inner, columns);
    const auto bias = uneven<T>(dice, columns);
    const auto chosen = filled<std::int32_t>(shuffled(rows), 20);
    Tensor<T, 2> c = uneven<T>(dice, rows, columns), d(20, columns);
    const auto check = [](const Prepared& p) {
      CHECK((vector_widths().front() < 32 || schedule_of(p, 32).find("*3; for ") != std::string::npos));
      CHECK(run_everywhere(p).fault == "");
    };
    check(prepared(c[i, j], Assign::set, maximum(sum(k, a[i, k] * b[k, j]) + bias[j], 0)));
    check(prepared(c[i, j], Assign::add, sum(k, a[i, k] * b[k, j])));
    check(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) / sum(k, a[i, k] * other[k, j])));
    check(prepared(d[i, j], Assign::set, sum(k, a[chosen[i], k] * b[k, j])));
  }
}

TEST_CASE("a last step of lanes that fits into one vector leaves the other one out") {
  Dice dice{std::mt19937_64(11)};
  const auto lines_with = [](const std::string& text, const std::string& part) {
    int count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  };
  for (const int columns : {17, 40, 47, 48, 49, 63, 64, 65, 100}) {
    CAPTURE(columns);
    const int rows = 8 * dice.below(5) + 1 + dice.below(8), depth = dice.one_of({2, 64, 100, 130, 200});
    const auto a = uneven<float>(dice, rows, depth), turned = uneven<float>(dice, depth, rows);
    const auto b = uneven<float>(dice, depth, columns);
    Tensor<float, 2> c(rows, columns);
    const Prepared plain = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
    CHECK(run_everywhere(plain).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, sum(k, turned[k, i] * b[k, j]))).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::add, 2 * sum(k, a[i, k] * b[k, j]))).fault == "");
    if (rows < 21 || vector_widths().front() < 64) continue;
    // Eight rows of two vectors, and of one.
    CHECK(lines_with(loops_of(plain, 64), " = fma(") == 16 + 8);
    // Other bodies may need both vectors for what stands outside of their loops.
    CHECK(schedule_of(plain, 64).find("one vector") != std::string::npos);
    CHECK(schedule_of(prepared(c[i, j], Assign::set, sum(k, sq(a[i, k] - b[k, j]))), 64).find("one vector") ==
          std::string::npos);
  }
}

TEST_CASE("few rows, and results that share no loads, get no tile") {
  const Tensor<float, 2> two(2, 50), three(3, 50), b(50, 60), narrow(50, 2);
  const Tensor<float, 3> x(40, 60, 50);
  Tensor<float, 2> c2(2, 2), c3(3, 60), c(40, 60);
  CHECK(!has_tile(prepared(c2[i, j], Assign::set, max(k, two[i, k] * narrow[k, j]))));
  CHECK(has_tile(prepared(c3[i, j], Assign::set, sum(k, three[i, k] * b[k, j]))));
  CHECK(!has_tile(prepared(c[i, j], Assign::set, sum(k, x[i, j, k]))));
  Tensor<float, 1> row(60);
  CHECK(!has_tile(prepared(row[j], Assign::set, sum(k, b[k, j]))));
  // Rows that a reduction runs over are more, or their loop is cheaper.
  const Tensor<float, 2> few(15, 3), many(16, 3), points(60, 3);
  Tensor<std::int64_t, 1> at(60);
  CHECK(!has_tile(prepared(at[i], Assign::set, argmin(j, sum(k, sq(points[i, k] - few[j, k]))))));
  CHECK(has_tile(prepared(at[i], Assign::set, argmin(j, sum(k, sq(points[i, k] - many[j, k]))))));
}

TEST_CASE("products of a few rows agree in every way to run them, by long rows and by short ones, turned or not") {
  Dice dice{std::mt19937_64(9)};
  int tiles = 0;
  for (int rows = 2; rows < 16; ++rows)
    for (const int columns : {dice.below(20) + 1, 260}) {
      const int inner = dice.below(70) + 1;
      CAPTURE(rows, columns, inner);
      const auto a = matrix<float>(dice, rows, inner), b = matrix<float>(dice, inner, columns);
      Tensor<float, 2> c = matrix<float>(dice, rows, columns);
      // Three expressions have kernels for more shapes and orders than one.
      const auto product = sum(k, a[i, k] * b[k, j]);
      const Prepared p = rows < 6    ? prepared(c[i, j], Assign::set, 1 - product)
                         : rows < 10 ? prepared(c[i, j], Assign::set, 2 * product)
                                     : prepared(c[i, j], Assign::set, product / 3);
      tiles += has_tile(p);
      CHECK(run_everywhere(p).fault == "");
    }
  CHECK(tiles >= 20);
}

TEMPLATE_TEST_CASE("products of matrices of any shape and order agree in every way to run them", "", float, double,
                   std::int32_t, std::int8_t, float16) {
  using T = TestType;
  using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, T>;
  Dice dice{std::mt19937_64(sizeof(T) + std::is_integral_v<T>)};
  int tiles = 0;
  for (int n = 0; n < 12; ++n) {
    const int rows = size(dice), columns = size(dice), inner = n == 0 ? 300 : size(dice);
    CAPTURE(rows, columns, inner);
    const auto a = matrix<T>(dice, rows, inner), b = matrix<T>(dice, inner, columns);
    Tensor<Sum, 2> c = matrix<Sum>(dice, rows, columns);
    const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
    tiles += has_tile(p);
    CHECK(run_everywhere(p).fault == "");
  }
  CHECK(tiles >= 4);
}

TEST_CASE("what surrounds a tile, and what its body is, is free") {
  Dice dice{std::mt19937_64(2)};
  for (int n = 0; n < 6; ++n) {
    const int rows = size(dice) + 16, columns = size(dice) + 16, inner = size(dice);
    CAPTURE(rows, columns, inner);
    const auto a = matrix<float>(dice, rows, inner), b = matrix<float>(dice, inner, columns);
    const auto bias = uneven<float>(dice, columns);
    const auto mask = filled<bool>(shuffled(3), inner, columns);
    Tensor<float, 2> c(rows, columns);
    Tensor<std::int64_t, 1> at(rows);
    const auto check = [](const Prepared& p) {
      CHECK(has_tile(p));
      CHECK(run_everywhere(p).fault == "");
    };
    check(prepared(c[i, j], Assign::set, maximum(sum(k, a[i, k] * b[k, j]) + bias[j], 0)));
    check(prepared(c[i, j], Assign::add, sum(k, a[i, k] * b[k, j])));
    check(prepared(c[i, j], Assign::set, sqrt(sum(k, sq(a[i, k] - b[k, j])))));
    check(prepared(c[i, j], Assign::set, max(k, abs(a[i, k] - b[k, j]) + 1 / b[k, j])));
    check(prepared(c[i, j], Assign::set, min(k, where(mask[k, j], a[i, k], b[k, j]))));
    check(prepared(c[i, j], Assign::set, sum(k, where(i < j, a[i, k] * b[k, j], a[i, k]))));
    check(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) / max(k, a[i, k] + b[k, j])));
    check(prepared(at[i], Assign::set, argmax(j, sum(k, a[i, k] * b[k, j]) - sum(k, sq(a[i, k] - b[k, j])))));
    check(prepared(at[i], Assign::set, argmin(j, sum(k, sq(a[i, k] - b[k, j])))));
    check(prepared(at[i], Assign::set, argmax(j, where(i != j, sum(k, abs(a[i, k] - b[k, j])), 0))));
  }
}

TEST_CASE("batches of products, and rows that are read through a table, run in tiles") {
  Dice dice{std::mt19937_64(3)};
  const auto a = uneven<float>(dice, 3, 33, 20), b = uneven<float>(dice, 3, 20, 35);
  const auto chosen = filled<std::int32_t>(shuffled(33), 40);
  Tensor<float, 3> c(3, 33, 35);
  const Prepared batch = prepared(c[l, i, j], Assign::set, sum(k, a[l, i, k] * b[l, k, j]));
  CHECK(has_tile(batch));
  CHECK(run_everywhere(batch).fault == "");
  Tensor<float, 3> d(3, 40, 35);
  const Prepared rows = prepared(d[l, i, j], Assign::set, sum(k, a[l, chosen[i], k] * b[l, k, j]));
  CHECK(has_tile(rows));
  CHECK(run_everywhere(rows).fault == "");
}

TEST_CASE("what the lanes of a tile would gather along the reduced axis is transposed into scratch") {
  Dice dice{std::mt19937_64(5)};
  for (const int inner : {1, 2, 3, 4, 5, 17, 130})
    for (const int beside : {0, 3}) {
      const int points = size(dice) + 16;
      CAPTURE(points, inner, beside);
      const auto x = uneven<float>(dice, points, inner + beside).sliced(1, 0, inner);
      const auto centroid = uneven<float>(dice, 20, inner);
      Tensor<std::int64_t, 1> at(points);
      const Prepared p = prepared(at[i], Assign::set, argmin(j, sum(k, sq(x[i, k] - centroid[j, k]))));
      CHECK(run_everywhere(p).fault == "");
      if (inner == 1) continue;
      CHECK(schedule_of(p).find("in scratch: transposed t1[i, k]!") != std::string::npos);
      CHECK(loops_of(p).find("gather") == std::string::npos);
    }
}

TEST_CASE("lanes for which nothing is transposed compute with zeros, not with what the scratch had before") {
  const Tensor<float, 2> a(31, 32), b(31, 32);
  Tensor<float, 2> c(31, 31);
  const std::string loops = loops_of(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[j, k])));
  const auto transposed = loops.find("transpose shared"), cleared = loops.find("store shared");
  REQUIRE(transposed != std::string::npos);
  CHECK(cleared < transposed);
}

TEST_CASE("short statements take the results of a tile from registers, be it in one piece or in several") {
  Dice dice{std::mt19937_64(6)};
  for (const int inner : {2, 128, 129, 300}) {
    CAPTURE(inner);
    const auto a = uneven<float>(dice, 37, inner), b = uneven<float>(dice, inner, 45);
    const auto bias = uneven<float>(dice, 45), weight = uneven<float>(dice, 37);
    Tensor<float, 2> c(37, 45);
    const auto finishes = [](const Prepared& p) {
      CHECK(run_everywhere(p).fault == "");
      return schedule_of(p).find("finished in registers") != std::string::npos;
    };
    CHECK(finishes(prepared(c[i, j], Assign::set, maximum(sum(k, a[i, k] * b[k, j]) + bias[j], 0))));
    CHECK(finishes(prepared(c[i, j], Assign::add, weight[i] * sum(k, a[i, k] * b[k, j]))));
    CHECK(finishes(prepared(c[i, j], Assign::set, 2 * c[i, j] + sum(k, a[i, k] * b[k, j]))));
    CHECK(!finishes(prepared(c[i, j], Assign::set, exp(sum(k, a[i, k] * b[k, j])))));
    CHECK(!finishes(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) / sum(k, abs(a[i, k]) + b[k, j]))));
  }
}

TEST_CASE("what is reduced once for each row does not turn the lanes of a tile away from the rows of the result") {
  Dice dice{std::mt19937_64(1)};
  const auto x = uneven<float>(dice, 50, 8), y = uneven<float>(dice, 70, 8);
  Tensor<float, 2> apart(50, 70);
  const Prepared p = prepared(apart[i, j], Assign::set,
                              sum(k, sq(x[i, k])) + sum(k, sq(y[j, k])) - 2 * sum(k, x[i, k] * y[j, k]));
  CHECK(schedule_of(p).find(", j x") != std::string::npos);
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("any number of rows is cut into blocks of one or two heights, and every row is counted once") {
  Dice dice{std::mt19937_64(7)};
  for (int rows = 3; rows < 600; rows += rows < 50 ? 1 : rows < 150 ? 17 : 131) {
    CAPTURE(rows);
    const auto a = uneven<float>(dice, rows, 5), b = uneven<float>(dice, 5, 35);
    Tensor<float, 2> c = uneven<float>(dice, rows, 35);
    Tensor<std::int64_t, 1> at(35);
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]))).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::add, sum(k, a[i, k] * b[k, j]))).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, 2 * c[i, j] + sum(k, a[i, k] * b[k, j]))).fault == "");
    CHECK(run_everywhere(prepared(at[j], Assign::set, argmin(i, sum(k, a[i, k] * b[k, j])))).fault == "");
  }
}

TEST_CASE("sums of products over nothing are zero in a tile too") {
  const Tensor<float, 2> a(20, 0), b(0, 40);
  Tensor<float, 2> c(20, 40);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
  CHECK(has_tile(p));
  CHECK(run_everywhere(p).fault == "");
  CHECK(c.at(19, 39) == 0);
}

TEST_CASE("products have the same bits for any number of threads") {
  Dice dice{std::mt19937_64(4)};
  const auto a = uneven<float>(dice, 300, 260), b = uneven<float>(dice, 260, 330);
  Tensor<float, 2> c(300, 330);
  CHECK(run_with_threads(prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]))) == "");
  Tensor<std::int64_t, 1> at(300);
  CHECK(run_with_threads(prepared(at[i], Assign::set, argmin(j, sum(k, sq(a[i, k] - b[k, j]))))) == "");
}

TEST_CASE("the innermost loops of a tile use no memory for what registers hold") {
  const Tensor<float, 2> a(512, 512), b(512, 512), narrow(512, 128), line(512, 16);
  Tensor<float, 2> c(512, 512), short_rows(512, 128), narrow_rows(512, 16);
  Tensor<std::int64_t, 1> at(512);
  // (The product as it is has met too many shapes in other tests for a kernel of its own.)
  const auto check = [](const Prepared& p, int width, const std::vector<int>& states) {
    std::vector<int> tiles;
    for (const std::string& body : innermost_loops(assembly_of(p, width))) {
      int multiplies = 0;
      for (std::size_t at = body.find("\tvfmadd"); at != std::string::npos; at = body.find("\tvfmadd", at + 1))
        ++multiplies;
      if (multiplies == 0) continue;
      tiles.push_back(multiplies);
      INFO(body);
      CHECK(!has(body, "\\tv?mov\\w*\\s+%[^\\n]*, [^\\n]*\\(%"));  // no store
      CHECK(!has(body, "\\d\\(%r[bs]p\\)"));                       // no load of what was stored aside
      CHECK(!has(body, "\\t(lea|shl|sal|imul|mov)[lq]"));         // no arithmetic of addresses
    }
    CHECK(tiles == states);
  };
  for (int width : vector_widths()) {
    CAPTURE(width);
    const std::vector<int> states = width == 64 ? std::vector{16} : std::vector{12, 10};
    const std::vector<int> of_long_rows = width == 64 ? std::vector{24} : width == 32 ? std::vector{12, 9} : states;
    check(prepared(c[i, j], Assign::set, 1 / sum(k, a[i, k] * b[k, j])), width, of_long_rows);
    const std::vector<int> of_halves_too = width == 64 ? std::vector{8, 16} : states;
    check(prepared(short_rows[i, j], Assign::set, 1 / sum(k, a[i, k] * narrow[k, j])), width, of_halves_too);
    check(prepared(at[i], Assign::set, argmin(j, sum(k, sq(a[i, k] - b[j, k])))), width, states);
    if (width == 64) check(prepared(narrow_rows[i, j], Assign::set, 1 / sum(k, a[i, k] * line[k, j])), width, {11, 6});
  }
}
