// Every rule of the delta algebra: the rewritten program gives the bits of the program as it is written, for all
// extents and with NaN, infinities and both zeros among the data; and the comparison of the delta is gone.
#include <catch2/catch.hpp>
#include <cmath>

#include "ricci/compile.hpp"
#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/naive.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::filled;
using test::prepared;

namespace {

/// Small whole numbers, so that sums are exact; sometimes a NaN, an infinity or a zero of either sign.
Tensor<float, 1> floats(test::Dice& dice, std::int64_t count, bool special) {
  return filled<float>(
      [&](auto) -> double {
        if (special && dice.chance(15)) return dice.one_of<double>({NAN, INFINITY, -INFINITY, -0.0, 0.0});
        return dice.below(9) - 4;
      },
      count);
}

Tensor<int, 1> keys(test::Dice& dice, std::int64_t count, int below) {
  return filled<int>([&](auto) { return dice.below(below + 2) - 1; }, count);
}

/// Runs the statement in every way, the reference on the program as written, and looks for what is left of the delta.
void check(const Prepared& p, bool solved = true) {
  const test::Ran ran = test::run_everywhere(p);
  INFO(p.executable->dump(Executable::Stage::index, p.tensors, p.params));
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  if (!solved) return;
  CHECK(p.executable->dump(Executable::Stage::index, p.tensors, p.params).find(" == ") == std::string::npos);
}

template <class F>
void for_data(const F& f) {
  std::uint64_t seed = 0;
  for (std::int64_t n : {1, 2, 5, 17, 70})
    for (std::int64_t m : {1, 2, 5, 17})
      for (bool special : {false, true}) {
        test::Dice dice{std::mt19937_64(++seed)};
        CAPTURE(n, m, special);
        f(dice, n, m, special);
      }
}

}  // namespace

TEST_CASE("a sum over a delta is a read, in both orders of its arguments and for narrow labels", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, m, special);
    const auto label = keys(dice, n, static_cast<int>(m));
    Tensor<float, 1> y(n);
    check(prepared(y[i], Assign::set, sum(k, delta(k, label[i]) * x[k])));
    check(prepared(y[i], Assign::set, sum(k, one_hot(label[i], k) * x[k])));
    check(prepared(y[i], Assign::set, sum(k, x[k] * delta(label[i], k))));
  });
}

TEST_CASE("equalities that are linear in the axis are solved: strides, flips, shifts", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, m, special);
    Tensor<float, 1> y(n);
    check(prepared(y[i], Assign::set, sum(k, delta(i, k + 2) * x[k])));
    check(prepared(y[i], Assign::set, sum(k, delta(i + k, 3) * x[k])));
    check(prepared(y[i], Assign::set, sum(k, delta(i, 2 * k + 1) * x[k])), false);  // that 2 divides is asked with ==
    check(prepared(y[i], Assign::set, sum(k, delta(3 * k - 1, i) * x[k])), false);
    check(prepared(y[i], Assign::set, sum(k, delta(k, 2 * i) * x[k])));
  });
}

TEST_CASE("stencils are inverted, products of deltas are all solved", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, n, special), w = floats(dice, m, false);
    const auto label = keys(dice, n, static_cast<int>(m));
    Tensor<float, 1> y(n + m);
    check(prepared(y[i], Assign::set, sum(k, j, delta(i, k + j) * x[k] * w[j])), special);
    Tensor<float, 1> z(n);
    check(prepared(z[i], Assign::set, sum(k, j, delta(k, i) * delta(j, label[i]) * x[k] * w[j])));
  });
}

TEST_CASE("sums, products and extrema by key fill tables", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, n, special);
    const auto key = keys(dice, n, static_cast<int>(m));
    Tensor<float, 1> y(m);
    const float none = -INFINITY, most = INFINITY;
    check(prepared(y[c], Assign::set, sum(k, delta(c, key[k]) * x[k])));
    check(prepared(y[c], Assign::set, max(k, where(key[k] == c, x[k], none))));
    check(prepared(y[c], Assign::set, min(k, where(c == key[k], x[k], most))));
    check(prepared(y[c], Assign::set, prod(k, where(key[k] == c, x[k] >= 0, 1))), false);
    Tensor<bool, 1> found(m);
    check(prepared(found[c], Assign::set, any(k, (key[k] == c) & (x[k] > 0))));
    check(prepared(found[c], Assign::set, all(k, (key[k] != c) | (x[k] > 0))), false);
  });
}

TEST_CASE("the winner of each key is found in two passes, not in one per key", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, n, special);
    const auto key = keys(dice, n, static_cast<int>(m));
    Tensor<std::int64_t, 1> at(m);
    const float none = -INFINITY, most = INFINITY;
    const Prepared p = prepared(at[c], Assign::set, argmax(k, where(key[k] == c, x[k], none)));
    check(p, false);
    const std::string index = p.executable->dump(Executable::Stage::index, p.tensors, p.params);
    CHECK(index.find("max=") != std::string::npos);
    CHECK(index.find("min=") != std::string::npos);
    check(prepared(at[c], Assign::set, argmin(k, where(key[k] == c, x[k], most))), false);
  });
}

TEST_CASE("extrema over a delta are guarded reads", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, m, special);
    const auto label = keys(dice, n, static_cast<int>(m));
    Tensor<float, 1> y(n);
    const float none = -INFINITY;
    check(prepared(y[i], Assign::set, max(k, where(k == label[i], x[k], none))));
    Tensor<bool, 1> found(n);
    check(prepared(found[i], Assign::set, any(k, (k == label[i]) & (x[k] > 0))));
    Tensor<std::int64_t, 1> at(n);
    check(prepared(at[i], Assign::set, argmax(k, where(k == label[i], x[k], none))), false);
  });
}

TEST_CASE("conditions on a reduced index become the range that it runs over", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, n, special);
    const auto low = keys(dice, m, static_cast<int>(n)), high = keys(dice, m, static_cast<int>(n));
    Tensor<float, 1> y(n), z(m);
    const Prepared prefix = prepared(y[i], Assign::set, sum(k, where(k <= i, x[k], 0)));
    check(prefix);
    CHECK(prefix.executable->dump(Executable::Stage::index, prefix.tensors, prefix.params).find("select") ==
          std::string::npos);
    const Prepared rows = prepared(z[b], Assign::set, sum(k, where((low[b] <= k) & (k < high[b]), x[k], 0)));
    check(rows);
    CHECK(rows.executable->dump(Executable::Stage::index, rows.tensors, rows.params).find("select") ==
          std::string::npos);
    check(prepared(z[b], Assign::set, max(k, where(k >= low[b], x[k], -INFINITY))));
    check(prepared(y[i], Assign::set, sum(k, where(2 * k < i, x[k], 0))));
  });
}

TEST_CASE("reading a maximum at its own winner is the maximum", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = filled<float>([&](auto) { return special && dice.chance(10) ? NAN : dice.below(9) - 4; }, n, m);
    Tensor<float, 1> y(n);
    const Prepared p = prepared(y[i], Assign::set, x[i, argmax(k, x[i, k])]);
    check(p, false);
    CHECK(p.executable->dump(Executable::Stage::index, p.tensors, p.params).find(".value") != std::string::npos);
  });
}

TEST_CASE("a condition selects all of its product, and of the quotient above which that stands", "[delta]") {
  for_data([](test::Dice& dice, std::int64_t n, std::int64_t m, bool special) {
    const auto x = floats(dice, n, special), y = floats(dice, m, special);
    const auto label = keys(dice, n, static_cast<int>(m));
    Tensor<float, 2> part(n, m), last(n, m);
    part[i, k] = delta(k, label[i]) * x[i] / y[k];
    last[i, k] = x[i] * (-(y[k] * delta(k, label[i])) + 0) * y[k] / x[i];  // no product with a condition
    Tensor<float, 1> total(n);
    total[i] = sum(k, delta(k, label[i]) * x[i] / y[k]);
    for (std::int64_t a = 0; a < n; ++a) {
      for (std::int64_t b = 0; b < m; ++b) {
        const bool chosen = label.at(a) == b;
        CHECK(test::same_value(Scalar::of(part.at(a, b)), Scalar::of(chosen ? x.at(a) / y.at(b) : 0.0f)));
        const float inner = chosen ? -y.at(b) + 0 : 0;
        CHECK(test::same_value(Scalar::of(last.at(a, b)), Scalar::of(x.at(a) * inner * y.at(b) / x.at(a))));
      }
      const bool found = label.at(a) >= 0 && label.at(a) < m;
      const float expected = found ? x.at(a) / y.at(label.at(a)) : 0;
      CHECK((total.at(a) == expected || (std::isnan(total.at(a)) && std::isnan(expected))));
    }
  });
}

TEST_CASE("what a range that is empty would select is not looked at", "[delta]") {
  const Tensor<std::int64_t, 1> far{7, 8, 9};  // its elements are no positions in it
  const Tensor<float, 1> x{1, 2, 3, 4, 5};
  Tensor<float, 1> y(3);
  check(prepared(y[i], Assign::set, sum(k(i + 1, 0), where(k == far[far[i]], x[k], 0))));
  check(prepared(y[i], Assign::set, sum(k(i + 5, 9), where(k == far[far[i]], x[k], 0))));
  check(prepared(y[i], Assign::set, sum(k(0, -i), where(k == far[far[i]], x[k], 0))));
}
