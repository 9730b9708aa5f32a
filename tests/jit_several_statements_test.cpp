// Programs of several statements: each sees what those before it have written.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// Empty, or how the ways to run the program differ.
template <class... Tensors>
std::string fault(const ProgramBuilder& b, const Tensors&... tensors) {
  const std::vector<TensorView> views{tensors.array().view()...};
  const Ran ran = run_everywhere(b.program, views);
  return ran.fault + ran.message;
}

/// Whole numbers, so that all sums are exact.
Tensor<double, 1> numbers(std::int64_t n) { return filled<double>(shuffled(5), n); }

}  // namespace

TEST_CASE("a sum over everything is summed again after a statement that writes what it sums") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1), y = b.tensor("y", DType::f64, 1), z = b.tensor("z", DType::f64, 1);
  const auto i = b.axis("i"), k = b.axis("k");
  const ir::Expr sum = b.fold(Reduction::sum, {k}, b.at(x, {b.index(k)}));
  const auto plus = [&](ir::TensorId t) { return b.op(Op::add, {b.at(t, {b.index(i)}), sum}); };
  SECTION("written from other tensors") {
    b.assign(y, {b.index(i)}, plus(y), {i});
    b.assign(x, {b.index(i)}, b.op(Op::multiply, {b.at(y, {b.index(i)}), b.value(2.0)}), {i});
  }
  SECTION("written by a statement that uses the sum itself") {
    b.assign(x, {b.index(i)}, plus(x), {i});
  }
  b.assign(z, {b.index(i)}, plus(x), {i});
  for (const std::int64_t n : {1, 5, 40}) {
    auto a = numbers(n), c = numbers(n), d = numbers(n);
    CHECK(fault(b, a, c, d) == "");
  }
}

TEST_CASE("a stored row of sums is stored again after a statement that writes what it sums") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 2), w = b.tensor("w", DType::f64, 2);
  const auto o = b.tensor("o", DType::f64, 2), p = b.tensor("p", DType::f64, 2);
  const auto i = b.axis("i"), j = b.axis("j"), k = b.axis("k");
  const auto rows = [&](ir::TensorId t, ir::AxisId row) {
    return b.fold(Reduction::sum, {k}, b.at(t, {b.index(row), b.index(k)}));
  };
  const ir::Expr both = b.op(Op::multiply, {rows(x, i), rows(w, j)});
  b.assign(o, {b.index(i), b.index(j)}, both, {i, j});
  for (const ir::TensorId t : {x, w})
    b.assign(t, {b.index(i), b.index(k)}, b.op(Op::add, {b.at(t, {b.index(i), b.index(k)}), b.value(1.0)}), {i, k});
  b.assign(p, {b.index(i), b.index(j)}, both, {i, j});
  for (const std::int64_t n : {1, 3, 18}) {
    auto xs = filled<double>(shuffled(5), n, 7), ws = filled<double>(shuffled(3), n, 7);
    Tensor<double, 2> os(n, n), ps(n, n);
    CHECK(fault(b, xs, ws, os, ps) == "");
  }
}

TEST_CASE("sums by key are summed again after a statement that writes what they sum") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1), key = b.tensor("key", DType::i64, 1);
  const auto h = b.tensor("h", DType::f64, 1), g = b.tensor("g", DType::f64, 1);
  const auto c = b.axis("c"), n = b.axis("n");
  const ir::Expr by_key =
      b.fold(Reduction::sum, {n}, b.where_equal(c, b.at(key, {b.index(n)}), b.at(x, {b.index(n)})));
  b.assign(h, {b.index(c)}, by_key, {c});
  SECTION("the elements") { b.assign(x, {b.index(n)}, b.op(Op::negate, {b.at(x, {b.index(n)})}), {n}); }
  SECTION("the keys") {
    b.assign(key, {b.index(n)}, b.op(Op::subtract, {b.whole(3), b.at(key, {b.index(n)})}), {n});
  }
  b.assign(g, {b.index(c)}, by_key, {c});
  for (const std::int64_t size : {1, 9, 50}) {
    auto xs = numbers(size), hs = numbers(4), gs = numbers(4);
    auto keys = filled<std::int64_t>(shuffled(4), size);
    CHECK(fault(b, xs, keys, hs, gs) == "");
  }
}

TEST_CASE("a winner is searched again after a statement that writes where it is searched") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1), m = b.tensor("m", DType::f64, 2);
  const auto y = b.tensor("y", DType::f64, 1), z = b.tensor("z", DType::f64, 1);
  const auto i = b.axis("i"), k = b.axis("k");
  const ir::Expr row = b.at(m, {b.fold(Reduction::argmax, {k}, b.at(x, {b.index(k)})), b.index(i)});
  b.assign(y, {b.index(i)}, row, {i});
  b.assign(x, {b.index(k)}, b.op(Op::negate, {b.at(x, {b.index(k)})}), {k});
  b.assign(z, {b.index(i)}, row, {i});
  for (const std::int64_t size : {1, 9, 50}) {
    auto xs = numbers(size), ys = numbers(6), zs = numbers(6);
    auto ms = filled<double>(shuffled(91), size, 6);
    CHECK(fault(b, xs, ms, ys, zs) == "");
  }
}

TEST_CASE("the old values of a statement are those that the statement before left") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1);
  const auto i = b.axis("i");
  const ir::Expr last = b.op(Op::subtract, {ir::extent(b.graph(), i), b.whole(1)});
  const ir::Expr mirrored = b.op(Op::subtract, {last, b.index(i)});
  b.assign(x, {b.index(i)}, b.op(Op::multiply, {b.at(x, {b.index(i)}), b.value(3.0)}), {i});
  b.assign(x, {b.index(i)}, b.op(Op::add, {b.at(x, {mirrored}), b.cast(DType::f64, b.index(i))}), {i});
  for (const std::int64_t n : {1, 8, 33}) {
    auto xs = numbers(n);
    CHECK(fault(b, xs) == "");
  }
}

TEST_CASE("a statement sees what those before it wrote through another view of the same memory") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1), y = b.tensor("y", DType::f64, 1), z = b.tensor("z", DType::f64, 1);
  const auto i = b.axis("i"), k = b.axis("k");
  const ir::Expr sum = b.fold(Reduction::sum, {k}, b.at(x, {b.index(k)}));
  b.assign(y, {b.index(i)}, b.op(Op::add, {b.at(y, {b.index(i)}), sum}), {i});
  b.assign(z, {b.index(i)}, b.op(Op::add, {b.at(x, {b.index(i)}), sum}), {i});
  for (const std::int64_t n : {2, 8, 33}) {
    auto all = numbers(n + 1), zs = numbers(n);
    CHECK(fault(b, all.sliced(0, 0, n), all.sliced(0, 1, n + 1), zs) == "");
    CHECK(fault(b, all.sliced(0, 1, n + 1), zs, all.sliced(0, 0, n)) == "");
  }
}

TEST_CASE("an extent is counted in what the statements before have written") {
  ProgramBuilder b;
  const auto x = b.tensor("x", DType::f64, 1), y = b.tensor("y", DType::f64, 1), out = b.tensor("out", DType::f64, 1);
  const auto i = b.axis("i"), n = b.axis("n");
  const ir::Expr condition = b.op(Op::greater, {b.at(x, {b.index(i)}), b.value(2.0)});
  const ir::Expr chosen = ir::nonzero(b.graph(), {i}, condition, b.index(n), 0, n);
  b.program.axes[n].counts = {ir::count(b.graph(), {i}, condition)};
  const auto one_more = [&](ir::TensorId t) { return b.op(Op::add, {b.at(t, {b.index(i)}), b.value(1.0)}); };
  bool same_memory = false;
  SECTION("written by another statement") {
    b.assign(y, {b.index(i)}, one_more(x), {i});
    b.assign(x, {b.index(i)}, b.at(y, {b.index(i)}), {i});
    b.assign(out, {b.index(n)}, b.at(y, {chosen}), {n});
  }
  SECTION("written by the statement that counts, when it has counted") {
    b.assign(x, {b.index(i)}, one_more(x), {i});
    b.assign(out, {b.index(n)}, b.at(x, {chosen}), {n});
    b.assign(x, {b.index(i)}, b.at(y, {b.index(i)}), {i});
  }
  SECTION("written through another view of the same memory") {
    b.assign(y, {b.index(i)}, one_more(y), {i});
    b.assign(out, {b.index(n)}, b.at(x, {chosen}), {n});
    same_memory = true;
  }
  for (const std::int64_t size : {1, 4, 9, 100}) {
    CAPTURE(size);
    auto xs = numbers(size), other = numbers(size);
    std::int64_t count = 0;
    for (const double value : values(xs)) count += value + 1 > 2;
    Tensor<double, 1> outs(count);
    CHECK(fault(b, xs, same_memory ? xs : other, outs) == "");
    for (const double value : values(outs)) CHECK(value > 2);
  }
}
