// Walks share and memoise, respect binders and do not recurse.
#include <catch2/catch.hpp>

#include "support/program_builder.hpp"

using namespace ricci;
using namespace ricci::ir;

TEST_CASE("substitution replaces free uses everywhere", "[ir]") {
  Graph g;
  Expr i = axis(g, 0), j = axis(g, 1), e = axis(g, 7);
  const auto f = [&](Expr x) {
    return apply(
        g, Op::select,
        {apply(g, Op::less, {x, j}), read(g, 0, DType::f32, {x, j}, Policy::assume_inside, apply(g, Op::less, {j, x})),
         cast(g, DType::f32, fold(g, Reduction::argmin, {4}, apply(g, Op::add, {x, axis(g, 4)})))});
  };
  CHECK(substitute(g, f(i), {{0, e}}) == f(e));
  CHECK(substitute(g, f(i), {{5, e}}) == f(i));
  CHECK(substitute(g, f(i), {}) == f(i));
}

TEST_CASE("substitution does not touch what a fold binds", "[ir]") {
  Graph g;
  Expr i = axis(g, 0), k = axis(g, 1), nine = constant(g, 9);
  const auto body = [&](Expr x, Expr y) { return apply(g, Op::multiply, {x, y}); };
  Expr sum = fold(g, Reduction::sum, {1}, body(i, k));
  CHECK(substitute(g, sum, {{1, nine}}) == sum);
  CHECK(substitute(g, sum, {{0, nine}}) == fold(g, Reduction::sum, {1}, body(nine, k)));
  CHECK(substitute(g, sum, {{0, nine}, {1, nine}}) == fold(g, Reduction::sum, {1}, body(nine, k)));
  Expr free_and_bound = apply(g, Op::add, {k, sum});
  CHECK(substitute(g, free_and_bound, {{1, nine}}) == apply(g, Op::add, {nine, sum}));
  Expr nested = fold(g, Reduction::max, {0}, apply(g, Op::add, {i, sum}));
  CHECK(substitute(g, nested, {{0, nine}, {1, nine}}) == nested);
  Expr arg = fold(g, Reduction::argmax, {1}, body(i, k));
  CHECK(substitute(g, arg, {{0, nine}, {1, nine}}) == fold(g, Reduction::argmax, {1}, body(nine, k)));
}

TEST_CASE("a node shared inside and outside of a binder is replaced only outside", "[ir]") {
  Graph g;
  Expr k = axis(g, 1), x = read(g, 0, DType::i64, {k}), four = constant(g, 4);
  Expr e = apply(g, Op::subtract, {x, fold(g, Reduction::max, {1}, x)});
  CHECK(substitute(g, e, {{1, four}}) ==
        apply(g, Op::subtract, {read(g, 0, DType::i64, {four}), fold(g, Reduction::max, {1}, x)}));
}

TEST_CASE("substitution simplifies anew", "[ir]") {
  Graph g;
  Expr i = axis(g, 0);
  Expr e =
      apply(g, Op::select, {apply(g, Op::less, {i, constant(g, 3)}), param(g, 0, DType::f32), param(g, 1, DType::f32)});
  CHECK(substitute(g, e, {{0, constant(g, 1)}}) == param(g, 0, DType::f32));
}

TEST_CASE("rewrite visits each node once, children first", "[ir]") {
  Graph g;
  Expr e = param(g, 0, DType::i64);
  for (int n = 0; n < 60; ++n) e = apply(g, Op::maximum, {apply(g, Op::negate, {e}), apply(g, Op::abs, {e})});
  int visits = 0;
  Memo memo;
  CHECK(rewrite(g, e, memo, [&](Expr original, Expr rebuilt) {
          ++visits;
          for (Expr child : children(original)) CHECK(memo.contains(child));
          return rebuilt;
        }) == e);
  CHECK(visits == 181);
  rewrite(g, e, memo, [&](Expr, Expr rebuilt) { return ++visits, rebuilt; });
  CHECK(visits == 181);  // the memo was kept
}

TEST_CASE("rewrite rebuilds every kind of node", "[ir]") {
  Graph g;
  const auto f = [&](std::int64_t c) {
    Expr n = constant(g, c), i = axis(g, 0);
    Expr x = read(g, 0, DType::f32, {apply(g, Op::add, {i, n})}, Policy::assume_inside, apply(g, Op::less, {i, n}));
    Expr best = fold(g, Reduction::argmax, {0}, x);
    Expr value = project(g, best->as<Project>()->fold, 0);
    return apply(g, Op::add, {cast(g, DType::f32, best), apply(g, Op::add, {value, fold(g, Reduction::sum, {0}, x)})});
  };
  Memo memo;
  CHECK(rewrite(g, f(5), memo, [&](Expr, Expr e) { return e == constant(g, 5) ? constant(g, 6) : e; }) == f(6));
}

TEST_CASE("chains of a hundred thousand nodes are walked and printed", "[ir]") {
  Graph g;
  Expr a = axis(g, 0), b = axis(g, 0);
  Expr one = constant(g, 1);
  for (int n = 0; n < 100000; ++n) a = apply(g, Op::negate, {apply(g, Op::add, {a, one})});
  b = substitute(g, a, {{0, axis(g, 1)}});
  CHECK(b->free == std::vector<AxisId>{1});
  CHECK(substitute(g, b, {{1, axis(g, 0)}}) == a);
  Program p;
  p.graph = g;
  CHECK(to_string(p, a, false).size() > 1000000);
}
