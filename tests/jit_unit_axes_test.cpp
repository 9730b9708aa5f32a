// Axes of one element: contractions, stencils, gathers and scatters are compiled without them.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/tensors.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// The ranks that the tensors have in what is compiled, the target's first.
std::string ranks_of(const Prepared& p) {
  const std::string text = p.executable->dump(Executable::Stage::index, p.tensors, p.params);
  std::string ranks;
  for (std::size_t at = text.find('['); at < text.find('\n'); at = text.find('[', at + 1)) ranks += text[at + 1];
  return ranks;
}

}  // namespace

TEST_CASE("a product has no axes of one element") {
  Dice dice{std::mt19937_64(1)};
  for (const int rows : {1, 7})
    for (const int columns : {1, 21})
      for (const int length : {1, 40}) {
        CAPTURE(rows, columns, length);
        const auto a = uneven(dice, rows, length), b = uneven(dice, length, columns);
        const auto turned = uneven(dice, columns, length);
        const auto bias = uneven(dice, columns);
        Tensor<float, 2> c(rows, columns);
        const auto rank = [](int x, int y) { return std::to_string((x > 1) + (y > 1)); };
        const std::string ranks = rank(rows, columns) + rank(rows, length) + rank(length, columns);
        const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]));
        CHECK(ranks_of(p) == ranks);
        CHECK(run_everywhere(p).fault == "");
        CHECK(run_with_threads(p) == "");
        const Prepared q = prepared(c[i, j], Assign::set, maximum(sum(k, a[i, k] * turned[j, k]) + bias[j], 0));
        CHECK(ranks_of(q) == ranks + rank(columns, 1));
        CHECK(run_everywhere(q).fault == "");
        const Prepared r = prepared(c[i, j], Assign::add, sum(k, a[i, k] * b[k, j]));
        CHECK(run_everywhere(r).fault == "");
      }
}

TEST_CASE("a row and a column that are one matrix of one element have no axes") {
  Dice dice{std::mt19937_64(2)};
  for (const int rows : {1, 9}) {
    const auto a = uneven(dice, rows, 30);
    Tensor<float, 2> c(rows, rows);
    const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * a[j, k]));
    CHECK(ranks_of(p) == (rows == 1 ? "01" : "22"));
    CHECK(run_everywhere(p).fault == "");
  }
}

TEST_CASE("an axis of one element stays where its dimension has another subscript elsewhere, or its value counts") {
  Dice dice{std::mt19937_64(3)};
  const auto a = uneven(dice, 3, 40), b = uneven(dice, 40, 1);
  Tensor<float, 2> c(3, 1);
  const auto product = [&] { return sum(k, a[i, k] * b[k, j]); };
  CHECK(ranks_of(prepared(c[i, j], Assign::set, product())) == "121");
  const Prepared first = prepared(c[i, j], Assign::set, product() + b[3, 0]);
  CHECK(ranks_of(first) == "222");
  CHECK(run_everywhere(first).fault == "");
  const Prepared value = prepared(c[i, j], Assign::set, product() * (cast<float>(j) + 2));
  CHECK(ranks_of(value) == "222");
  CHECK(run_everywhere(value).fault == "");
  const Prepared mean_of = prepared(c[i, j], Assign::set, sum(k, a[i, k] * b[k, j]) + max(k, a[i, k]));
  CHECK(run_everywhere(mean_of).fault == "");
}

TEST_CASE("gathers, scatters and stencils have no axes of one element beside what they compute") {
  Dice dice{std::mt19937_64(4)};
  for (const int columns : {1, 3}) {
    CAPTURE(columns);
    const std::string plain = columns == 1 ? "1" : "2";
    const auto x = uneven(dice, 50, columns);
    const auto at = filled<std::int32_t>([](auto n) { return (7 * n) % 50; }, 80);
    Tensor<float, 2> y(80, columns);
    const Prepared gather = prepared(y[i, j], Assign::set, x[at[i], j]);
    CHECK(ranks_of(gather) == plain + plain + "1");
    CHECK(run_everywhere(gather).fault == "");
    Tensor<float, 2> sums(50, columns);
    const Prepared scatter = prepared(sums[at[i], j], Assign::add, y[i, j]);
    CHECK(ranks_of(scatter).substr(0, 3) == plain + "1" + plain);
    CHECK(run_everywhere(scatter).fault == "");
    CHECK(run_with_threads(scatter) == "");
    const auto image = uneven(dice, 20, 30, columns);
    Tensor<float, 3> blurred(18, 30, columns);
    const Prepared stencil = prepared(blurred[h, w, c], Assign::set, image[h, w, c] + image[h + 2, w, c]);
    CHECK(ranks_of(stencil) == (columns == 1 ? "22" : "33"));
    CHECK(run_everywhere(stencil).fault == "");
  }
}

TEST_CASE("the nearest of one, and by one coordinate, are found") {
  Dice dice{std::mt19937_64(6)};
  for (const int centroids : {1, 5})
    for (const int coordinates : {1, 3}) {
      CAPTURE(centroids, coordinates);
      const auto x = uneven(dice, 40, coordinates), m = uneven(dice, centroids, coordinates);
      Tensor<std::int64_t, 1> nearest(40);
      const Prepared p = prepared(nearest[i], Assign::set, argmin(k, sum(c, sq(x[i, c] - m[k, c]))));
      CHECK(ranks_of(p) == (coordinates == 1 ? "111" : "122"));
      CHECK(run_everywhere(p).fault == "");
    }
}

TEST_CASE("temporaries have no axes of one element, but one has an axis") {
  Dice dice{std::mt19937_64(7)};
  const auto index = [](const Prepared& p) {
    return p.executable->dump(Executable::Stage::index, p.tensors, p.params);
  };
  for (const int rows : {1, 4}) {
    CAPTURE(rows);
    const auto a = uneven(dice, rows, 20), b = uneven(dice, 20, 30), c = uneven(dice, 30, 25);
    Tensor<float, 2> product(rows, 25);
    const Prepared p = prepared(product[i, j], Assign::set, sum(k, sum(l, a[i, l] * b[l, k]) * c[k, j]));
    CHECK(index(p).find(rows == 1 ? "temporary f32[1]" : "temporary f32[2]") != std::string::npos);
    CHECK(run_everywhere(p).fault == "");
    const auto x = uneven(dice, rows), y = uneven(dice, 20);
    const auto z = filled<std::int64_t>(shuffled(3), 12, 20);
    const auto w = filled<std::int64_t>(shuffled(2), 40);
    const auto at = filled<std::int32_t>([](auto n) { return (7 * n) % 5; }, 12);
    Tensor<bool, 2> result(5, rows);
    const auto value = any(k, z[i, argmax(l, x[j] * y[l])] * w[k]);
    const Prepared q = prepared(result[at[i], j], Assign::bit_or, value);
    CHECK(index(q).find("temporary i64[1]{j}") != std::string::npos);
    CHECK(run_everywhere(q).fault == "");
    CHECK(run_with_threads(q) == "");
  }
}

TEST_CASE("what is accumulated along one element only keeps its axis") {
  Dice dice{std::mt19937_64(8)};
  const auto x = uneven(dice, 50, 1);
  const auto at = filled<std::int32_t>([](auto n) { return (7 * n) % 50; }, 12);
  Tensor<float, 1> y(1);
  const Prepared p = prepared(y[j], Assign::add, max(k, x[at[k], j]));
  CHECK(ranks_of(p).starts_with("12"));
  CHECK(run_everywhere(p).fault == "");
}

TEST_CASE("an error names the dimensions that the tensors have") {
  const auto x = filled<float>(shuffled(23), 50, 1);
  const auto at = filled<std::int32_t>([](auto n) { return n == 4 ? 50 : n; }, 10);
  Tensor<float, 3> y(1, 10, 1);
  CHECK_THROWS_WITH((y[b, i, j] = x[at[i], j] * cast<float>(b + 1)),
                    Catch::Contains("subscript 50 is outside axis 0") && Catch::Contains("at b=0, i=4, j=0"));
  Tensor<float, 2> sums(50, 1);
  CHECK_THROWS_WITH((sums[at[i], j] += y[0, i, j]), Catch::Contains("subscript 50 is outside axis 0"));
}

TEST_CASE("a column is replaced by a product with itself") {
  Dice dice{std::mt19937_64(5)};
  const auto a = uneven(dice, 30, 30);
  auto x = uneven(dice, 30, 1);
  const Tensor<float, 2> before = x.copy();
  x[i, j] = sum(k, a[i, k] * x[k, j]);
  const Tensor<float, 2> expected = sum(k, a[i, k] * before[k, j]);
  CHECK(values(x) == values(expected));
  auto m = uneven(dice, 30, 1);
  const Prepared p = prepared(m[i, j], Assign::set, sum(k, a[i, k] * m[k, j]));
  CHECK(run_everywhere(p).fault == "");
}
