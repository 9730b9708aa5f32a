// Temporaries that hold a few slices of an outer axis at a time, because the nests that fill and read them take turns.
#include <catch2/catch.hpp>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using Catch::Matchers::Contains;
using namespace ricci::test;
using namespace ricci::names;

namespace {

auto attention(const Tensor<float, 3>& query, const Tensor<float, 3>& key, const Tensor<float, 3>& value) {
  return sum(k, softmax(k, sum(e, query[h, i, e] * key[h, k, e])) * value[h, k, j]);
}

Report run_with(const Prepared& p, int threads) {
  Options options;
  options.threads = threads;
  return p.executable->run(p.tensors, p.params, options);
}

bool is_sliced(const Prepared& p) { return loops_of(p).find("\nslices of phases") != std::string::npos; }

}  // namespace

TEST_CASE("attention of many heads stores a few of them at a time") {
  Dice dice{std::mt19937_64(1)};
  const int heads = 200, queries = 40, keys = 70, features = 24;
  const Tensor<float, 3> q = uneven(dice, heads, queries, features), x = uneven(dice, heads, keys, features),
                         v = uneven(dice, heads, keys, 20);
  Tensor<float, 3> y(heads, queries, 20), one(1, queries, 20);
  const Prepared p = prepared(y[h, i, j], Assign::set, attention(q, x, v));
  CHECK(loops_of(p).find("\nslices of phases 0 to 3 with ") != std::string::npos);
  CHECK(run_with_threads(p) == "");
  for (int threads : {1, 3, 5}) {
    const std::int64_t bytes = run_with(p, threads).temporary_bytes;
    CHECK(bytes == threads * 2 * queries * keys * static_cast<std::int64_t>(sizeof(float)));
  }
  // Each head is what it is alone.
  for (int n : {0, 1, 99, 199}) {
    const auto head = [&](const Tensor<float, 3>& of) {
      const auto size = of.extent(1) * of.extent(2);
      return filled<float>([&](std::int64_t at) { return values(of)[n * size + at]; }, 1, of.extent(1), of.extent(2));
    };
    one[h, i, j] = attention(head(q), head(x), head(v));
    CHECK(values(head(y)) == values(one));
  }
}

TEST_CASE("slices that keep all threads busy by themselves are stored one at a time") {
  Dice dice{std::mt19937_64(2)};
  const Tensor<float, 3> q = uneven(dice, 3, 256, 32), x = uneven(dice, 3, 256, 32), v = uneven(dice, 3, 256, 160);
  Tensor<float, 3> y(3, 256, 160);
  const Prepared p = prepared(y[h, i, j], Assign::set, attention(q, x, v));
  CHECK(run_with_threads(p) == "");
  const Report report = p.executable->run(p.tensors, p.params);
  CHECK(report.temporary_bytes == 2 * 256 * 256 * 4);
  CHECK_THAT(explain(report), Contains("would be computed again and again, a part of it at a time\n"));
}

TEST_CASE("slices are stored one for each thread where there are enough of them") {
  Dice dice{std::mt19937_64(2)};
  const Tensor<float, 3> q = uneven(dice, 12, 256, 32), x = uneven(dice, 12, 256, 32), v = uneven(dice, 12, 256, 160);
  Tensor<float, 3> y(12, 256, 160);
  const Prepared p = prepared(y[h, i, j], Assign::set, attention(q, x, v));
  const std::int64_t slice = 2 * 256 * 256 * 4;
  CHECK(run_with(p, 2).temporary_bytes == 2 * slice);
  const std::vector<float> of_two = values(y);
  CHECK(run_with(p, 3).temporary_bytes == 3 * slice);
  CHECK(values(y) == of_two);
  CHECK(run_with(p, 8).temporary_bytes == slice);  // one after another, each in parallel
  CHECK(values(y) == of_two);
  CHECK(run_with(p, 2).temporary_bytes == 2 * slice);
}

TEST_CASE("small slices are taken together, and few of them not at all") {
  Dice dice{std::mt19937_64(3)};
  for (int heads : {1, 2, 40, 3000}) {
    const Tensor<float, 3> q = uneven(dice, heads, 3, 2), x = uneven(dice, heads, 4, 2), v = uneven(dice, heads, 4, 5);
    Tensor<float, 3> y(heads, 3, 5);
    const Prepared p = prepared(y[h, i, j], Assign::set, attention(q, x, v));
    if (heads < 100) CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
    CHECK(p.executable->run(p.tensors, p.params).temporary_bytes == std::int64_t{heads} * 2 * 3 * 4 * 4);
  }
}

TEST_CASE("slices agree in every way to run them") {
  Dice dice{std::mt19937_64(4)};
  const Tensor<float, 3> q = uneven(dice, 40, 9, 30), x = uneven(dice, 40, 17, 30), v = uneven(dice, 40, 17, 20);
  Tensor<float, 3> y(40, 9, 20);
  const auto powers = exp(sum(e, q[h, i, e] * x[h, k, e]));
  CHECK(run_everywhere(prepared(y[h, i, j], Assign::set, sum(k, powers * v[h, k, j]))).fault == "");
}

TEST_CASE("a nest that reads all slices runs after them") {
  Dice dice{std::mt19937_64(5)};
  // Too few of anything for a product's tiles, which would go through the axes in another order than the next nest.
  const Tensor<float, 3> q = uneven(dice, 40, 2, 7), x = uneven(dice, 40, 2, 7);
  const Tensor<float, 4> v = uneven(dice, 40, 40, 2, 5);
  Tensor<float, 3> y(40, 2, 5);
  const Prepared p =
      prepared(y[h, i, j], Assign::set, sum(l, k, exp(sum(e, q[l, i, e] * x[l, k, e])) * v[h, l, k, j]));
  CHECK(loops_of(p).find("\nslices of phases 0 to 2 with ") != std::string::npos);
  CHECK(run_with_threads(p) == "");
}

TEST_CASE("nothing is sliced where checks remain, whose order decides which one is reported") {
  Dice dice{std::mt19937_64(6)};
  const Tensor<float, 3> q = uneven(dice, 40, 9, 7), x = uneven(dice, 40, 11, 7), v = uneven(dice, 40, 11, 5);
  const Tensor<std::int64_t, 1> at = filled<std::int64_t>([](std::int64_t n) { return n % 11; }, 11);
  Tensor<float, 3> y(40, 9, 5);
  const auto scores = sum(e, q[h, i, e] * x[h, at[k], e]);
  CHECK(!is_sliced(prepared(y[h, i, j], Assign::set, sum(k, softmax(k, scores) * v[h, k, j]))));
}
