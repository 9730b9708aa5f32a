// Positional subscripts: whole axes, slices, ellipsis, newaxis, integer arrays and masks, with NumPy's shapes.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using Catch::Matchers::Contains;
using test::filled;
using test::values;

namespace {

using Shape = std::vector<std::int64_t>;

const Tensor<std::int64_t, 3> x = filled<std::int64_t>([](auto n) { return n; }, 6, 4, 3);
const Tensor<std::int64_t, 2> at{{0, -1 + 1, 3}, {2, 2, 1}};  // a 2 by 3 array of subscripts of axis 1
const Tensor<std::int64_t, 1> line{5, 6, 7, 8};

test::Bindings bindings() { return {{"x", x.array()}, {"at", at.array()}, {"line", line.array()}}; }

/// The C++ and the text spelling have this shape and equal elements.
template <int Rank>
void same(const Tensor<std::int64_t, Rank>& t, const std::string& text, const Shape& shape) {
  CAPTURE(text);
  CHECK(Shape(t.extents().begin(), t.extents().end()) == shape);
  CHECK(test::text_shape(text, bindings()) == shape);
  CHECK(test::text_values<std::int64_t>(text, bindings()) == values(t));
}

std::string text_fault(const std::string& text) { return test::text_fault(text, bindings()); }

}  // namespace

TEST_CASE("slices, a new axis and an integer stand in the order of the axes") {
  const auto t = evaluate(x[slice(1, 5, 2), slice({}, {}, -1), -1, newaxis]);
  same(t, "x[1:5:2, ::-1, -1, newaxis]", {2, 4, 1});
  for (int p = 0; p < 2; ++p)
    for (int q = 0; q < 4; ++q) CHECK(t.at(p, q, 0) == x.at(1 + 2 * p, 3 - q, 2));
}

TEST_CASE("bounds of slices count from the end, are clipped, and may be left out") {
  same(evaluate(x[slice(-2, {}), 0, 0]), "x[-2:, 0, 0]", {2});
  same(evaluate(x[slice({}, -4), 0, 0]), "x[:-4, 0, 0]", {2});
  same(evaluate(x[slice(4, 99), 0, 0]), "x[4:99, 0, 0]", {2});
  same(evaluate(x[slice(4, 2), 0, 0]), "x[4:2, 0, 0]", {0});
  same(evaluate(x[slice(4, {}, -2), 0, 0]), "x[4::-2, 0, 0]", {3});
  same(evaluate(x[slice({}, 1, -2), 0, 0]), "x[:1:-2, 0, 0]", {2});
  CHECK(values(evaluate(x[slice({}, 1, -2), 0, 0])) == Shape{60, 36});
}

TEST_CASE("an ellipsis stands for the axes that are left") {
  same(evaluate(x[ellipsis]), "x[...]", {6, 4, 3});
  same(evaluate(x[0, ellipsis]), "x[0, ...]", {4, 3});
  same(evaluate(x[ellipsis, 2]), "x[..., 2]", {6, 4});
  same(evaluate(x[1, ellipsis, 2, 0]), "x[1, ..., 2, 0]", {});
  CHECK(values(evaluate(x[ellipsis, 2])) == values(evaluate(x[all, all, 2])));
}

TEST_CASE("a new axis takes the extent of what it is combined with, or 1") {
  same(evaluate(line[all, newaxis] * line[newaxis, all]), "line[:, newaxis] * line[newaxis, :]", {4, 4});
  same(evaluate(line[newaxis, all, newaxis]), "line[newaxis, :, newaxis]", {1, 4, 1});
  same(evaluate(sum(line[newaxis, all], 0)), "sum(line[newaxis, :], 0)", {4});
  const auto outer = evaluate(line[all, newaxis] * line[newaxis, all]);
  CHECK(outer.at(1, 3) == 6 * 8);
}

TEST_CASE("a new axis is 1 in a new tensor with named axes, and in the subscripts of a write") {
  CHECK(test::text_shape("r[i, j] = line[:, newaxis]", bindings()) == Shape{4, 1});
  CHECK(test::text_shape("r[i, j] = sum(x[:, 2, :], -1, keepdims)", bindings()) == Shape{6, 1});
  CHECK(test::text_values<double>("var(sum(x, 0, keepdims), 0, keepdims)", bindings()) == std::vector<double>(12));
  const std::string shift = "t = line + 0\nrows = iota(2)\n";
  CHECK(test::text_values<std::int64_t>(shift + "t[rows[:, newaxis]] = 9\nt", bindings()) == Shape{9, 9, 7, 8});
  CHECK(test::text_values<std::int64_t>(shift + "t[rows[:, newaxis] + 2 * rows[newaxis, :]] = 9\nt", bindings()) ==
        Shape{9, 9, 9, 9});
}

TEST_CASE("the axes of integer arrays go where NumPy puts them") {
  same(evaluate(x[0, at, 0]), "x[0, at, 0]", {2, 3});
  same(evaluate(x[all, at, all]), "x[:, at, :]", {6, 2, 3, 3});
  same(evaluate(x[all, at, 0]), "x[:, at, 0]", {6, 2, 3});
  same(evaluate(x[0, all, at % 3]), "x[0, :, at % 3]", {2, 3, 4});
  same(evaluate(x[at, all, at % 3]), "x[at, :, at % 3]", {2, 3, 4});
  same(evaluate(x[newaxis, at, ellipsis]), "x[newaxis, at, ...]", {1, 2, 3, 4, 3});
  same(evaluate(x[all, at, newaxis, 0]), "x[:, at, newaxis, 0]", {2, 3, 6, 1});
  const auto t = evaluate(x[slice(2, 4), at, slice(0, 2)]);
  for (int p = 0; p < 2; ++p)
    for (int r = 0; r < 2; ++r)
      for (int c = 0; c < 3; ++c)
        for (int q = 0; q < 2; ++q) CHECK(t.at(p, r, c, q) == x.at(2 + p, static_cast<int>(at.at(r, c)), q));
}

TEST_CASE("positional subscripts are written to") {
  auto t = x.copy();
  t[0, slice(0, 2), all] = 7;
  t[slice(4, {}), ellipsis, -1] += x[slice(0, 2), all, 0];
  t[all, at, 1] = -1;
  for (int p = 0; p < 6; ++p)
    for (int q = 0; q < 4; ++q)
      for (int r = 0; r < 3; ++r) {
        std::int64_t expected = p == 0 && q < 2 ? 7 : x.at(p, q, r);
        if (p >= 4 && r == 2) expected += x.at(p - 4, q, 0);
        if (r == 1) expected = -1;
        CHECK(t.at(p, q, r) == expected);
      }
  const std::string text =
      "t = x + 0\nt[0, 0:2, :] = 7\nt[4:, ..., -1] += x[0:2, :, 0]\nt[:, at, 1] = -1\nt";
  CHECK(test::text_values<std::int64_t>(text, bindings()) == values(t));
}

TEST_CASE("the outcome of a write is the whole variable") {
  CHECK(test::text_shape("t = x + 0\nt[0, 0:2, :] = 7", bindings()) == Shape{6, 4, 3});
}

TEST_CASE("overlapping slices of one tensor: the right-hand side sees the old values") {
  Tensor<std::int64_t, 1> up{1, 2, 3, 4, 5, 6}, down = up.copy(), turned = up.copy();
  up[slice(1, {})] = up[slice(0, -1)];
  down[slice(0, -1)] = down[slice(1, {})];
  turned[all] = turned[slice({}, {}, -1)];
  CHECK(values(up) == Shape{1, 1, 2, 3, 4, 5});
  CHECK(values(down) == Shape{2, 3, 4, 5, 6, 6});
  CHECK(values(turned) == Shape{6, 5, 4, 3, 2, 1});
}

TEST_CASE("a mask on the left chooses the elements that are written") {
  auto t = x.copy();
  t[t % 2 == 0] = -1;
  t[x[all, 0, 0] > 40, all, all] += 100;
  t[x[all, all, 0] < 10, 2] = 0;
  for (int p = 0; p < 6; ++p)
    for (int q = 0; q < 4; ++q)
      for (int r = 0; r < 3; ++r) {
        const std::int64_t before = x.at(p, q, r) % 2 == 0 ? -1 : x.at(p, q, r);
        const std::int64_t expected = before + (x.at(p, 0, 0) > 40 ? 100 : 0);
        CHECK(t.at(p, q, r) == (r == 2 && x.at(p, q, 0) < 10 ? 0 : expected));
      }
  const std::string text =
      "t = x + 0\nt[t % 2 == 0] = -1\nt[x[:, 0, 0] > 40, :, :] += 100\nt[x[:, :, 0] < 10, 2] = 0\nt";
  CHECK(test::text_values<std::int64_t>(text, bindings()) == values(t));
}

TEST_CASE("a mask on the left takes what the same mask chooses on the right") {
  auto t = x.copy();
  const auto y = evaluate(x * 7 % 40);
  t[x > 30] = y[x > 30] + 1;                                              // a mask of three axes
  t[x[all, all, 0] < 10, all] -= 2 * y[x[all, all, 0] < 10, all];        // of two, beside a whole axis
  t[t[all, 0, 0] > 40, 0, 0] = t[t[all, 0, 0] > 40, 1, 0];                // of what is written
  const auto before = [&](int p, int q, int r) {
    const std::int64_t v = x.at(p, q, r), w = y.at(p, q, r);
    return (v > 30 ? w + 1 : v) - (x.at(p, q, 0) < 10 ? 2 * w : 0);
  };
  for (int p = 0; p < 6; ++p)
    for (int q = 0; q < 4; ++q)
      for (int r = 0; r < 3; ++r) {
        const bool moved = q == 0 && r == 0 && before(p, 0, 0) > 40;
        CHECK(t.at(p, q, r) == before(p, moved ? 1 : q, r));
      }
  const std::string text =
      "t = x + 0\ny = x * 7 % 40\nt[x > 30] = y[x > 30] + 1\nt[x[:, :, 0] < 10, :] -= 2 * y[x[:, :, 0] < 10, :]\n"
      "t[t[:, 0, 0] > 40, 0, 0] = t[t[:, 0, 0] > 40, 1, 0]\nt";
  CHECK(test::text_values<std::int64_t>(text, bindings()) == values(t));
  // The numbers of both masks are those of the call.
  for (const std::int64_t limit : {6, 7, 5}) {
    auto u = line.copy();
    u[line > limit] = line[line > limit] * limit;
    for (int n = 0; n < 4; ++n) CHECK(u.at(n) == (line.at(n) > limit ? line.at(n) * limit : line.at(n)));
    const auto other = [&](std::int64_t b) { u[line > limit] = line[line > b] * limit; };
    other(limit);
    if (limit == 6) CHECK_THROWS_WITH(other(limit + 1), Contains("extent 1 in nonzero("));
  }
  // What is chosen has an order, and running sums, of its own.
  CHECK_THAT(text_fault("line[line > 5] = cumsum(line[line > 5], 0)"), Contains("extent 3 in nonzero("));
  CHECK_THAT(text_fault("line[line > 5] = line[line < 6]"), Contains("extent 1 in nonzero("));
}

TEST_CASE("a whole tensor is updated") {
  auto t = line.copy();
  t += 2;
  t *= line;
  t -= x[0, all, 1];
  CHECK(values(t) == Shape{7 * 5 - 1, 8 * 6 - 4, 9 * 7 - 7, 10 * 8 - 10});
  CHECK(test::text_values<std::int64_t>("t = line + 0\nt += 2\nt *= line\nt -= x[0, :, 1]", bindings()) == values(t));
  auto bounded = line.copy();
  bounded.max_assign(6);
  bounded.min_assign(7);
  CHECK(values(bounded) == Shape{6, 6, 7, 7});
  CHECK(test::text_values<std::int64_t>("t = line + 0\nt max= 6\nt min= 7", bindings()) == values(bounded));
}

TEST_CASE("other bounds of a slice compile nothing new") {
  const auto part = [](int first, int last) { return evaluate(line[slice(first, last)] * 3); };
  part(0, 2);
  const std::int64_t compiled = cache_counters().compiled;
  CHECK(values(part(1, 4)) == Shape{18, 21, 24});
  CHECK(values(part(2, 3)) == Shape{21});
  CHECK(cache_counters().compiled == compiled);
}

TEST_CASE("positional subscripts that cannot be say so") {
  CHECK_THAT(text_fault("x[i, :, 0]"), Contains("a list of subscripts is named or positional; indices do not"));
  CHECK_THAT(text_fault("x[..., ...]"), Contains("a list of subscripts may have one ellipsis"));
  CHECK_THAT(text_fault("x[:, newaxis, 0]"), Contains("must equal the rank of the tensor; "
                                                      "an ellipsis stands for the others: 2 subscripts, rank 3"));
  CHECK_THAT(text_fault("x[::0, 0, 0]"), Contains("the step of a slice is 0"));
  CHECK_THAT(text_fault("x[1.5:, 0, 0]"), Contains("the bounds of a slice are integers"));
  CHECK_THAT(text_fault("x[:, 9, 0]"), Contains("subscript 9 is outside axis 1 of x, which has extent 4"));
  CHECK_THAT(text_fault("x[2:4, 0, 0] + line[:3]"), Contains("extent 2 in axis 0 of x[2:4, 0, 0]") &&
                                                        Contains("extent 3 in axis 0 of line[:3]"));
  CHECK_THAT(text_fault("x[:, at, 0] + x[:, :, 0]"), Contains("ranks 2 and 3"));
  CHECK_THAT(text_fault("(x + 1)[:, :, :]"), Contains("an expression is subscripted by different indices"));
  CHECK_THROWS_WITH(evaluate(x[slice(0, 4, 0), 0, 0]), Contains("the step of a slice is 0"));
}
