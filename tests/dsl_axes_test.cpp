// Reductions over several axes by position: the same as over their indices, in both languages.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using Catch::Matchers::Contains;
using ricci::names::i, ricci::names::j, ricci::names::k, ricci::names::p;
using test::filled;
using test::shuffled;
using test::values;

namespace {

using Shape = std::vector<std::int64_t>;

const Tensor<float, 3> x = filled<float>(shuffled(11), 3, 4, 17);  // with ties
const Tensor<bool, 3> yes = filled<bool>([](auto n) { return n % 5 != 0; }, 3, 4, 17);

test::Bindings bindings() {
  return {{"x", x.array()}, {"yes", yes.array()}};
}

template <class T, int Rank>
Shape shape(const Tensor<T, Rank>& t) {
  return {t.extents().begin(), t.extents().end()};
}

/// The native values of a text, of any dtype, and their shape.
struct Result {
  Shape extents;
  std::vector<double> elements;
  bool operator==(const Result&) const = default;
};
Result result(const Array& array) {
  Result r{{array.extents().begin(), array.extents().end()}, {}};
  for (std::int64_t n = 0; n < array.size(); ++n)
    r.elements.push_back(Scalar::load(array.dtype(), static_cast<const char*>(array.data()) +
                                                         n * static_cast<std::int64_t>(size_of(array.dtype())))
                             .as_double());
  return r;
}
Result result(const std::string& text, Backend backend = Backend::native) {
  CAPTURE(text);
  return result(test::session_of(bindings(), backend).run(text).back().value);
}

/// Both are the same, and the same but for the order of float sums as the reference evaluator has it.
void same(const std::string& text, const std::string& expected) {
  CAPTURE(text, expected);
  const Result found = result(text), reference = result(text, Backend::reference);
  CHECK(found == result(expected));
  CHECK(found.extents == reference.extents);
  REQUIRE(found.elements.size() == reference.elements.size());
  for (std::size_t n = 0; n < found.elements.size(); ++n)
    CHECK(found.elements[n] == Approx(reference.elements[n]).epsilon(1e-4));
}

/// The C++ and the text spelling are the same.
template <class T, int Rank>
void both(const Tensor<T, Rank>& t, const std::string& text) {
  CAPTURE(text);
  CHECK(result(t.array()) == result(text));
}

const std::string reducers[] = {"sum", "prod", "mean", "var",   "stddev", "norm",   "min",
                                "max", "any",  "all",  "count", "argmin", "argmax", "logsumexp"};

std::string argument(const std::string& reducer) {
  if (reducer == "prod") return "abs(x - 5) / 4 + 0.5";
  return reducer == "any" || reducer == "all" || reducer == "count" ? "yes" : "x";
}

std::string subscripted(std::string text, const std::string& subscripts) {
  for (const std::string name : {"yes", "x"})
    if (const std::size_t at = text.find(name); at != std::string::npos)
      return text.insert(at + name.size(), subscripts);
  return text;
}

}  // namespace

TEST_CASE("every reduction over two axes is that over their indices") {
  for (const std::string& reducer : reducers) {
    const std::string array = argument(reducer);
    const std::string named = subscripted(array, "[i, j, k]");
    same(reducer + "(" + array + ", (0, 2))", reducer + "(i, k, " + named + ")");
    same(reducer + "(" + array + ", (1, 2))", reducer + "(j, k, " + named + ")");
    same(reducer + "(" + array + ", (-3, -2))", reducer + "(i, j, " + named + ")");
    same(reducer + "(" + array + ", (0, 1, 2))", reducer + "(i, j, k, " + named + ")");
    same(reducer + "(" + array + ", (2))", reducer + "(k, " + named + ")");
  }
}

TEST_CASE("what is found counts row-major in the order in which the axes are written") {
  same("argmax(x, (2, 0))", "argmax(k, i, x[i, j, k])");
  same("argmax(x, (0, 2))", "argmax(i, k, x[i, j, k])");
  CHECK_FALSE(result("argmax(x, (2, 0))") == result("argmax(x, (0, 2))"));
  same("argmin(x, (1, 2, 0))", "argmin(j, k, i, x[i, j, k])");
  same("argsort(x, (2, 0))", "argsort(k, i, x[i, j, k])");
  same("sort(x, (0, 2), descending)", "sort(i, k, x[i, j, k], descending)");
}

TEST_CASE("with keepdims each of the axes stays, with extent 1 or that of what it meets") {
  for (const std::string& reducer : reducers) {
    const std::string array = argument(reducer);
    const Result kept = result(reducer + "(" + array + ", (0, 2), keepdims)");
    const Result dropped = result(reducer + "(" + array + ", (0, 2))");
    CHECK(kept.extents == Shape{1, 4, 1});
    CHECK(kept.elements == dropped.elements);
    CHECK(result(reducer + "(" + array + ", (2, 1), keepdims)").extents == Shape{3, 1, 1});
    CHECK(result(reducer + "(" + array + ", (1, 0, 2), keepdims)").extents == Shape{1, 1, 1});
  }
  same("x - mean(x, (0, 2), keepdims)", "t[i, j, k] = x[i, j, k] - mean(l, m, x[l, j, m])");
}

TEST_CASE("softmax over two axes adds up to one over both") {
  same("softmax(x, (0, 2))", "softmax(i, k, x[i, j, k])");
  same("sum(softmax(x, (0, 2)), (0, 2))", "sum(i, k, softmax(i, k, x[i, j, k]))");
  for (double total : result("sum(softmax(x, (-1, 0)), (0, 2))").elements) CHECK(total == Approx(1));
}

TEST_CASE("the largest few of several axes stand where the first of them was") {
  same("topk(x, 5, (0, 2))", "t[p, j] = topk(i, k, x[i, j, k], 5)[p]");
  same("topk(x, 5, (1, 2))", "t[i, p] = topk(j, k, x[i, j, k], 5)[p]");
  same("argtopk(x, 5, (2, 0))", "t[p, j] = argtopk(k, i, x[i, j, k], 5)[p]");
  same("argtopk(x, 5, (2, 1))", "t[i, p] = argtopk(k, j, x[i, j, k], 5)[p]");
  same("argtopk(x, 5, (0, 1, 2))", "argtopk(i, j, k, x[i, j, k], 5)[p]");
}

TEST_CASE("C++ writes axes<0, 2>") {
  both(Tensor(sum(x, axes<0, 2>)), "sum(x, (0, 2))");
  both(Tensor(prod(x, axes<0, 2>)), "prod(x, (0, 2))");
  both(Tensor(mean(x, axes<-1, 1>, keepdims)), "mean(x, (-1, 1), keepdims)");
  both(Tensor(var(x, axes<0, 1>)), "var(x, (0, 1))");
  both(Tensor(stddev(x, axes<0, 1>)), "stddev(x, (0, 1))");
  both(Tensor(norm(x, axes<1, 2>)), "norm(x, (1, 2))");
  both(Tensor(min(x, axes<0, 1, 2>)), "min(x, (0, 1, 2))");
  both(Tensor(max(x, axes<2, 0>)), "max(x, (2, 0))");
  both(Tensor(any(yes, axes<0, 1>)), "any(yes, (0, 1))");
  both(Tensor(all(yes, axes<0, 1>)), "all(yes, (0, 1))");
  both(Tensor(count(yes, axes<1, 0>, keepdims)), "count(yes, (1, 0), keepdims)");
  both(Tensor(argmin(x, axes<2, 0>)), "argmin(x, (2, 0))");
  both(Tensor(argmax(x, axes<-1, 0>, keepdims)), "argmax(x, (2, 0), keepdims)");
  both(Tensor(logsumexp(x, axes<0, 2>)), "logsumexp(x, (0, 2))");
  both(Tensor(softmax(x, axes<0, 2>)), "softmax(x, (0, 2))");
  both(Tensor(sort(x, axes<0, 2>, descending)), "sort(x, (0, 2), descending)");
  both(Tensor(argsort(x, axes<2, 1>)), "argsort(x, (2, 1))");
  both(Tensor(topk<4>(x, axes<2, 0>)), "topk(x, 4, (2, 0))");
  both(Tensor(argtopk<4>(x, axes<2, 0>)), "argtopk(x, 4, (2, 0))");
  const auto [best, at] = max_with_index(x, axes<0, 2>);
  both(best, "max(x, (0, 2))");
  both(at, "argmax(x, (0, 2))");
}

TEST_CASE("a reduction over two axes needs no temporary and no check, and takes names as others do") {
  const Tensor<float, 1> rows = sum(x, axes<1, 2>);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().checks.empty());
  const Tensor<float, 1> named = sum(x, axes<0, 2>)[j], direct = sum(i, k, x[i, j, k]);
  CHECK(values(named) == values(direct));
  const Tensor<float, 3> scaled = x[i, j, k] / max(x, axes<0, 2>)[j];
  const Tensor<float, 1> tops = max(x, axes<0, 2>);
  CHECK(scaled.at(2, 3, 5) == x.at(2, 3, 5) / tops.at(3));
}
