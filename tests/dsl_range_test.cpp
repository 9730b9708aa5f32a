// Ranges of indices, and indices whose extent follows from the arithmetic of subscripts.
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/compile.hpp"
#include "support/backends.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::shuffled;
using test::text_fault;
using test::text_values;
using test::values;

namespace {

/// What is wrong with a new tensor of this value: ways to run it disagree, or all of them end in an error.
template <class Value>
std::string fault(const Value& value) {
  const test::Ran ran = test::run_everywhere(test::prepared(value));
  return ran.error ? ran.message : ran.fault;
}

const Tensor<std::int64_t, 1> offset{0, 3, 3, 8, 20};
const Tensor<int, 1> ids = filled<int>([](auto n) { return n * 7 % 11; }, 20);
const Tensor<float, 2> table = filled<float>(shuffled(13), 11, 5);

}  // namespace

TEST_CASE("bags of rows given by offsets are summed without an array of the rows") {
  const auto bags = sum(j(offset[b], offset[b + 1]), table[ids[j], d]);
  CHECK(fault(bags) == "");
  const Tensor<float, 2> sums = bags;
  CHECK(last_report().temporary_bytes == 0);
  const Tensor<float, 2> means = mean(j(offset[b], offset[b + 1]), table[ids[j], d]);
  const Tensor<float, 2> greatest = max(j(offset[b], offset[b + 1]), table[ids[j], d]);
  REQUIRE(sums.extent(0) == 4);
  REQUIRE(sums.extent(1) == 5);
  for (int bag = 0; bag < 4; ++bag)
    for (int col = 0; col < 5; ++col) {
      float total = 0, best = -INFINITY;
      for (std::int64_t n = offset.at(bag); n < offset.at(bag + 1); ++n) {
        total += table.at(ids.at(n), col);
        best = std::max(best, table.at(ids.at(n), col));
      }
      const auto count = static_cast<float>(offset.at(bag + 1) - offset.at(bag));
      CHECK(sums.at(bag, col) == total);
      CHECK(greatest.at(bag, col) == best);
      if (count == 0)
        CHECK(std::isnan(means.at(bag, col)));
      else
        CHECK(means.at(bag, col) == total / count);
    }
}

TEST_CASE("neighbours in compressed rows are reduced row by row") {
  const Tensor<float, 1> weight = filled<float>(shuffled(5), 20);
  const Tensor<float, 1> degree = sum(e(offset[v], offset[v + 1]), weight[e]);
  const Tensor<std::int64_t, 1> heaviest = argmax(e(offset[v], offset[v + 1]), weight[e]);
  for (int row = 0; row < 4; ++row) {
    float total = 0;
    std::int64_t best = offset.at(row);
    for (std::int64_t n = offset.at(row); n < offset.at(row + 1); ++n) {
      total += weight.at(n);
      if (weight.at(n) > weight.at(best)) best = n;
    }
    CHECK(degree.at(row) == total);
    CHECK(heaviest.at(row) == best);
  }
}

TEST_CASE("a softmax over a range is 0 outside it") {
  const Tensor<float, 2> score = filled<float>(shuffled(7), 6, 6);
  const Tensor<float, 2> weight = softmax(k(0, i + 1), score[i, k]);
  for (int row = 0; row < 6; ++row) {
    double total = 0;
    for (int col = 0; col < 6; ++col) {
      if (col > row) CHECK(weight.at(row, col) == 0);
      total += weight.at(row, col);
    }
    CHECK(total == Approx(1));
  }
  CHECK(fault(softmax(k(0, i + 1), score[i, k])) == "");
}

TEST_CASE("a range on the left writes a part") {
  Tensor<int, 2> grid(4, 5);
  grid[i(1, 3), j(i, 99)] = 10 * i + j;
  for (int row = 0; row < 4; ++row)
    for (int col = 0; col < 5; ++col)
      CHECK(grid.at(row, col) == (row >= 1 && row < 3 && col >= row ? 10 * row + col : 0));
}

TEST_CASE("subscripts in a range on the left are looked at there alone, whatever else has the index") {
  const Tensor<float, 1> x = filled<float>(shuffled(23), 9), longer = filled<float>(shuffled(23), 12);
  Tensor<float, 1> y = filled<float>([](auto) { return -1; }, 9);
  const test::Ran ran = test::run_everywhere(test::prepared(y[i(2, 8)], Assign::set, x[i + 1] - x[i] + longer[i - 2]));
  REQUIRE(ran.fault == "");
  REQUIRE(ran.message == "");
  for (int n = 0; n < 9; ++n) {
    const bool written = n >= 2 && n < 8;
    CHECK(y.at(n) == (written ? x.at(n + 1) - x.at(n) + longer.at(n - 2) : -1));
  }
  const test::Ran outside = test::run_everywhere(test::prepared(y[i(2, 9)], Assign::set, x[i + 1] - x[i]));
  CHECK(outside.fault == "");
  CHECK(outside.message == "subscript 9 is outside axis 0 of t1 (extent 9) at i=8");
}

TEST_CASE("a range with a plain upper bound gives its index an extent") {
  const Tensor<float, 2> image = filled<float>(shuffled(23), 7, 9);
  const auto pooled = max(i(0, 2), j(0, 2), image[2 * y + i, 2 * x + j]);
  CHECK(fault(pooled) == "");
  const Tensor<float, 2> best = pooled;
  REQUIRE(best.extent(0) == 3);
  REQUIRE(best.extent(1) == 4);
  for (int row = 0; row < 3; ++row)
    for (int col = 0; col < 4; ++col) {
      float most = -INFINITY;
      for (int dy : {0, 1})
        for (int dx : {0, 1}) most = std::max(most, image.at(2 * row + dy, 2 * col + dx));
      CHECK(best.at(row, col) == most);
    }
  const Tensor<std::int64_t, 0> squares = sum(k(0, 5), k * k);
  CHECK(static_cast<std::int64_t>(squares) == 30);
}

TEST_CASE("an index in arithmetic alone takes the largest extent that stays inside") {
  const Tensor<float, 1> signal = filled<float>(shuffled(11), 40), kernel{1, -2, 4};
  const auto valid = sum(k, signal[i + k] * kernel[k]);
  CHECK(fault(valid) == "");
  const Tensor<float, 1> y = valid;
  CHECK(last_report().checks.empty());
  REQUIRE(y.extent(0) == 38);
  for (int n = 0; n < 38; ++n) CHECK(y.at(n) == signal.at(n) - 2 * signal.at(n + 1) + 4 * signal.at(n + 2));

  const Tensor<float, 1> dilated = sum(k, signal[3 * i + 5 * k] * kernel[k]);
  REQUIRE(dilated.extent(0) == 10);  // 3 * 9 + 5 * 2 = 37
  CHECK(dilated.at(9) == signal.at(27) - 2 * signal.at(32) + 4 * signal.at(37));

  const Tensor<float, 1> backwards = signal[9 - i];
  REQUIRE(backwards.extent(0) == 10);
  CHECK(backwards.at(9) == signal.at(0));

  const Tensor<float, 1> none = signal[i + 50];
  CHECK(none.extent(0) == 0);
}

TEST_CASE("a number that shifts a subscript may change from call to call") {
  const Tensor<float, 1> signal = filled<float>(shuffled(11), 40);
  const auto tail = [&](int shift) { return Tensor<float, 1>(signal[i + shift]); };
  for (int shift : {3, 7, 7, 0, 40, 39}) {
    const Tensor<float, 1> y = tail(shift);
    REQUIRE(y.extent(0) == 40 - shift);
    for (int n = 0; n < 40 - shift; ++n) CHECK(y.at(n) == signal.at(n + shift));
  }
  const auto head = [&](int count) { return Tensor<float, 0>(sum(k(0, count), signal[k])); };
  for (int count : {3, 7, 0, 40, 50}) {
    float total = 0;
    for (int n = 0; n < std::min(count, 40); ++n) total += signal.at(n);
    CHECK(static_cast<float>(head(count)) == total);
  }
}

TEST_CASE("arithmetic lessens the extent that a bare subscript gives") {
  const Tensor<float, 1> signal = filled<float>(shuffled(11), 5);
  const Tensor<float, 1> steps = signal[i + 1] - signal[i];
  CHECK(last_report().checks.empty());
  REQUIRE(steps.extent(0) == 4);
  for (int n = 0; n < 4; ++n) CHECK(steps.at(n) == signal.at(n + 1) - signal.at(n));
  const Tensor<float, 0> correlation = sum(k, signal[k] * signal[k + 2]);
  CHECK(static_cast<float>(correlation) ==
        signal.at(0) * signal.at(2) + signal.at(1) * signal.at(3) + signal.at(2) * signal.at(4));
  // Reductions of the same array with and without arithmetic keep their own extents.
  const Tensor<float, 0> both = sum(k, signal[k + 1] - signal[k]) + sum(k, signal[k]);
  float expected = signal.at(4) - signal.at(0);
  for (int n = 0; n < 5; ++n) expected += signal.at(n);
  CHECK(static_cast<float>(both) == expected);
}

TEST_CASE("the left-hand side agrees with what arithmetic leaves") {
  const Tensor<float, 1> signal = filled<float>(shuffled(11), 5);
  Tensor<float, 1> four(4), five(5), three(3);
  four[i] = signal[i + 1] - signal[i];
  CHECK(four.at(3) == signal.at(4) - signal.at(3));
  CHECK_THROWS_WITH((five[i] = signal[i + 1] - signal[i]),
                    "index i has extent 4 by the arithmetic of subscripts in axis 0 of t1 and extent 5 in axis 0 of "
                    "t0; they must be equal");
  three[i] = signal[i + 1];  // nothing else gives i an extent
  CHECK(values(three) == std::vector<float>{signal.at(1), signal.at(2), signal.at(3)});
  CHECK_THROWS_WITH((five[i] = signal[i + 1]), "subscript 5 is outside axis 0 of t1 (extent 5) at i=4");
}

TEST_CASE("arithmetic beside a target that is read as well") {
  Tensor<float, 1> y{1, 2, 4, 8};
  y[i + 1] = y[i];
  CHECK(values(y) == std::vector<float>{1, 1, 2, 4});
  CHECK_THROWS_WITH((y[i] = y[i + 1]), "subscript 4 is outside axis 0 of t0 (extent 4) at i=3");
  y[i(0, 3)] = where(i < 3, y[i + 1], 0);
  CHECK(values(y) == std::vector<float>{1, 2, 4, 4});
}

TEST_CASE("arithmetic in a branch or under a policy lessens nothing") {
  const Tensor<float, 1> signal = filled<float>(shuffled(11), 5);
  const Tensor<float, 1> guarded = where(i < 4, signal[i + 1], -1) + 0 * signal[i];
  REQUIRE(guarded.extent(0) == 5);
  CHECK(guarded.at(3) == signal.at(4));
  CHECK(guarded.at(4) == -1);
  CHECK(Tensor((i < 4) * signal[i + 1] + signal[i]).extent(0) == 5);
  CHECK(Tensor(clip(signal)[i + 1] + signal[i]).extent(0) == 5);
  CHECK(Tensor(wrap(signal)[i + 1] + signal[i]).extent(0) == 5);
}

TEST_CASE("a bound that is outside its array is an error also where the other one leaves nothing to a scatter") {
  const Tensor<int, 1> x{0, 1, 2}, one{7}, inside{0, 1, 2, 0}, outside{0, 1, 3, 9};
  CHECK(fault(sum(i(n - 1, x[inside[n]]), delta(i, n + 1) * one[i])) == "");
  CHECK(fault(sum(i(n - 1, x[outside[n]]), delta(i, n + 1) * one[i])) ==
        "subscript 3 is outside axis 0 of t2 (extent 3) at n=2");
}

TEST_CASE("the text language has the same ranges") {
  const Tensor<float, 1> signal{1, 2, 4, 8, 16};
  const test::Bindings bind{{"x", signal.array()}, {"off", offset.array()}};
  CHECK(text_values<float>("sum(k(1, 4), x[k])", bind) == std::vector<float>{14});
  CHECK(text_values<float>("y[i] = sum(k(0, 2), x[i + k])", bind) == std::vector<float>{3, 6, 12, 24});
  CHECK(text_values<float>("sum(j(off[b], off[b + 1]), x[j])", bind) == std::vector<float>{7, 0, 24, 0});
  CHECK(text_values<std::int64_t>("count(k(0, i + 1), x[k] > 1 + 0 * x[i])", bind) ==
        std::vector<std::int64_t>{0, 1, 2, 3, 4});
  CHECK(text_values<std::int64_t>("z = zeros(4, i64)\nz[i(1, 3)] = i\nz", bind) ==
        std::vector<std::int64_t>{0, 1, 2, 0});
}

TEST_CASE("a range that binds nothing, or is no range, is refused") {
  const Tensor<float, 1> signal{1, 2, 4, 8, 16};
  const test::Bindings bind{{"x", signal.array()}, {"y", signal.array()}};
  CHECK(text_fault("x[i(0, 3)]", bind) ==
        "a range such as k(0, n) stands where its index is bound: before the argument of a reduction, or as a "
        "subscript on the left");
  CHECK(text_fault("sum(k(0, k), x[k])", bind) ==
        "the bounds of a range cannot use an index that the same reduction or the range itself binds: k");
  CHECK(text_fault("sum(i, k(0, i), x[k] * y[i])", bind) ==
        "the bounds of a range cannot use an index that the same reduction or the range itself binds: i");
  CHECK(text_fault("sum(k(0.5, 3), x[k])", bind) == "the bounds of a range are integers; write i64(...): f64");
  CHECK(text_fault("sum(k, x[i + k])", bind) ==
        "the extent of index i follows from that of another index, which follows from its own; give one of them a "
        "range, as in i(0, 3), or a plain subscript");
}
