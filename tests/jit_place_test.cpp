// Reductions under loops that they do not use, told by what is stored and by how the cost grows; and such statements in
// every way to run them.
#include <catch2/catch.hpp>

#include <limits>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/growth.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Queries, keys and values of one head.
struct Heads {
  Tensor<float, 2> query, key, value;
  Heads(Dice& dice, int queries, int keys, int features, int columns)
      : query(uneven(dice, queries, features)), key(uneven(dice, keys, features)), value(uneven(dice, keys, columns)) {}
};

auto score(const Heads& x) { return sum(e, x.query[i, e] * x.key[k, e]); }
auto weights(const Heads& x) {
  const auto power = exp(score(x) - max(l, sum(e, x.query[i, e] * x.key[l, e])));
  return power / sum(m, exp(sum(e, x.query[i, e] * x.key[m, e]) - max(l, sum(e, x.query[i, e] * x.key[l, e]))));
}

/// Small, because the reference computes everything again wherever it stands.
int size(Dice& dice) { return dice.one_of({1, 2, 3, 5, 8, 9}); }

std::int64_t temporary_bytes(const Prepared& p) { return p.executable->run(p.tensors, p.params).temporary_bytes; }

}  // namespace

TEST_CASE("attention stores scores and weights once, between two products in tiles of registers") {
  Dice dice{std::mt19937_64(1)};
  const Heads x(dice, 40, 40, 24, 20);
  Tensor<float, 2> y(40, 20);
  const auto from_parts = prepared(y[i, j], Assign::set, sum(k, weights(x) * x.value[k, j]));
  const auto by_softmax = prepared(y[i, j], Assign::set, sum(k, softmax(k, score(x)) * x.value[k, j]));
  const auto before = where(k <= i, score(x), -1e30);
  const auto causal = prepared(y[i, j], Assign::set, sum(k, softmax(k, before) * x.value[k, j]));
  for (const Prepared* p : {&from_parts, &by_softmax, &causal}) {
    CHECK(occurrences(schedule_of(*p, 32), "nest ") == 3);
    CHECK(occurrences(schedule_of(*p, 32), "tile of ") == 2);
    CHECK(occurrences(schedule_of(*p, 32), "kept in the target") == 1);
    CHECK(temporary_bytes(*p) == 2 * 40 * 40 * sizeof(float));
  }
}

TEST_CASE("a denominator outside of the sum takes the powers that are stored for the sum") {
  Dice dice{std::mt19937_64(2)};
  const Heads x(dice, 20, 30, 24, 20);
  Tensor<float, 2> y(20, 20);
  const auto power = exp(score(x) - max(l, sum(e, x.query[i, e] * x.key[l, e])));
  const Prepared p = prepared(y[i, j], Assign::set, sum(k, power * x.value[k, j]) / sum(k, power));
  const std::string index = p.executable->dump(Executable::Stage::index, p.tensors, p.params);
  CHECK(occurrences(index, "exp(") == 1);
  CHECK(occurrences(index, " * ") == 2);
  CHECK(temporary_bytes(p) == (2 * 20 * 30 + 20) * sizeof(float));  // and a sum of them for each row of the product
}

TEST_CASE("norms beside a product of matrices are stored, with their roots") {
  Dice dice{std::mt19937_64(9)};
  const Heads x(dice, 40, 35, 24, 1);
  Tensor<float, 2> y(40, 35);
  const auto left = norm(e, x.query[i, e]);
  const auto right = norm(e, x.key[k, e]);
  for (const Prepared& p : {prepared(y[i, k], Assign::set, score(x) / (left * right)),
                            prepared(y[i, k], Assign::set, (score(x) - mean(e, x.query[i, e])) / right),
                            prepared(y[i, k], Assign::set, sq(left) + sq(right) - 2.5f * score(x))}) {
    CHECK(occurrences(schedule_of(p, 32), "finished in registers") == 1);
    const std::string index = p.executable->dump(Executable::Stage::index, p.tensors, p.params);
    const std::string last = index.substr(index.rfind('!', index.rfind('=')));  // the statement of the result
    CHECK(occurrences(last, "sum(") == 1);
    CHECK(occurrences(last, "sqrt(") == 0);
    CHECK(temporary_bytes(p) == (40 + 35) * sizeof(float));
    CHECK(run_everywhere(p).fault == "");
  }
  // A loop of its own is outside of the columns; what is not below zero is no product.
  const Prepared alone = prepared(y[i, k], Assign::set, max(e, x.query[i, e] + x.key[k, e]) / left);
  CHECK(temporary_bytes(alone) == 0);
}

TEST_CASE("a long product beside sums of its rows has tiles as wide as one that is alone") {
  const Tensor<float, 2> a(300, 64), b(64, 512);
  Tensor<float, 2> y(300, 512);
  const auto product = sum(k, a[i, k] * b[k, j]);
  const std::string beside = schedule_of(prepared(y[i, j], Assign::set, product / sum(k, a[i, k])));
  const std::string alone = schedule_of(prepared(y[i, j], Assign::set, product));
  const auto tile = [](const std::string& schedule) {
    const auto from = schedule.find(": i/", schedule.find("tile of"));
    return schedule.substr(from, schedule.find(';', from) - from);
  };
  CHECK(tile(beside) == tile(alone));
}

TEST_CASE("a softmax of products stores them: the result is as large") {
  Dice dice{std::mt19937_64(3)};
  const Heads x(dice, 20, 30, 24, 1);
  Tensor<float, 2> y(20, 30);
  const Prepared p = prepared(y[i, k], Assign::set, softmax(k, score(x)));
  CHECK(temporary_bytes(p) == 20 * 30 * sizeof(float));
}

TEST_CASE("what is larger than the result is not stored, if no loop runs it again and again") {
  Dice dice{std::mt19937_64(4)};
  const Heads x(dice, 20, 30, 24, 1);
  Tensor<float, 1> y(20);
  const Prepared p = prepared(y[i], Assign::set, logsumexp(k, score(x)));
  CHECK(temporary_bytes(p) == 0);
}

TEST_CASE("a logsumexp of products has a tile for each of its two reductions") {
  Dice dice{std::mt19937_64(8)};
  const Heads x(dice, 40, 40, 24, 1);
  Tensor<float, 1> y(40);
  const Prepared p = prepared(y[i], Assign::set, logsumexp(k, score(x)));
  CHECK(occurrences(schedule_of(p, 32), "tile of ") == 2);
  CHECK(run_everywhere(p).fault == "");
  const Heads far(dice, 35, 150, 9, 1);  // several blocks of rows
  CHECK(run_everywhere(prepared(y[i(0, 35)], Assign::set, logsumexp(k, score(far)))).fault == "");
}

TEST_CASE("one stored row serves both indices of an outer product") {
  Dice dice{std::mt19937_64(5)};
  const Tensor<float, 2> x = uneven(dice, 17, 9);
  Tensor<float, 2> y(17, 17);
  const Prepared p = prepared(y[i, j], Assign::set, sum(k, sq(x[i, k])) * sum(k, sq(x[j, k])));
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(ran.report.temporary_bytes == 17 * sizeof(float));
  CHECK(occurrences(p.executable->dump(Executable::Stage::index, p.tensors, p.params), "sum(") == 1);
}

TEST_CASE("stored scores agree in every way to run them") {
  Dice dice{std::mt19937_64(6)};
  for (int n = 0; n < 4; ++n) {
    const int queries = size(dice), keys = size(dice), columns = size(dice);
    CAPTURE(queries, keys, columns);
    const Heads x(dice, queries, keys, size(dice), columns);
    Tensor<float, 2> y(queries, columns), w(queries, keys);
    const Tensor<std::int64_t, 1> seen = filled<std::int64_t>([&](auto) { return dice.below(keys) + 1; }, queries);
    CHECK(run_everywhere(prepared(y[i, j], Assign::set, sum(k, softmax(k, score(x)) * x.value[k, j]))).fault == "");
    CHECK(run_everywhere(prepared(w[i, k], Assign::set, weights(x))).fault == "");
    const auto ranged = sum(k(0, seen[i]), softmax(k(0, seen[i]), score(x)) * x.value[k, j]);
    CHECK(run_everywhere(prepared(y[i, j], Assign::set, ranged)).fault == "");
    const auto centred = sum(k, (x.query[i, k] - mean(l, x.query[i, l])) * x.key[j, k]);
    CHECK(run_everywhere(prepared(w[i, j], Assign::add, centred)).fault == "");
    CHECK(run_with_threads(prepared(y[i, j], Assign::set, sum(k, weights(x) * x.value[k, j]))) == "");
  }
}

TEST_CASE("the cost of attention grows with the pairs of queries and keys, in every form") {
  Dice dice{std::mt19937_64(7)};
  const auto cost = [&](int n, const auto& of) {
    const Heads x(dice, n, n, 24, 20);
    Tensor<float, 2> y(n, 20), w(n, n);
    return steps_of([&] { of(x, y, w); });
  };
  const auto grows = [&](const auto& of) { return double(cost(64, of)) / double(cost(32, of)); };
  CHECK(grows([](auto& x, auto& y, auto&) { y[i, j] = sum(k, softmax(k, score(x)) * x.value[k, j]); }) < 5);
  CHECK(grows([](auto& x, auto& y, auto&) { y[i, j] = sum(k, weights(x) * x.value[k, j]); }) < 5);
  CHECK(grows([](auto& x, auto&, auto& w) { w[i, k] = softmax(k, score(x)); }) < 5);
  CHECK(grows([](auto& x, auto&, auto& w) { w[i, k] = (score(x) - mean(k, score(x))) / stddev(k, score(x)); }) < 5);
  CHECK(grows([](auto& x, auto&, auto& w) { w[i, k] = score(x) - max(l, sum(e, x.query[l, e] * x.key[i, e])); }) < 5);
  CHECK(grows([](auto& x, auto& y, auto&) {
          y[i, j] = sum(k, softmax(k, where(k <= i, score(x), -1e30)) * x.value[k, j]);
        }) < 5);
}
