// Reductions made of others, keepdims, and the order of the axes of a new tensor.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "ricci/compile.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::i, ricci::names::j, ricci::names::k;
using Catch::Matchers::Contains;
using test::filled;
using test::shuffled;
using test::values;

namespace {

constexpr int rows = 5, columns = 19;
constexpr float infinity = std::numeric_limits<float>::infinity();
const Tensor<float, 2> x = filled<float>(shuffled(13), rows, columns);
const Tensor<int, 2> whole{{1, 5, 3}, {9, 2, 4}};

test::Bindings bindings() { return {{"x", x.array()}, {"whole", whole.array()}}; }
std::string text_fault(const std::string& text) { return test::text_fault(text, bindings()); }

/// The same values by native code and by the reference, up to the order of float sums.
std::vector<float> text_values(const std::string& text) {
  std::vector<float> results[2];
  for (Backend backend : {Backend::native, Backend::reference}) {
    Session s = test::session_of(bindings(), backend);
    const Array value = s.run(text).back().value;
    const float* data = static_cast<const float*>(value.data());
    results[backend == Backend::reference].assign(data, data + value.size());
  }
  REQUIRE(results[0].size() == results[1].size());
  for (std::size_t n = 0; n < results[0].size(); ++n) REQUIRE(results[0][n] == Approx(results[1][n]).epsilon(1e-5));
  return results[0];
}

struct Row {
  double mean = 0, var = 0, squares = 0, exponentials = 0;
};
Row row(int r) {
  Row of;
  for (int c = 0; c < columns; ++c) {
    of.mean += x.at(r, c) / double(columns);
    of.squares += x.at(r, c) * x.at(r, c);
    of.exponentials += std::exp(x.at(r, c));
  }
  for (int c = 0; c < columns; ++c) of.var += std::pow(x.at(r, c) - of.mean, 2) / columns;
  return of;
}

void near(const Tensor<float, 1>& t, double (*expected)(const Row&)) {
  REQUIRE(t.size() == rows);
  for (int r = 0; r < rows; ++r) CHECK(t.at(r) == Approx(expected(row(r))).epsilon(1e-5));
}

}  // namespace

TEST_CASE("variance, deviation, norm and logsumexp of a row") {
  const auto var_of = [](const Row& r) { return r.var; };
  const auto stddev_of = [](const Row& r) { return std::sqrt(r.var); };
  const auto norm_of = [](const Row& r) { return std::sqrt(r.squares); };
  const auto logsumexp_of = [](const Row& r) { return std::log(r.exponentials); };
  near(var(j, x[i, j]), var_of);
  near(var(x, 1), var_of);
  near(stddev(j, x[i, j]), stddev_of);
  near(stddev(x, -1), stddev_of);
  near(norm(j, x[i, j]), norm_of);
  near(norm(x, 1), norm_of);
  near(logsumexp(j, x[i, j]), logsumexp_of);
  near(logsumexp(x, 1), logsumexp_of);
  CHECK(text_values("var(x, 1)") == values(Tensor<float, 1>(var(x, 1))));
  CHECK(text_values("stddev(j, x[i, j])") == values(Tensor<float, 1>(stddev(x, 1))));
  CHECK(text_values("norm(x, 1)") == values(Tensor<float, 1>(norm(x, 1))));
  CHECK(text_values("logsumexp(j, x[i, j])") == values(Tensor<float, 1>(logsumexp(x, 1))));
}

TEST_CASE("over several indices they see all of the elements") {
  CHECK(float(Tensor(norm(i, j, x[i, j]))) == Approx(std::sqrt(double(float(Tensor(sum(i, j, sq(x[i, j]))))))));
  double mean = 0, var_of_all = 0;
  for (float v : values(x)) mean += v / double(rows * columns);
  for (float v : values(x)) var_of_all += (v - mean) * (v - mean) / (rows * columns);
  CHECK(float(Tensor(var(i, j, x[i, j]))) == Approx(var_of_all));
}

TEST_CASE("softmax keeps its index and its axis") {
  const auto named = evaluate(softmax(j, x[i, j])), positional = evaluate(softmax(x, 1));
  static_assert(std::is_same_v<decltype(named), const Tensor<float, 2>>);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      CHECK(named.at(r, c) == Approx(std::exp(x.at(r, c)) / row(r).exponentials).epsilon(1e-5));
  CHECK(values(positional) == values(named));
  CHECK(text_values("softmax(x, 1)") == values(named));
  CHECK(text_values("softmax(j, x[i, j])") == values(named));
  CHECK(last_report().temporary_bytes == 0);
}

TEST_CASE("softmax over several indices sums to one") {
  CHECK(float(Tensor(sum(i, j, softmax(i, j, x[i, j])))) == Approx(1));
  CHECK(float(Tensor(sum(i, j, softmax(i, j, x)))) == Approx(1));
}

TEST_CASE("attention: a softmax within a sum over its index") {
  const auto v = filled<float>(shuffled(7), columns, 3);
  const auto y = evaluate(sum(k, softmax(k, x[i, k]) * v[k, j]));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < 3; ++c) {
      double expected = 0;
      for (int n = 0; n < columns; ++n) expected += std::exp(x.at(r, n)) / row(r).exponentials * v.at(n, c);
      CHECK(y.at(r, c) == Approx(expected).epsilon(1e-5));
    }
}

TEST_CASE("exponentials neither overflow nor lose infinities") {
  const Tensor<float, 2> t{{1000, 1000}, {-infinity, -infinity}, {-infinity, 3}, {infinity, 0}, {-2000, -2000}};
  const auto l = evaluate(logsumexp(t, 1));
  const auto s = evaluate(softmax(t, 1));
  CHECK(l.at(0) == Approx(1000 + std::log(2.0)));
  CHECK(l.at(1) == -infinity);
  CHECK(l.at(2) == 3);
  CHECK(l.at(3) == infinity);
  CHECK(l.at(4) == Approx(-2000 + std::log(2.0)));
  CHECK(s.at(0, 1) == 0.5f);
  CHECK(std::isnan(s.at(1, 0)));
  CHECK(s.at(2, 0) == 0);
  CHECK(s.at(2, 1) == 1);
}

TEST_CASE("of integers they are doubles") {
  static_assert(std::is_same_v<decltype(evaluate(var(whole, 1))), Tensor<double, 1>>);
  CHECK(evaluate(var(whole, 1)).at(0) == Approx(8.0 / 3));
  CHECK(evaluate(norm(j, whole[i, j])).at(0) == Approx(std::sqrt(35.0)));
}

TEST_CASE("a kept axis combines with the array it comes from") {
  const auto centred = evaluate(whole - max(whole, 1, keepdims));
  CHECK(values(centred) == std::vector<int>{-4, 0, -2, 0, -7, -5});
  const auto kept = evaluate(sum(whole, 0, keepdims));
  static_assert(std::is_same_v<decltype(kept), const Tensor<std::int64_t, 2>>);
  CHECK((kept.extent(0) == 1 && kept.extent(1) == 3));
  CHECK(values(kept) == std::vector<std::int64_t>{10, 7, 7});
  CHECK(values(evaluate(argmax(whole, 1, keepdims))) == std::vector<std::int64_t>{1, 0});
  CHECK(test::text_values<int>("whole - max(whole, 1, keepdims)", bindings()) == values(centred));
  CHECK(test::text_shape("sum(whole, 0, keepdims)", bindings()) == std::vector<std::int64_t>{1, 3});
  CHECK(test::text_shape("sum(whole, -1, keepdims)", bindings()) == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("order() decides the axes of a new tensor") {
  const auto turned = evaluate(order(whole[i, j] + 1, j, i));
  CHECK((turned.extent(0) == 3 && turned.extent(1) == 2));
  CHECK(values(turned) == std::vector<int>{2, 10, 6, 3, 4, 5});
  const auto square = filled<int>(shuffled(7), 3, 3);
  const auto both = evaluate(order(square[i, j] - square[j, i], j, i));
  for (int r = 0; r < 3; ++r)
    for (int c = 0; c < 3; ++c) CHECK(both.at(c, r) == square.at(r, c) - square.at(c, r));
  CHECK(test::text_values<int>("order(whole[i, j] + 1, j, i)", bindings()) == values(turned));
  CHECK_THAT(text_fault("order(whole[i, j], j)"), Contains("order(e, ...) names each free index of e once"));
  CHECK_THAT(text_fault("order(whole[i, j], j, 1)"), Contains("expected an index, found '1'"));
}

TEST_CASE("without an axis a reduction is over all, and what keeps its axes runs along the only one") {
  const auto x = filled<float>(shuffled(11), 3, 4);
  const auto v = filled<float>(shuffled(7), 9);
  CHECK(evaluate(sum(x)).at() == evaluate(sum(x, axes<0, 1>)).at());
  CHECK(evaluate(argmax(x)).at() == evaluate(argmax(i, j, x[i, j])).at());
  CHECK(evaluate(all(x >= 0)).at());
  CHECK(evaluate(max(x * x)).at() == evaluate(max(x * x, axes<0, 1>)).at());
  CHECK(values(evaluate(x - mean(x))) == values(evaluate(x[i, j] - mean(x, axes<0, 1>))));
  CHECK(values(evaluate(cumsum(v))) == values(evaluate(cumsum(v, 0))));
  CHECK(values(evaluate(softmax(v))) == values(evaluate(softmax(k, v[k]))));
  CHECK(values(evaluate(sort(v))) == values(evaluate(sort(v, 0))));
  CHECK(values(evaluate(argsort(v, descending))) == values(evaluate(argsort(v, 0, descending))));
  CHECK(values(evaluate(topk<3>(v))) == values(evaluate(topk<3>(v, 0))));
  const auto [best, at] = max_with_index(v);
  CHECK(best.at() == v.at(at.at()));
  const test::Bindings bindings{{"v", v.array()}};
  CHECK(test::text_values<float>("cumsum(v)", bindings) == values(evaluate(cumsum(v))));
  CHECK(test::text_values<float>("softmax(v)", bindings) == values(evaluate(softmax(v))));
  CHECK(test::text_values<float>("sort(v)", bindings) == values(evaluate(sort(v))));
  const auto order = values(evaluate(argsort(v, descending)));
  CHECK(test::text_values<std::int64_t>("argsort(v, descending)", bindings) == order);
  CHECK(test::text_values<std::int64_t>("argtopk(v, 3)", bindings) == values(evaluate(argtopk<3>(v))));
}

TEST_CASE("reductions that cannot be say so") {
  CHECK_THAT(text_fault("softmax(x)"), Contains("of an array with several axes this needs one"));
  CHECK_THAT(text_fault("sum(x, 1, keep)"), Contains("expected keepdims, found 'keep'"));
  CHECK_THAT(text_fault("softmax(x, 2)"), Contains("axis 2, rank 2"));
  CHECK_THAT(text_fault("softmax(k, x[i, j])"), Contains("a reduced index must occur in what is reduced"));
}
