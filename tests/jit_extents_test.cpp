// What gives an index its extent, and what binding refuses.
#include <catch2/catch.hpp>

#include "ricci/extents.hpp"
#include "support/reference_case.hpp"

using namespace ricci;
using namespace ricci::ir;
using namespace ricci::test;

TEST_CASE("extents that disagree are named with both tensors", "[extents]") {
  Case c;
  Floats a(3), b(4);
  const TensorId x = c.bind("a", a, {3}), y = c.bind("b", b, {4, 1});
  const AxisId i = c.axis("i");
  c.assign(x, {c.index(i)}, c.at(y, {c.index(i), c.whole(0)}), {i});
  CHECK(c.error(Error::Kind::extent) ==
        "index i has extent 4 in axis 0 of b and extent 3 in axis 0 of a; they must be equal");
  c.program.axes[i].fixed = 3;
  CHECK(c.error(Error::Kind::extent) ==
        "index i has extent 3 by definition and extent 4 in axis 0 of b; they must be equal");
}

TEST_CASE("unbound tensors do not decide extents", "[extents]") {
  Case c;
  Floats a(3);
  const TensorId x = c.bind("a", a, {3}), y = c.bind("out", a, {3});
  const AxisId i = c.axis("i");
  c.assign(y, {c.index(i)}, c.at(x, {c.index(i)}), {i});
  c.views[y] = {{DType::f32, 1, {-1}, {}}, nullptr, true};
  CHECK(axis_extents(c.program, c.views) == Ints{3});
  c.views[x] = c.views[y];
  CHECK_THROWS_WITH(axis_extents(c.program, c.views), "index i gets its extent from no bound tensor");
  c.program.axes[i].tables = true;
  CHECK(axis_extents(c.program, c.views) == Ints{1});
  c.program.axes[i].fixed = 9;
  CHECK(axis_extents(c.program, c.views) == Ints{9});
}

TEST_CASE("an empty tensor without data is bound", "[extents]") {
  Case c;
  Floats none;
  const TensorId x = c.bind("a", none, {0});
  const AxisId i = c.axis("i");
  c.assign(x, {c.index(i)}, c.value(1.0f), {i});
  c.views[x].data = nullptr;
  CHECK(axis_extents(c.program, c.views) == Ints{0});
}

TEST_CASE("views of another rank or dtype are refused", "[extents]") {
  Case c;
  Floats a(4);
  c.bind("a", a, {2, 2});
  c.views[0].layout = row_major(DType::f32, Ints{4});
  CHECK(c.error(Error::Kind::rank) == "a has rank 1, expected 2");
  c.views[0].layout = row_major(DType::i32, Ints{2, 2});
  CHECK(c.error(Error::Kind::dtype) == "a has dtype i32, expected f32");
}
