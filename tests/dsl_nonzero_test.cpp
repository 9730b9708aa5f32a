// Extents that data decides: nonzero, and masks that are read through, against loops.
#include <catch2/catch.hpp>

#include <cstdint>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/backends.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::values;

namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

/// Floats above 0 with this probability, else below.
Tensor<float, 1> drawn(std::int64_t size, double density, std::uint32_t seed = 1) {
  Tensor<float, 1> x(size);
  std::uint32_t state = seed * 2654435761u + 12345u;
  for (std::int64_t n = 0; n < size; ++n) {
    state = state * 1664525u + 1013904223u;
    const double draw = (state >> 8) / double(1u << 24);
    x.at(n) = static_cast<float>(draw < density ? n + 1 : -n - 1);
  }
  return x;
}

Ints positions(const Tensor<float, 1>& x) {
  Ints found;
  for (std::int64_t n = 0; n < x.extent(0); ++n)
    if (x.at(n) > 0) found.push_back(n);
  return found;
}

template <class T, int Rank>
Ints shape(const Tensor<T, Rank>& t) {
  return {t.extents().begin(), t.extents().end()};
}

constexpr std::int64_t sizes[] = {0, 1, 17, 64, 1000, 100000};
constexpr double densities[] = {0, 0.1, 0.5, 1};

}  // namespace

TEST_CASE("nonzero lists where a condition holds, and a mask chooses what stands there") {
  for (const std::int64_t size : sizes)
    for (const double density : densities) {
      CAPTURE(size, density);
      const Tensor<float, 1> x = drawn(size, density);
      const Ints expected = positions(x);
      Floats chosen;
      for (const std::int64_t n : expected) chosen.push_back(x.at(n));
      const Tensor<std::int64_t, 1> at = nonzero(i, x[i] > 0);
      CHECK(values(at) == expected);
      CHECK(values(evaluate(nonzero(x > 0))) == expected);
      CHECK(values(evaluate(x[x > 0])) == chosen);
      if (size > 0) CHECK(last_report().temporary_bytes == 0);
      CHECK(last_report().checks.empty());
      const test::Bindings bindings{{"x", x.array()}};
      CHECK(test::text_values<std::int64_t>("nonzero(i, x[i] > 0)", bindings) == expected);
      CHECK(test::text_values<std::int64_t>("nonzero(x > 0)", bindings) == expected);
      CHECK(test::text_values<float>("x[x > 0]", bindings) == chosen);
    }
}

TEST_CASE("rows are gathered where a condition holds") {
  for (const std::int64_t size : sizes)
    for (const double density : densities) {
      CAPTURE(size, density);
      const Tensor<float, 1> x = drawn(size, density);
      const auto f = filled<float>([](auto at) { return at; }, size, 3);
      Floats expected;
      for (const std::int64_t row : positions(x))
        for (int column = 0; column < 3; ++column) expected.push_back(f.at(row, column));
      const auto rows = evaluate(f[nonzero(i, x[i] > 0)[n], c]);
      CHECK(shape(rows) == Ints{std::int64_t(expected.size()) / 3, 3});
      CHECK(values(rows) == expected);
      CHECK(last_report().checks.empty());
      CHECK(values(evaluate(f[x > 0, all])) == expected);
      const test::Bindings bindings{{"x", x.array()}, {"f", f.array()}};
      CHECK(test::text_values<float>("f[nonzero(i, x[i] > 0)[n], c]", bindings) == expected);
      CHECK(test::text_values<float>("f[x > 0, :]", bindings) == expected);
    }
}

TEST_CASE("positions over several axes are row-major numbers") {
  for (const std::int64_t rows : {0, 1, 5, 64}) {
    CAPTURE(rows);
    const auto x = filled<std::int32_t>([](auto at) { return at * 7 % 5 - 2; }, rows, 9, 17);
    Ints flat;
    std::vector<std::int32_t> chosen;
    for (std::int64_t p = 0; p < rows; ++p)
      for (std::int64_t q = 0; q < 9; ++q)
        for (std::int64_t r = 0; r < 17; ++r)
          if (x.at(p, q, r) > 0) {
            flat.push_back((p * 9 + q) * 17 + r);
            chosen.push_back(x.at(p, q, r));
          }
    CHECK(values(evaluate(nonzero(i, j, k, x[i, j, k] > 0))) == flat);
    CHECK(values(evaluate(nonzero(x > 0))) == flat);
    CHECK(values(evaluate(x[x > 0])) == chosen);
    const test::Bindings bindings{{"x", x.array()}};
    CHECK(test::text_values<std::int64_t>("nonzero(i, j, k, x[i, j, k] > 0)", bindings) == flat);
    CHECK(test::text_values<std::int32_t>("x[x > 0]", bindings) == chosen);
    if (rows == 0) continue;
    Ints transposed;
    for (std::int64_t q = 0; q < 9; ++q)
      for (std::int64_t p = 0; p < rows; ++p)
        if (x.at(p, q, 2) > 0) transposed.push_back(q * rows + p);
    CHECK(values(evaluate(nonzero(j, i, x[i, j, 2] > 0))) == transposed);
    CHECK(test::text_values<std::int64_t>("nonzero(j, i, x[i, j, 2] > 0)", bindings) == transposed);
  }
}

TEST_CASE("a mask stands beside other subscripts as in NumPy") {
  const auto x = filled<float>([](auto at) { return at / 3 * 10 + at % 3; }, 4, 3);
  const Tensor<bool, 1> rows{true, false, false, true}, columns{false, true, true};
  const test::Bindings bindings{{"x", x.array()}, {"rows", rows.array()}, {"columns", columns.array()}};
  CHECK(values(evaluate(x[rows, 2])) == Floats{2, 32});
  CHECK(values(evaluate(x[rows, all])) == Floats{0, 1, 2, 30, 31, 32});
  CHECK(values(evaluate(x[all, columns])) == Floats{1, 2, 11, 12, 21, 22, 31, 32});
  CHECK(shape(evaluate(x[all, columns])) == Ints{4, 2});
  CHECK(values(evaluate(sum(x[rows, all], 0))) == Floats{30, 32, 34});
  CHECK(values(evaluate(sum(x[x > 20], 0))) == Floats{21 + 22 + 30 + 31 + 32});
  CHECK(test::text_values<float>("x[rows, 2]", bindings) == Floats{2, 32});
  CHECK(test::text_values<float>("x[:, columns]", bindings) == Floats{1, 2, 11, 12, 21, 22, 31, 32});
  CHECK(test::text_shape("x[:, columns]", bindings) == Ints{4, 2});
  CHECK(test::text_values<float>("sum(x[rows, :], 0)", bindings) == Floats{30, 32, 34});
  CHECK(test::text_values<float>("sum(x[x > 20], 0)", bindings) == Floats{136});
}

TEST_CASE("what the same condition chooses has the same extent") {
  Tensor<float, 1> x = drawn(1000, 0.5);
  const auto y = filled<float>([](auto n) { return n; }, 1000);
  Floats expected;
  for (const std::int64_t p : positions(x)) expected.push_back(x.at(p) + y.at(p));
  CHECK(values(evaluate(x[x > 0] + y[x > 0])) == expected);
  CHECK(values(evaluate(x[nonzero(i, x[i] > 0)[n]] + y[nonzero(j, x[j] > 0)[n]])) == expected);
  const test::Bindings bindings{{"x", x.array()}, {"y", y.array()}};
  CHECK(test::text_values<float>("x[x > 0] + y[x > 0]", bindings) == expected);
  CHECK(test::text_values<float>("x[nonzero(i, x[i] > 0)[n]] + y[nonzero(j, x[j] > 0)[n]]", bindings) == expected);
}

TEST_CASE("what is chosen is counted anew in every call, by every number of threads") {
  for (const int threads : {1, 2, 3}) {
    default_options().threads = threads;
    Tensor<float, 1> x(20000);
    for (std::uint32_t round = 0; round < 6; ++round) {
      const Tensor<float, 1> drawing = drawn(20000, 0.2 * round, round);
      x[i] = drawing[i];
      const Tensor<std::int64_t, 1> at = nonzero(i, x[i] > 0);
      CHECK(values(at) == positions(x));
    }
  }
  default_options().threads = 0;
}

TEST_CASE("several new tensors have the extent of one nonzero") {
  const Tensor<float, 1> x = drawn(1000, 0.5);
  const Ints expected = positions(x);
  const auto [at, chosen] = eval(nonzero(i, x[i] > 0), x[x > 0]);
  CHECK(values(at) == expected);
  Floats elements;
  for (const std::int64_t p : expected) elements.push_back(x.at(p));
  CHECK(values(chosen) == elements);
}

TEST_CASE("case 78: dynamic size", "[acceptance]") {
  const auto x = filled<float>([](auto at) { return at * 7 % 5 - 2; }, 6, 4);
  const auto table = filled<float>([](auto at) { return at; }, 24, 2);
  Ints flat;
  Floats rows;
  for (std::int64_t p = 0; p < 6; ++p)
    for (std::int64_t q = 0; q < 4; ++q)
      if (x.at(p, q) > 0) {
        flat.push_back(p * 4 + q);
        rows.insert(rows.end(), {table.at(p * 4 + q, 0), table.at(p * 4 + q, 1)});
      }
  const Tensor<std::int64_t, 1> at = nonzero(i, j, x[i, j] > 0);
  CHECK(values(at) == flat);
  CHECK(values(evaluate(table[at[n], c])) == rows);
  CHECK(values(evaluate(table[nonzero(i, j, x[i, j] > 0)[n], c])) == rows);
  const test::Bindings bindings{{"x", x.array()}, {"table", table.array()}};
  CHECK(test::text_values<float>("at = nonzero(i, j, x[i, j] > 0); table[at[n], c]", bindings) == rows);
}

TEST_CASE("the reference, interpreted loops and machine code choose alike, within their memory") {
  for (const std::int64_t size : {1, 17, 64, 1000})
    for (const double density : densities) {
      CAPTURE(size, density);
      const Tensor<float, 1> x = drawn(size, density);
      const Ints expected = positions(x);
      const auto f = filled<float>([](auto at) { return at; }, size, 3);
      Tensor<float, 1> chosen(std::int64_t(expected.size()));
      Tensor<float, 2> rows(std::int64_t(expected.size()), 3);
      const test::Ran masked = test::run_everywhere(test::prepared(chosen[n], Assign::set, x[nonzero(i, x[i] > 0)[n]]));
      CHECK(masked.fault == "");
      CHECK_FALSE(masked.error);
      const test::Ran gathered =
          test::run_everywhere(test::prepared(rows[n, c], Assign::set, f[nonzero(i, x[i] > 0)[n], c]));
      CHECK(gathered.fault == "");
      CHECK_FALSE(gathered.error);
      for (std::size_t p = 0; p < expected.size(); ++p) {
        CHECK(chosen.at(std::int64_t(p)) == x.at(expected[p]));
        CHECK(rows.at(std::int64_t(p), 1) == f.at(expected[p], 1));
      }
    }
}

TEST_CASE("a target of another extent than what is chosen is refused") {
  const Tensor<float, 1> x{1, -1, 2};
  Tensor<float, 1> chosen(3);
  CHECK_THROWS_WITH(chosen[n] = x[nonzero(i, x[i] > 0)[n]], Catch::Matchers::Contains("has extent 2 in nonzero("));
}

TEST_CASE("a condition may choose among what another one has chosen") {
  for (const std::int64_t size : sizes)
    for (const double density : densities) {
      CAPTURE(size, density);
      const Tensor<float, 1> x = drawn(size, density);
      const Ints first = positions(x);
      Ints expected;
      for (std::size_t p = 0; p < first.size(); ++p)
        if (first[p] % 3 != 0) expected.push_back(std::int64_t(p));
      CHECK(values(evaluate(nonzero(n, nonzero(i, x[i] > 0)[n] % 3 != 0))) == expected);
    }
}

TEST_CASE("a condition that reads no tensor along some axis has the extent that the access gives it") {
  const auto x = filled<float>([](auto n) { return n; }, 3, 4), row = filled<float>([](auto n) { return n; }, 1, 4);
  const Tensor<bool, 1> m{true, false, false, true};
  CHECK(values(evaluate(x[x != x])).empty());
  CHECK(values(evaluate(x[0, m != m])).empty());
  CHECK(values(evaluate(x[x == x])) == values(x));
  CHECK(values(evaluate(x[any(x > 9, 0, keepdims)])) == Floats{2, 3, 6, 7, 10, 11});  // of each row
  CHECK(values(evaluate(row[m[newaxis, all]])) == Floats{0, 3});
  CHECK(values(evaluate(x[m[newaxis, all]])) == Floats{0, 3, 4, 7, 8, 11});
  const test::Bindings bindings{{"x", x.array()}, {"row", row.array()}, {"m", m.array()}};
  CHECK(test::text_shape("x[0, m != m]", bindings) == Ints{0});
  CHECK(test::text_values<float>("x[any(x > 9, 0, keepdims)]", bindings) == Floats{2, 3, 6, 7, 10, 11});
  CHECK(test::text_values<float>("row[m[newaxis, :]]", bindings) == Floats{0, 3});
}

TEST_CASE("conditions and values may run over ranges that differ from one iteration to the next") {
  for (const std::int64_t n : {0, 1, 5, 40, 1000}) {
    CAPTURE(n);
    const auto x = filled<float>([](std::int64_t at) { return static_cast<float>(at * 7 % 5) - 2; }, n);
    const auto last = filled<std::int64_t>([&](std::int64_t at) { return at * 3 % (n + 1); }, n);
    std::vector<std::int64_t> expected;
    std::vector<float> sums;
    for (std::int64_t row = 0; row < n; ++row) {
      bool any = false;
      float sum = 0;
      for (std::int64_t k = 0; k < last.at(row); ++k) {
        any |= x.at(k) > 1;
        sum += x.at(k);
      }
      if (any) expected.push_back(row);
      if (x.at(row) > 0) sums.push_back(sum);
    }
    CHECK(values(evaluate(nonzero(i, any(j(0, last[i]), x[j] > 1)))) == expected);
    const auto positive = nonzero(i, x[i] > 0);
    CHECK(values(evaluate(sum(j(0, last[positive[k]]), x[j]))) == sums);
  }
}
