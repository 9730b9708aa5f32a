// The text of programs: what people read, and the canonical form that keys caches.
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "support/program_builder.hpp"
#include "support/random_program.hpp"

using namespace ricci;
using namespace ricci::ir;
using ricci::test::ProgramBuilder;

namespace {

/// picked[b, h, w] = feature[b, argmax(c, scores[b, c, h, w]), h, w]
Program picked(const std::vector<std::string>& names, bool noise = false) {
  ProgramBuilder b;
  if (noise) b.op(Op::add, {b.index(3), b.whole(77)});  // other nodes first: ids must not show
  const TensorId out = b.tensor(names[0], DType::f32, 3), feature = b.tensor(names[1], DType::f32, 4),
                 scores = b.tensor(names[2], DType::f32, 4);
  const AxisId ib = b.axis(names[3]), c = b.axis(names[4]), h = b.axis(names[5]), w = b.axis(names[6]);
  Expr i = b.index(ib), j = b.index(h), k = b.index(w);
  if (noise) b.at(scores, {k, j, i, i});
  b.program.axes[ib].sizes.clear();
  Expr best = b.fold(Reduction::argmax, {c}, b.at(scores, {i, b.index(c), j, k}));
  b.assign(out, {i, j, k}, b.at(feature, {i, best, j, k}), {ib, h, w});
  b.program.axes[h].sizes = b.program.axes[w].sizes = {};
  return std::move(b.program);
}

}  // namespace

TEST_CASE("a program prints as it is read", "[ir][print]") {
  CHECK(to_string(picked({"picked", "feature", "scores", "b", "c", "h", "w"})) ==
        "tensor picked f32[3], feature f32[4], scores f32[4]\n"
        "axis b = scores.0, feature.0, picked.0\n"
        "axis c = scores.1\n"
        "axis h\n"
        "axis w\n"
        "picked[b, h, w] = feature[b, argmax(c, scores[b, c, h, w]), h, w]   over b, h, w\n");
}

TEST_CASE("every feature of a program prints", "[ir][print]") {
  ProgramBuilder b;
  const TensorId out = b.tensor("out", DType::f64, 1), x = b.tensor("x", DType::f32, 2),
                 t = b.tensor("t", DType::i64, 2);
  const AxisId i = b.axis("i"), k = b.axis("k", 7), q = b.axis("q");
  b.program.axes[q].tables = true;
  b.program.tensors[t].table = {q, k};
  Expr alpha = b.param("alpha", DType::f64);
  Expr ii = b.index(i), kk = b.index(k), inside = b.op(Op::less, {kk, ir::extent(b.graph(), i)});
  Expr element =
      b.at(x, {b.op(Op::remainder, {b.op(Op::add, {ii, kk}), b.whole(3)}), kk}, inside, Policy::assume_inside);
  Expr scaled = b.op(Op::multiply, {b.cast(DType::f64, element), b.op(Op::add, {alpha, b.value(-2.0)})});
  Statement& s =
      b.assign(out, {b.op(Op::maximum, {ii, b.whole(-1)})}, b.fold(Reduction::sum, {k}, scaled), {i}, Reduction::sum);
  s.guard = b.op(Op::logical_not, {b.op(Op::equal, {ii, b.whole(2)})});
  s.policy = Policy::assume_inside;
  b.assign(out, {ii}, b.value(std::numeric_limits<double>::infinity()), {i}, Reduction::max);
  CHECK(to_string(b.program) ==
        "tensor out f64[1], x f32[2], t i64[2]{q, k}\n"
        "axis i = out.0\n"
        "axis k = 7, x.1\n"
        "axis q = tables\n"
        "param alpha f64\n"
        "out[maximum(i, -1)]! += sum(k, f64((x[(i + k) % 3, k]! if k < extent(i))) * (alpha + -2.0))"
        "   if !(i == 2)   over i\n"
        "out[i] max= inf   over i\n");
  CHECK(to_string(b.program, false) ==
        "tensor t0 f64[1], t1 f32[2], t2 i64[2]{i2, i1}\n"
        "axis i0 = t0.0\n"
        "axis i1 = 7, t1.1\n"
        "axis i2 = tables\n"
        "param p0 f64\n"
        "t0[maximum(i0, i64:0xffffffffffffffff)]! += sum(i1, f64((t1[(i0 + i1) % i64:0x3, i1]! if i1 < extent(i0)))"
        " * (p0 + f64:0xc000000000000000))   if !(i0 == i64:0x2)   over i0\n"
        "t0[i0] max= f64:0x7ff0000000000000   over i0\n");
}

TEST_CASE("a shared fold is written once, above its statement", "[ir][print]") {
  ProgramBuilder b;
  const TensorId out = b.tensor("out", DType::f32, 1), x = b.tensor("x", DType::f32, 2);
  const AxisId i = b.axis("i"), k = b.axis("k");
  Expr best = b.fold(Reduction::argmax, {k}, b.at(x, {b.index(i), b.index(k)}));
  Expr value = project(b.graph(), best->as<Project>()->fold, 0);
  b.assign(out, {b.index(i)}, b.op(Op::add, {value, b.cast(DType::f32, b.op(Op::negate, {best}))}), {i});
  const std::string text = to_string(b.program);
  CHECK(text.substr(text.find("  %")) ==
        "  %1 = argmax(k, x[i, k])\n"
        "out[i] = %1.value + f32(negate(%1))   over i\n");
  CHECK(to_string(b.program, b.op(Op::subtract, {best, b.op(Op::abs, {best})})) ==
        "%1 - abs(%1)   where %1 = argmax(k, x[i, k])");
}

TEST_CASE("the text of a graph grows with its nodes, not with its paths", "[ir][print]") {
  Program p;
  Expr e = param(p.graph, 0, DType::i64);
  for (int n = 0; n < 200; ++n) e = apply(p.graph, Op::maximum, {e, apply(p.graph, Op::abs, {e})});
  CHECK(to_string(p, e).size() < 20000);
}

TEST_CASE("renamed programs have equal canonical text", "[ir][print]") {
  const Program a = picked({"picked", "feature", "scores", "b", "c", "h", "w"});
  const Program b = picked({"out", "x", "y", "n", "k", "i", "j"}, true);
  CHECK(to_string(a) != to_string(b));
  CHECK(to_string(a, false) == to_string(b, false));
}

TEST_CASE("each field of a program is in its canonical text", "[ir][print]") {
  const auto build = [](const std::function<void(ProgramBuilder&, Statement&)>& change, int variant = 0) {
    ProgramBuilder b;
    const TensorId out = b.tensor("out", DType::f32, 1), x = b.tensor("x", DType::f32, 2),
                   u = b.tensor("u", DType::i32, 1);
    const AxisId i = b.axis("i"), k = b.axis("k"), l = b.axis("l", 4);
    b.param("p", DType::f32);
    b.param("q", DType::f32);
    Expr ii = b.index(i), kk = b.index(variant == 1 ? l : k), ll = b.index(l);
    Expr inside = b.op(variant == 2 ? Op::less_equal : Op::less, {kk, variant == 3 ? ii : ll});
    Expr element = b.at(variant == 4 ? out : x,
                        variant == 4 ? std::vector<Expr>{ii} : std::vector<Expr>{ii, b.whole(variant == 5)},
                        variant == 6 ? nullptr : inside, variant == 7 ? Policy::assume_inside : Policy::check);
    Expr converted = b.cast(variant == 8 ? DType::i8 : DType::i32, element);
    Expr sum =
        b.fold(variant == 9 ? Reduction::prod : Reduction::sum,
               variant == 10 ? std::vector<AxisId>{l, k} : std::vector<AxisId>{k, l}, b.cast(DType::f32, converted));
    Expr best = b.fold(Reduction::argmax, {k}, b.at(u, {kk}));
    Expr chosen = variant == 11 ? b.cast(DType::i64, project(b.graph(), best->as<Project>()->fold, 0)) : best;
    Expr constant = b.value(variant == 12 ? -0.0f : 0.0f);
    Expr scalar = ir::param(b.graph(), variant == 13, DType::f32);
    Expr size = ir::extent(b.graph(), variant == 14 ? k : i);
    Expr all = b.op(Op::add, {b.op(Op::add, {sum, constant}),
                              b.op(Op::add, {scalar, b.cast(DType::f32, b.op(Op::add, {chosen, size}))})});
    Statement& s = b.assign(out, {ii}, all, {i});
    change(b, s);
    return to_string(b.program, false);
  };
  std::set<std::string> texts;
  const auto nothing = [](ProgramBuilder&, Statement&) {};
  for (int variant = 0; variant <= 14; ++variant) {
    INFO("variant " << variant << "\n" << build(nothing, variant));
    CHECK(texts.insert(build(nothing, variant)).second);
  }
  const std::function<void(ProgramBuilder&, Statement&)> changes[] = {
      [](ProgramBuilder&, Statement& s) { s.update = Reduction::sum; },
      [](ProgramBuilder&, Statement& s) { s.update = Reduction::max; },
      [](ProgramBuilder&, Statement& s) { s.update = Reduction::min; },
      [](ProgramBuilder&, Statement& s) { s.policy = Policy::assume_inside; },
      [](ProgramBuilder&, Statement& s) { s.domain = {0, 2}; },
      [](ProgramBuilder&, Statement& s) { s.domain = {2, 0}; },
      [](ProgramBuilder& b, Statement& s) { s.guard = b.op(Op::less, {b.index(0), b.whole(2)}); },
      [](ProgramBuilder& b, Statement& s) { s.subscripts = {b.whole(0)}; },
      [](ProgramBuilder&, Statement& s) { s.target = 2; },
      [](ProgramBuilder&, Statement& s) { s.in_order = 0; },
      [](ProgramBuilder&, Statement& s) { s.stage = 2; },
      [](ProgramBuilder& b, Statement& s) { b.program.statements.push_back(Statement(s)); },
      [](ProgramBuilder& b, Statement&) { b.program.tensors[2].dtype = DType::u32; },
      [](ProgramBuilder& b, Statement&) { b.program.tensors[2].rank = 2; },
      [](ProgramBuilder& b, Statement&) { b.program.tensors[2].table = {0}; },
      [](ProgramBuilder& b, Statement&) { b.tensor("more", DType::f32, 1); },
      [](ProgramBuilder& b, Statement&) { b.program.axes[2].fixed = 5; },
      [](ProgramBuilder& b, Statement&) { b.program.axes[2].tables = true; },
      [](ProgramBuilder& b, Statement&) { b.program.axes[1].sizes.clear(); },
      [](ProgramBuilder& b, Statement&) { b.program.axes[1].sizes = {{1, 1}}; },
      [](ProgramBuilder& b, Statement&) { b.axis("more", 3); },
      [](ProgramBuilder& b, Statement&) { b.program.params[0].dtype = DType::f64; },
      [](ProgramBuilder& b, Statement&) { b.param("more", DType::f32); }};
  for (std::size_t n = 0; n < std::size(changes); ++n) {
    INFO("change " << n);
    CHECK(texts.insert(build(changes[n])).second);
  }
}

TEST_CASE("random programs of different seeds have different text", "[ir][print][random]") {
  std::set<std::string> texts;
  int repeated = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed)
    repeated += !texts.insert(to_string(test::random_case(seed).program, false)).second;
  CHECK(repeated < 6);  // a few tiny programs meet by chance
}
