// A reduction runs once, not again under a loop or in every chunk that does not need it: told by phases and bytes.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

TEST_CASE("a sum over everything under a loop is summed once, before it, in private tables", "[dsl]") {
  const auto x = filled<float>(shuffled(5), 400000);
  Tensor<float, 1> y = x[i] / sum(k, x[k]);
  CHECK(last_report().phases == 2);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().accumulator_bytes >
        static_cast<std::int64_t>(sizeof(float)));  // several tables: it runs in parallel
  double total = 0;
  for (float v : values(x)) total += v;
  CHECK(y.at(7) == Approx(x.at(7) / total));
}

TEST_CASE("a winner over everything under a loop is found once and kept in one element", "[dsl]") {
  const auto x = filled<float>(shuffled(11), 100);
  const auto a = filled<float>([](std::int64_t n) { return n; }, 100, 3);
  Tensor<float, 1> y = a[argmax(k, x[k]), i];
  CHECK(last_report().phases == 2);
  CHECK(last_report().temporary_bytes == sizeof(std::int64_t));
  CHECK(last_report().checks.empty());  // what is kept is a winner still, which fits
  std::int64_t winner = 0;
  for (std::int64_t n = 1; n < 100; ++n)
    if (x.at(n) > x.at(winner)) winner = n;
  CHECK(values(y) == std::vector<float>{3.f * winner, 3.f * winner + 1, 3.f * winner + 2});
}

TEST_CASE("of two sums over different rows one is kept, so that neither runs again for the other's index", "[dsl]") {
  const auto a = filled<float>(shuffled(3), 6, 9), b = filled<float>(shuffled(4), 5, 9);
  Tensor<float, 2> o = sum(k, a[i, k]) * sum(k, b[j, k]);
  CHECK(last_report().phases == 2);
  const std::int64_t kept = last_report().temporary_bytes;
  CHECK((kept == 5 * sizeof(float) || kept == 6 * sizeof(float)));
  float of_a = 0, of_b = 0;
  for (std::int64_t n = 0; n < 9; ++n) {
    of_a += a.at(4, n);
    of_b += b.at(2, n);
  }
  CHECK(o.at(4, 2) == of_a * of_b);
}

TEST_CASE("a reduction that every inner loop needs stays where it is used", "[dsl]") {
  const auto x = filled<float>(shuffled(7), 6, 9);
  Tensor<float, 2> y = x[i, j] - max(k, x[i, k]);
  CHECK(last_report().phases == 1);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().accumulator_bytes == 0);
}

TEST_CASE("what a statement takes off its own rows is stored before it writes them, and they are not copied", "[dsl]") {
  constexpr std::int64_t rows = 37, columns = 530;
  const auto start = filled<float>([](std::int64_t n) { return (n * 37 % 1001) - 400; }, rows, columns);
  const auto matrix = [&](auto expression) {
    Tensor<float, 2> m = start.copy();
    expression(m);
    CHECK(last_report().accumulator_bytes == 0);
    return m;
  };
  const auto check = [&](const Tensor<float, 2>& m, auto expected) {
    for (std::int64_t a = 0; a < rows; ++a)
      for (std::int64_t b = 0; b < columns; ++b) REQUIRE(m.at(a, b) == Approx(expected(a, b)).epsilon(1e-5));
  };
  std::vector<double> sums(rows), tops(columns, -1e9);
  std::vector<float> most(rows, -1e9f);
  for (std::int64_t a = 0; a < rows; ++a)
    for (std::int64_t b = 0; b < columns; ++b) {
      sums[a] += start.at(a, b);
      most[a] = std::max(most[a], start.at(a, b));
      tops[b] = std::max<double>(tops[b], start.at(a, b));
    }
  const auto f32s = [](std::int64_t n) { return static_cast<std::int64_t>(n * sizeof(float)); };

  check(matrix([](auto& m) { m[i, j] = m[i, j] * 2 - sum(k, m[i, k]); }),
        [&](std::int64_t a, std::int64_t b) { return start.at(a, b) * 2 - sums[a]; });
  CHECK(last_report().temporary_bytes == f32s(rows));
  check(matrix([](auto& m) { m[i, j] += max(k, m[k, j]); }),
        [&](std::int64_t a, std::int64_t b) { return start.at(a, b) + tops[b]; });
  CHECK(last_report().temporary_bytes == f32s(columns));
  check(matrix([](auto& m) { m[i, j] = exp((m[i, j] - max(k, m[i, k])) / 100); }),
        [&](std::int64_t a, std::int64_t b) { return std::exp((start.at(a, b) - most[a]) / 100.0); });
  CHECK(last_report().temporary_bytes == f32s(rows));
  check(matrix([](auto& m) { m[i, j] = softmax(j, m[i, j] / 1000); }), [&](std::int64_t a, std::int64_t b) {
    double all = 0;
    for (std::int64_t c = 0; c < columns; ++c) all += std::exp((start.at(a, c) - start.at(a, b)) / 1000.0);
    return 1 / all;
  });
  CHECK(last_report().temporary_bytes == f32s(2 * rows));
  // One value for each element: they are copied.
  Tensor<float, 2> square = filled<float>(shuffled(5), 20, 20), turn = filled<float>(shuffled(3), 20, 20);
  const Tensor<float, 2> product = sum(k, square[i, k] * turn[k, j]);
  square[i, j] = sum(k, square[i, k] * turn[k, j]);
  CHECK(last_report().temporary_bytes == f32s(400));
  CHECK(values(square) == values(product));
}
