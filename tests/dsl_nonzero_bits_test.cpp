// Conditions that contain float sums: what counts and what chooses agree on every bit.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "ricci/session.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::values;

namespace {

using Ints = std::vector<std::int64_t>;

/// Rows of the same elements in different orders: their sums are equal but for rounding.
Tensor<float, 2> permuted_rows(std::int64_t rows, std::int64_t columns) {
  Tensor<float, 2> x(rows, columns);
  std::uint32_t state = 7;
  for (std::int64_t row = 0; row < rows; ++row) {
    float* first = x.data() + row * columns;
    for (std::int64_t column = 0; column < columns; ++column)
      first[column] = 1.0f / static_cast<float>(column % 97 + 3);
    for (std::int64_t column = columns - 1; column > 0; --column) {
      state = state * 1664525u + 1013904223u;
      std::swap(first[column], first[(state >> 8) % static_cast<std::uint32_t>(column + 1)]);
    }
  }
  return x;
}

/// The sum of the first row, from left to right.
float plain_sum(const Tensor<float, 2>& x) {
  float sum = 0;
  for (std::int64_t column = 0; column < x.extent(1); ++column) sum += x.at(0, column);
  return sum;
}

/// Whether these are positions of an axis, each once and in order.
bool are_positions(const Ints& at, std::int64_t extent) {
  return std::ranges::is_sorted(at, std::less_equal{}) && (at.empty() || (at.front() >= 0 && at.back() < extent));
}

}  // namespace

TEST_CASE("a condition that contains a float sum is counted as it chooses") {
  bool some = false, others = false;
  for (const std::int64_t rows : {1, 5, 64, 1000, 5000})
    for (const std::int64_t columns : {3, 17, 64, 250}) {
      CAPTURE(rows, columns);
      const Tensor<float, 2> x = permuted_rows(rows, columns);
      const float threshold = plain_sum(x);
      const auto [at, first] = eval(nonzero(i, sum(k, x[i, k]) > threshold), x[sum(x, 1) > threshold, 0]);
      CHECK(last_report().temporary_bytes >= rows);
      CHECK(are_positions(values(at), rows));
      REQUIRE(at.extent(0) == first.extent(0));
      for (std::int64_t n = 0; n < at.extent(0); ++n) REQUIRE(first.at(n) == x.at(at.at(n), 0));
      some |= at.extent(0) > 0;
      others |= at.extent(0) < rows;
      const Tensor<std::int64_t, 1> alone = nonzero(i, sum(k, x[i, k]) > threshold);
      CHECK(are_positions(values(alone), rows));
      // The same sums along the lanes.
      const Tensor<std::int64_t, 1> down = nonzero(i, sum(k, x[k, i]) > threshold);
      CHECK(are_positions(values(down), columns));
      Session session;  // natively alone: the reference rounds in its own way
      session.define("x", x.array());
      session.run("at = nonzero(i, sum(k, x[i, k]) > sum(k, x[0, k]))");
      const Array& found = *session.find("at");
      const Ints by_text(static_cast<const std::int64_t*>(found.data()),
                         static_cast<const std::int64_t*>(found.data()) + found.size());
      CHECK(are_positions(by_text, rows));
    }
  CHECK(some);
  CHECK(others);
}

TEST_CASE("choices among what was chosen by a float sum agree as well") {
  const Tensor<float, 2> x = permuted_rows(3000, 90);
  const float threshold = plain_sum(x);
  const Tensor<std::int64_t, 1> outer = nonzero(i, sum(k, x[i, k]) > threshold);
  const Tensor<std::int64_t, 1> inner = nonzero(n, x[nonzero(i, sum(k, x[i, k]) > threshold)[n], 0] > 0.02f);
  CHECK(are_positions(values(inner), outer.extent(0)));
}

TEST_CASE("a condition without a float sum is stored nowhere") {
  const auto x = test::filled<float>(test::shuffled(7), 100, 9);
  evaluate(nonzero(i, max(k, x[i, k]) > 3));
  CHECK(last_report().temporary_bytes == 0);
  const auto y = test::filled<std::int32_t>(test::shuffled(7), 100, 9);
  evaluate(nonzero(i, sum(k, y[i, k]) > 3));
  CHECK(last_report().temporary_bytes == 0);
}

TEST_CASE("a condition may put its elements in order") {
  const auto x = test::filled<std::int64_t>(test::shuffled(7), 20);
  Ints expected;
  std::vector<std::int64_t> sorted = values(x);
  std::ranges::sort(sorted);
  for (std::int64_t n = 0; n < 20; ++n)
    if (sorted[static_cast<std::size_t>(n)] > 2) expected.push_back(n);
  const Tensor<std::int64_t, 1> at = nonzero(sort(x, 0) > 2);
  CHECK(values(at) == expected);
}
