// The reference evaluator against results written out by hand or by plain loops.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/reference_case.hpp"

using namespace ricci;
using namespace ricci::ir;
using namespace ricci::test;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();

/// The reduction of one vector by the reference.
template <class Result, class T>
Result reduced(Reduction r, std::vector<T> data) {
  Case c;
  std::vector<Result> out(1);
  const TensorId o = c.bind("out", out, {}), x = c.bind("x", data, {static_cast<std::int64_t>(data.size())});
  const AxisId i = c.axis("i");
  c.assign(o, {}, c.fold(r, {i}, c.at(x, {c.index(i)})), {});
  c.run();
  return out[0];
}

}  // namespace

TEST_CASE("a gather reads where the argmax points", "[reference]") {
  Case c;
  constexpr int B = 3, C = 4, H = 2;
  Floats picked(B * H), feature(B * C * H), scores(B * C * H);
  for (int n = 0; n < B * C * H; ++n) {
    feature[n] = static_cast<float>(n);
    scores[n] = static_cast<float>(n * 7 % 11);
  }
  const TensorId o = c.bind("picked", picked, {B, H}), f = c.bind("feature", feature, {B, C, H}),
                 s = c.bind("scores", scores, {B, C, H});
  const AxisId b = c.axis("b"), k = c.axis("c"), h = c.axis("h");
  Expr best = c.fold(Reduction::argmax, {k}, c.at(s, {c.index(b), c.index(k), c.index(h)}));
  c.assign(o, {c.index(b), c.index(h)}, c.at(f, {c.index(b), best, c.index(h)}), {b, h});
  c.run();
  for (int ib = 0; ib < B; ++ib)
    for (int ih = 0; ih < H; ++ih) {
      int winner = 0;
      for (int ic = 1; ic < C; ++ic)
        if (scores[(ib * C + ic) * H + ih] > scores[(ib * C + winner) * H + ih]) winner = ic;
      CHECK(picked[ib * H + ih] == feature[(ib * C + winner) * H + ih]);
    }
}

TEST_CASE("a matrix product is a sum of products in order", "[reference]") {
  Case c;
  Floats a(6), b(12), out(8);
  for (int n = 0; n < 12; ++n) b[n] = 1.0f / static_cast<float>(n + 1), a[n % 6] = 0.1f * static_cast<float>(n);
  const TensorId o = c.bind("out", out, {2, 4}), x = c.bind("a", a, {2, 3}), y = c.bind("b", b, {3, 4});
  const AxisId i = c.axis("i"), j = c.axis("j"), k = c.axis("k");
  Expr product = c.op(Op::multiply, {c.at(x, {c.index(i), c.index(k)}), c.at(y, {c.index(k), c.index(j)})});
  c.assign(o, {c.index(i), c.index(j)}, c.fold(Reduction::sum, {k}, product), {i, j});
  c.run();
  for (int n = 0; n < 8; ++n) {
    float sum = 0;
    for (int m = 0; m < 3; ++m) {
      const float term = a[n / 4 * 3 + m] * b[m * 4 + n % 4];
      sum += term;
    }
    CHECK(out[n] == sum);
  }
}

TEST_CASE("of equal elements the first wins", "[reference]") {
  CHECK(reduced<std::int64_t>(Reduction::argmax, Floats{1, 5, 3, 5}) == 1);
  CHECK(reduced<std::int64_t>(Reduction::argmin, Floats{4, 2, 2, 7}) == 1);
  CHECK(reduced<std::int64_t>(Reduction::argmax, Floats{-0.0f, 0.0f}) == 0);
  CHECK(std::signbit(reduced<float>(Reduction::max, Floats{-0.0f, 0.0f})));
  CHECK_FALSE(std::signbit(reduced<float>(Reduction::min, Floats{0.0f, -0.0f})));
}

TEST_CASE("the first NaN wins at every position", "[reference]") {
  for (std::size_t at = 0; at < 4; ++at)
    for (Reduction r : {Reduction::argmax, Reduction::argmin}) {
      Floats x{1, inf, -inf, 2};
      x[at] = not_a_number;
      CHECK(reduced<std::int64_t>(r, x) == static_cast<std::int64_t>(at));
      x[3] = not_a_number;
      CHECK(reduced<std::int64_t>(r, x) == static_cast<std::int64_t>(at));
      CHECK(std::isnan(reduced<float>(r == Reduction::argmax ? Reduction::max : Reduction::min, x)));
    }
}

TEST_CASE("reductions start from an element, not from an identity", "[reference]") {
  CHECK(reduced<std::int64_t>(Reduction::argmax, Floats{-inf, -inf}) == 0);
  CHECK(reduced<std::int64_t>(Reduction::argmin, Floats{inf, inf}) == 0);
  CHECK(reduced<float>(Reduction::max, Floats{-inf, -inf}) == -inf);
  CHECK(reduced<std::uint8_t>(Reduction::min, std::vector<std::uint8_t>{255, 254}) == 254);
}

TEST_CASE("empty sums, products, any and all are their identities", "[reference]") {
  CHECK(reduced<float>(Reduction::sum, Floats{}) == 0);
  CHECK(reduced<std::int64_t>(Reduction::prod, Ints{}) == 1);
}

TEST_CASE("integer sums wrap", "[reference]") {
  CHECK(reduced<std::uint8_t>(Reduction::sum, std::vector<std::uint8_t>{200, 100}) == 44);
  CHECK(reduced<std::int32_t>(Reduction::sum, std::vector<std::int32_t>{INT32_MAX, 1}) == INT32_MIN);
}

TEST_CASE("any and all combine truth values", "[reference]") {
  for (int bits = 0; bits < 4; ++bits) {
    Case c;
    auto data = std::make_unique<bool[]>(2), out = std::make_unique<bool[]>(2);
    data[0] = bits & 1, data[1] = bits & 2;
    const TensorId o = c.bind("out", out, 2), x = c.bind("x", data, 2);
    const AxisId i = c.axis("i");
    c.assign(o, {c.whole(0)}, c.fold(Reduction::any, {i}, c.at(x, {c.index(i)})), {});
    c.assign(o, {c.whole(1)}, c.fold(Reduction::all, {i}, c.at(x, {c.index(i)})), {});
    c.run();
    CHECK(out[0] == (bits != 0));
    CHECK(out[1] == (bits == 3));
  }
}

TEST_CASE("an arg-reduction over two axes counts row-major in the order written", "[reference]") {
  Case c;
  Floats x{0, 1, 2, 9, 4, 5};
  Ints out(2);
  std::vector<float> value(1);
  const TensorId o = c.bind("out", out, {2}), t = c.bind("x", x, {2, 3}), v = c.bind("value", value, {});
  const AxisId i = c.axis("i"), j = c.axis("j");
  Expr element = c.at(t, {c.index(i), c.index(j)});
  Expr rows = c.fold(Reduction::argmax, {i, j}, element);
  c.assign(o, {c.whole(0)}, rows, {});
  c.assign(o, {c.whole(1)}, c.fold(Reduction::argmax, {j, i}, element), {});
  c.assign(v, {}, project(c.graph(), rows->as<Project>()->fold, 0), {});
  c.run();
  CHECK(out == Ints{3, 1});
  CHECK(value[0] == 9);
}

TEST_CASE("the order of a fold's axes decides ties", "[reference]") {
  Case c;
  Floats x{0, 7, 7, 0};
  Ints out(2);
  const TensorId o = c.bind("out", out, {2}), t = c.bind("x", x, {2, 2});
  const AxisId i = c.axis("i"), j = c.axis("j");
  Expr element = c.at(t, {c.index(i), c.index(j)});
  c.assign(o, {c.whole(0)}, c.fold(Reduction::argmax, {i, j}, element), {});  // x[0, 1]: 0 * 2 + 1
  c.assign(o, {c.whole(1)}, c.fold(Reduction::argmax, {j, i}, element), {});  // x[1, 0]: j = 0, i = 1
  c.run();
  CHECK(out == Ints{1, 1});
}

TEST_CASE("of duplicate assignments the last in row-major order stays", "[reference]") {
  Case c;
  Ints out{-1, -1, -1}, where{2, 0, 2, 0};
  const TensorId o = c.bind("out", out, {3}), t = c.bind("where", where, {4});
  const AxisId i = c.axis("i");
  c.assign(o, {c.at(t, {c.index(i)})}, c.index(i), {i});
  c.run();
  CHECK(out == Ints{3, -1, 2});
}

TEST_CASE("updates accumulate every duplicate", "[reference]") {
  Ints where{2, 0, 2, 2};
  const std::pair<Reduction, Ints> expected[] = {{Reduction::sum, {11, 10, 15}},
                                                 {Reduction::prod, {10, 10, 0}},
                                                 {Reduction::max, {10, 10, 10}},
                                                 {Reduction::min, {1, 10, 0}}};
  for (const auto& [update, wanted] : expected) {
    Case c;
    Ints out{10, 10, 10};
    const TensorId o = c.bind("out", out, {3}), t = c.bind("where", where, {4});
    const AxisId i = c.axis("i");
    c.assign(o, {c.at(t, {c.index(i)})}, c.index(i), {i}, update);
    c.run();
    INFO(to_string(update));
    CHECK(out == wanted);
  }
}

TEST_CASE("an index of the domain that the value does not use repeats the update", "[reference]") {
  Case c;
  Ints out{0};
  const TensorId o = c.bind("out", out, {});
  const AxisId i = c.axis("i", 5), j = c.axis("j", 3);
  c.assign(o, {}, c.whole(2), {i, j}, Reduction::sum);
  c.run();
  CHECK(out[0] == 30);
}

TEST_CASE("the right side sees the old values of the target", "[reference]") {
  Case c;
  Ints x{1, 2, 3, 4};
  const TensorId t = c.bind("x", x, {4});
  const AxisId i = c.axis("i");
  c.assign(t, {c.index(i)}, c.at(t, {c.op(Op::subtract, {c.whole(3), c.index(i)})}), {i});
  c.run();
  CHECK(x == Ints{4, 3, 2, 1});
}

TEST_CASE("the right side sees the old values through an overlapping view", "[reference]") {
  Case c;
  Ints x{1, 2, 3, 4};
  const TensorId t = c.bind("x", x, {3}), shifted = c.bind("shifted", x, {3});
  c.views[t].data = x.data() + 1;
  const AxisId i = c.axis("i");
  c.assign(t, {c.index(i)}, c.at(shifted, {c.index(i)}), {i});
  c.run();
  CHECK(x == Ints{1, 1, 2, 3});
}

TEST_CASE("subscripts of the target see the old values as well", "[reference]") {
  Case c;
  Ints x{1, 2, 0};
  const TensorId t = c.bind("x", x, {3});
  const AxisId i = c.axis("i");
  c.assign(t, {c.at(t, {c.index(i)})}, c.index(i), {i});
  c.run();
  CHECK(x == Ints{2, 0, 1});
}

TEST_CASE("a later statement sees what an earlier one wrote", "[reference]") {
  Case c;
  Ints a{0, 0}, b{0, 0};
  const TensorId x = c.bind("a", a, {2}), y = c.bind("b", b, {2});
  const AxisId i = c.axis("i");
  c.assign(x, {c.index(i)}, c.op(Op::add, {c.index(i), c.whole(5)}), {i});
  Expr read_a = c.at(x, {c.index(i)});
  c.assign(y, {c.index(i)}, read_a, {i});
  c.assign(x, {c.index(i)}, c.op(Op::multiply, {read_a, read_a}), {i});
  c.assign(y, {c.index(i)}, c.op(Op::add, {c.at(y, {c.index(i)}), read_a}), {i});
  c.run();
  CHECK(a == Ints{25, 36});
  CHECK(b == Ints{30, 42});
}

TEST_CASE("where a read's guard is false nothing is read and the value is zero", "[reference]") {
  Case c;
  Ints x{7, 8}, out{-1, -1, -1};
  const TensorId o = c.bind("out", out, {3}), t = c.bind("x", x, {2});
  const AxisId i = c.axis("i");
  Expr next = c.op(Op::add, {c.index(i), c.whole(1)});
  c.assign(o, {c.index(i)}, c.at(t, {next}, c.op(Op::less, {next, c.whole(2)})), {i});
  c.run();
  CHECK(out == Ints{8, 0, 0});
}

TEST_CASE("reads in the branch that select does not take are not performed", "[reference]") {
  Case c;
  Ints x{7, 8}, out{-1, -1, -1};
  const TensorId o = c.bind("out", out, {3}), t = c.bind("x", x, {2});
  const AxisId i = c.axis("i");
  Expr inside = c.op(Op::less, {c.index(i), c.whole(2)});
  Expr shifted = c.op(Op::add, {c.index(i), c.whole(0)});
  Expr element = ir::read(c.graph(), t, DType::i64, {shifted});
  c.assign(o, {c.index(i)}, c.op(Op::select, {inside, element, c.whole(100)}), {i});
  c.run();
  CHECK(out == Ints{7, 8, 100});
}

TEST_CASE("a delta selects: what it does not choose is not multiplied", "[reference]") {
  Case c;
  Floats x{not_a_number, 2, inf}, out{-1};
  const TensorId o = c.bind("out", out, {}), t = c.bind("x", x, {3});
  const AxisId k = c.axis("k");
  c.assign(o, {}, c.fold(Reduction::sum, {k}, c.where_equal(k, c.whole(1), c.at(t, {c.index(k)}))), {});
  c.run();
  CHECK(out[0] == 2);
}

TEST_CASE("where a statement's guard is false nothing is written nor checked", "[reference]") {
  Case c;
  Ints out{-1, -1, -1, -1};
  const TensorId o = c.bind("out", out, {4});
  const AxisId i = c.axis("i", 6);
  Statement& s = c.assign(o, {c.op(Op::add, {c.index(i), c.whole(1)})}, c.index(i), {i});
  s.guard = c.op(Op::less, {c.index(i), c.whole(3)});
  c.run();
  CHECK(out == Ints{-1, 0, 1, 2});
}

TEST_CASE("the same index in two folds is two indices, also one inside the other", "[reference]") {
  Case c;
  Ints x{1, 2, 3}, out{0, 0};
  const TensorId o = c.bind("out", out, {2}), t = c.bind("x", x, {3});
  const AxisId k = c.axis("k");
  Expr element = c.at(t, {c.index(k)});
  Expr sum = c.fold(Reduction::sum, {k}, element);
  c.assign(o, {c.whole(0)}, c.op(Op::multiply, {sum, c.fold(Reduction::max, {k}, element)}), {});
  Expr nested = c.op(Op::add, {c.op(Op::multiply, {element, sum}), element});
  c.assign(o, {c.whole(1)}, c.fold(Reduction::sum, {k}, nested), {});
  c.run();
  CHECK(out == Ints{18, 42});
}

TEST_CASE("extents and params are values", "[reference]") {
  Case c;
  Floats x{1, 2, 3, 4}, out{0};
  const TensorId o = c.bind("out", out, {}), t = c.bind("x", x, {4});
  const AxisId i = c.axis("i");
  Expr scale = c.param("scale", DType::f32);
  c.params = {Scalar::of(0.5f)};
  Expr count = c.cast(DType::f32, ir::extent(c.graph(), i));
  Expr sum = c.fold(Reduction::sum, {i}, c.at(t, {c.index(i)}));
  c.assign(o, {}, c.op(Op::multiply, {scale, c.op(Op::divide, {sum, count})}), {});
  c.run();
  CHECK(out[0] == 1.25f);
}

TEST_CASE("any strides are followed", "[reference]") {
  Case c;
  Ints x{1, 2, 3, 4, 5, 6}, out(6);
  const TensorId o = c.bind("out", out, {2, 3}), t = c.bind("x", x, {2, 3});
  c.views[t].data = x.data() + 5;
  c.views[t].layout.strides = {-1, -2};
  c.views[o].layout.strides = {1, 2};
  const AxisId i = c.axis("i"), j = c.axis("j");
  c.assign(o, {c.index(i), c.index(j)}, c.at(t, {c.index(i), c.index(j)}), {i, j});
  c.run();
  CHECK(out == Ints{6, 5, 4, 3, 2, 1});
}

TEST_CASE("the first bad subscript is named with its iteration, and nothing is written", "[reference]") {
  Case c;
  Floats picked(4, -1), feature(8);
  Ints where{0, 3, 7, -1};
  const TensorId o = c.bind("picked", picked, {2, 2}), f = c.bind("feature", feature, {2, 4}),
                 w = c.bind("where", where, {2, 2});
  const AxisId b = c.axis("b"), h = c.axis("h");
  c.assign(o, {c.index(b), c.index(h)}, c.at(f, {c.index(b), c.at(w, {c.index(b), c.index(h)})}), {b, h});
  CHECK(c.error(Error::Kind::bounds) == "subscript 7 is outside axis 1 of feature (extent 4) at b=1, h=0");
  CHECK(picked == Floats(4, -1));
  where[2] = 0;
  CHECK(c.error(Error::Kind::bounds) == "subscript -1 is outside axis 1 of feature (extent 4) at b=1, h=1");
}

TEST_CASE("a bad subscript inside a fold names the fold's index, one of the target the domain's", "[reference]") {
  Case c;
  Ints x{1, 2}, out{0};
  const TensorId o = c.bind("out", out, {1}), t = c.bind("x", x, {2});
  const AxisId k = c.axis("k", 3), i = c.axis("i", 2);
  c.assign(o, {c.whole(0)}, c.fold(Reduction::sum, {k}, c.at(t, {c.op(Op::abs, {c.index(k)})})), {i});
  CHECK(c.error(Error::Kind::bounds) == "subscript 2 is outside axis 0 of x (extent 2) at i=0, k=2");
  c.program.statements.clear();
  c.assign(o, {c.op(Op::abs, {c.index(i)})}, c.whole(0), {i});
  CHECK(c.error(Error::Kind::bounds) == "subscript 1 is outside axis 0 of out (extent 1) at i=1");
}

TEST_CASE("a bad constant subscript has no iteration to name", "[reference]") {
  Case c;
  Ints out{0};
  c.assign(c.bind("out", out, {1}), {c.whole(1)}, c.whole(0), {});
  CHECK(c.error(Error::Kind::bounds) == "subscript 1 is outside axis 0 of out (extent 1)");
}

TEST_CASE("a reduction that needs an element refuses an empty index, used or not", "[reference]") {
  for (Reduction r : {Reduction::max, Reduction::min, Reduction::argmax, Reduction::argmin}) {
    Case c;
    Ints x{}, out{};
    const TensorId o = c.bind("out", out, {0}), t = c.bind("x", x, {0, 0});
    const AxisId i = c.axis("i"), k = c.axis("k");
    c.assign(o, {c.index(i)}, c.fold(r, {k}, c.at(t, {c.index(i), c.index(k)})), {i});
    CHECK(c.error(Error::Kind::extent) ==
          std::string(to_string(r)) + " over k has no elements: the extent of index k is 0");
  }
}
