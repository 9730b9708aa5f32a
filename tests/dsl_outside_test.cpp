// Out-of-range policies: clip, wrap, fill, drop, assume_inside, in both languages and by every way to run them.
#include <catch2/catch.hpp>

#include <algorithm>

#include "ricci/compile.hpp"

#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::i, ricci::names::j;
using Catch::Matchers::Contains;
using test::values;

namespace {

using Floats = std::vector<float>;

const Tensor<float, 1> x{10, 11, 12};
const Tensor<int, 1> at{0, 3, -1};
const Tensor<float, 2> grid{{1, 2, 3}, {4, 5, 6}};

/// The value of a text statement over x, at and grid, by the native code and by the reference.
template <class T>
std::vector<T> text_values(const std::string& text) {
  return test::text_values<T>(text, {{"x", x.array()}, {"at", at.array()}, {"grid", grid.array()}});
}

std::string text_fault(const std::string& text) {
  return test::text_fault(text, {{"x", x.array()}, {"at", at.array()}, {"grid", grid.array()}});
}

}  // namespace

TEST_CASE("each policy has its own answer to a subscript that is outside") {
  CHECK(values(evaluate(clip(x)[at[i]])) == Floats{10, 12, 10});
  CHECK(values(evaluate(wrap(x)[at[i]])) == Floats{10, 10, 12});
  CHECK(values(evaluate(fill(x, 7)[at[i]])) == Floats{10, 7, 7});
  CHECK_THROWS_WITH(evaluate(x[at[i]]), Contains("subscript 3 is outside axis 0 of t1 (extent 3) at i=1"));
  CHECK(text_values<float>("clip(x)[at[i]]") == Floats{10, 12, 10});
  CHECK(text_values<float>("wrap(x)[at[i]]") == Floats{10, 10, 12});
  CHECK(text_values<float>("fill(x, 7)[at[i]]") == Floats{10, 7, 7});
}

TEST_CASE("subscripts that only u64 can hold are far beyond the end") {
  const Tensor<std::uint64_t, 1> far{0, 1, std::uint64_t{1} << 63, ~std::uint64_t{0}};  // modulo 3: 0, 1, 2, 0
  CHECK(values(evaluate(clip(x)[far[i]])) == Floats{10, 11, 12, 12});
  CHECK(values(evaluate(wrap(x)[far[i]])) == Floats{10, 11, 12, 10});
  CHECK(values(evaluate(fill(x, 7)[far[i]])) == Floats{10, 11, 7, 7});
  CHECK(test::text_values<float>("wrap(x)[far]", {{"x", x.array()}, {"far", far.array()}}) == Floats{10, 11, 12, 10});
}

TEST_CASE("an array as a subscript obeys the policy") {
  CHECK(values(Tensor<float, 1>(clip(x)[at])) == Floats{10, 12, 10});
  CHECK(text_values<float>("fill(x, -1)[at]") == Floats{10, -1, -1});
}

TEST_CASE("neighbours beyond the border") {
  for (int n : {1, 2, 3, 15, 16, 17, 33}) {
    const auto line = test::filled<float>(test::shuffled(19), n);
    Tensor<float, 1> clipped(n), wrapped(n), filled(n);
    clipped[i] = clip(line)[i - 1] + clip(line)[i + 2];
    wrapped[i] = wrap(line)[i - 1] + wrap(line)[i + 2];
    filled[i] = fill(line, 0.5)[i - 1] + fill(line, -1)[i + 2];
    for (int k = 0; k < n; ++k) {
      CHECK(clipped.at(k) == line.at(std::max(k - 1, 0)) + line.at(std::min(k + 2, n - 1)));
      CHECK(wrapped.at(k) == line.at((k + n - 1) % n) + line.at((k + 2) % n));
      CHECK(filled.at(k) == (k > 0 ? line.at(k - 1) : 0.5f) + (k + 2 < n ? line.at(k + 2) : -1.0f));
    }
  }
}

TEST_CASE("a fill value may depend on the indices, and on axes of two dimensions at once") {
  Tensor<float, 2> moved(2, 3);
  moved[i, j] = fill(grid, 10 * i + j)[i + 1, j - 1];
  CHECK(values(moved) == Floats{0, 4, 5, 10, 11, 12});
  CHECK(text_values<float>("t = zeros(2, 3)\nt[i, j] = fill(grid, 10 * i + j)[i + 1, j - 1]") == values(moved));
}

TEST_CASE("a negative integer counts from the end before the policy decides") {
  CHECK(float(evaluate(clip(x)[-1])) == 12);
  CHECK(float(evaluate(clip(x)[-9])) == 10);
  CHECK(float(evaluate(clip(x)[9])) == 12);
  CHECK(float(evaluate(wrap(x)[4])) == 11);
  CHECK(float(evaluate(fill(x, 7)[3])) == 7);
  CHECK(text_values<float>("fill(x, 7)[-4] + clip(x)[-1]") == Floats{19});
}

TEST_CASE("a bare index always fits, and takes its extent from the tensor") {
  CHECK(values(evaluate(clip(x)[i])) == values(x));
  CHECK(values(evaluate(fill(x, 7)[i])) == values(x));
  CHECK(values(evaluate(wrap(grid)[i, j])) == values(grid));
}

TEST_CASE("writes outside are dropped, clipped or wrapped") {
  Tensor<float, 1> dropped(3), clipped(3), wrapped(3), last(3);
  drop(dropped)[at[i]] += x[i];
  clip(clipped)[at[i]] += x[i];
  wrap(wrapped)[at[i]] += x[i];
  clip(last)[at[i]] = x[i];
  CHECK(values(dropped) == Floats{10, 0, 0});
  CHECK(values(clipped) == Floats{22, 0, 11});
  CHECK(values(wrapped) == Floats{21, 0, 12});
  CHECK(values(last) == Floats{12, 0, 11});
  CHECK(text_values<float>("t = zeros(3)\ndrop(t)[at[i]] += x[i]") == values(dropped));
  CHECK(text_values<float>("t = zeros(3)\nclip(t)[at[i]] += x[i]") == values(clipped));
  CHECK(text_values<float>("t = zeros(3)\nwrap(t)[at[i]] += x[i]") == values(wrapped));
}

TEST_CASE("a dropped write leaves the neighbours alone") {
  Tensor<float, 2> t(2, 3);
  drop(t)[i + 1, j - 1] = grid[i, j];
  CHECK(values(t) == Floats{0, 0, 0, 2, 3, 0});
}

TEST_CASE("an axis of extent 0 has nothing to clip or wrap to") {
  const Tensor<float, 1> none(0);
  CHECK_THROWS_WITH(evaluate(clip(none)[at[i]]), Contains("is outside axis 0 of t1 (extent 0) at i=0"));
  CHECK_THROWS_WITH(evaluate(wrap(none)[at[i]]), Contains("is outside axis 0 of t1 (extent 0) at i=0"));
  CHECK(values(evaluate(fill(none, 3)[at[i]])) == Floats{3, 3, 3});
}

TEST_CASE("subscripts that are promised to be inside are not checked") {
  const Tensor<int, 1> order{2, 0, 1};
  CHECK(values(evaluate(assume_inside(x)[order[i]])) == Floats{12, 10, 11});
  CHECK(last_report().checks.empty());
  evaluate(x[order[i]]);
  CHECK(last_report().checks.size() == 1);
}

TEST_CASE("policies that cannot be say so") {
  CHECK_THAT(text_fault("clip(x + 1)[i]"), Contains("are for tensors; evaluate the expression first"));
  CHECK_THAT(text_fault("fill(at, 0.5)[i]"),
             Contains("would change the kind of the elements; write a cast, as in i64(...): f64 for i32"));
  CHECK_THAT(text_fault("fill(x, 0)[at[i]] = 1"), Contains("fill(x, v)[...] is for reading"));
  CHECK_THAT(text_fault("drop(x)[at[i]]"), Contains("drop(x)[...] is for writing"));
  CHECK_THAT(text_fault("x[i] = 1 + drop(x)[at[i]]"), Contains("drop(x)[...] is for writing"));
  CHECK_THAT(text_fault("x[drop(at)[i]] = 1"), Contains("drop(x)[...] is for writing"));
  CHECK_THAT(text_fault("clip(x)"), Contains("expected '[' and subscripts"));
  CHECK_THAT(text_fault("clip(y)[i] = 1"), Contains("unknown name 'y'"));
  CHECK_THAT(text_fault("fill(x)[i]"), Contains("expected ',' and the value outside, found ')'"));
}
