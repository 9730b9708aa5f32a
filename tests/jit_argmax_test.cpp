// Arg-reductions and extrema: which element wins, along every axis, in every layout, in every way to run a program.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/naive.hpp"
#include "support/program_builder.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr Reduction all_four[] = {Reduction::argmax, Reduction::argmin, Reduction::max, Reduction::min};

bool gives_index(Reduction r) {
  return info(r).results == Results::index;
}

/// out[the other axes] = r(the axes `over`, x[...]), in one statement per reduction of `reductions`.
ir::Program extrema(DType dtype, int rank, const std::vector<int>& over, std::span<const Reduction> reductions) {
  ProgramBuilder p;
  const ir::TensorId x = p.tensor("x", dtype, rank);
  std::vector<ir::AxisId> axes, reduced, kept;
  std::vector<ir::Expr> all, outside;
  for (int i = 0; i < rank; ++i) {
    axes.push_back(p.axis(std::string(1, static_cast<char>('a' + i))));
    all.push_back(p.index(axes.back()));
    if (std::ranges::count(over, i) > 0) continue;
    kept.push_back(axes.back());
    outside.push_back(all.back());
  }
  for (int i : over) reduced.push_back(axes[static_cast<std::size_t>(i)]);
  const ir::Expr body = p.at(x, all);
  for (Reduction r : reductions) {
    const ir::TensorId out = p.tensor("out" + std::to_string(p.program.tensors.size()),
                                      gives_index(r) ? DType::i64 : dtype, static_cast<int>(kept.size()));
    p.assign(out, outside, p.fold(r, reduced, body), kept);
  }
  return std::move(p.program);
}

/// The program's outputs for x, made to fit.
struct Outputs {
  std::vector<GuardedTensor> tensors;
  std::vector<TensorView> views;  // x first

  Outputs(const ir::Program& p, const TensorView& x, const std::vector<int>& over) : views{x} {
    std::vector<std::int64_t> extents;
    for (int i = 0; i < x.layout.rank; ++i)
      if (std::ranges::count(over, i) == 0) extents.push_back(x.layout.extents[i]);
    for (std::size_t t = 1; t < p.tensors.size(); ++t)
      views.push_back(tensors.emplace_back(p.tensors[t].dtype, extents).view());
  }
};

Ran run_extrema(const TensorView& x, const std::vector<int>& over, std::span<const Reduction> reductions = all_four) {
  const ir::Program program = extrema(x.layout.dtype, x.layout.rank, over, reductions);
  const Outputs outputs(program, x, over);
  return run_everywhere(program, outputs.views);
}

/// Values with many ties and, among floats, NaN, infinities and zeros of both signs.
Scalar value_with_ties(DType dtype, Dice& dice) {
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_same_v<T, bool>) return Scalar::of(dice.chance(50));
    else if constexpr (std::is_floating_point_v<T>)
      return Scalar::of(dice.chance(2) ? Limits::quiet_NaN()
                                       : dice.one_of({T(0), -T(0), T(1), T(-1), Limits::infinity(),
                                                      -Limits::infinity()}));
    else return Scalar::of(dice.one_of({T(0), T(1), T(3), Limits::min(), Limits::max(), T(Limits::max() / 2)}));
  });
}

void fill_with_ties(const TensorView& view, std::uint64_t seed) {
  Dice dice{std::mt19937_64(seed)};
  for (std::int64_t n = 0; n < view.layout.size(); ++n)
    value_with_ties(view.layout.dtype, dice).store(element(view, n));
}

/// The row `values` as [n] f32, reduced to one number.
std::int64_t winner(Reduction r, const std::vector<float>& values) {
  const std::int64_t extents[] = {static_cast<std::int64_t>(values.size())};
  const GuardedTensor x(DType::f32, extents);
  std::memcpy(x.view().data, values.data(), values.size() * sizeof(float));
  const Reduction list[] = {r};
  const ir::Program program = extrema(DType::f32, 1, {0}, list);
  const Outputs outputs(program, x.view(), {0});
  REQUIRE(run_everywhere(program, outputs.views).fault == "");
  return elements(outputs.views[1])[0].as_int();
}

}  // namespace

TEST_CASE("argmax of a row: ties go to the first, the first NaN wins, zeros of both signs are equal") {
  const float nan = std::nanf(""), inf = std::numeric_limits<float>::infinity();
  const std::size_t extent = GENERATE(1u, 2u, 15u, 16u, 17u, 64u, 257u);
  const std::size_t last = extent - 1, middle = extent / 2;
  CAPTURE(extent);
  for (Reduction r : {Reduction::argmax, Reduction::argmin}) {
    const float sign = r == Reduction::argmax ? 1.0f : -1.0f;
    CHECK(winner(r, std::vector<float>(extent, -inf * sign)) == 0);
    CHECK(winner(r, std::vector<float>(extent, nan)) == 0);
    std::vector<float> zeros(extent, -0.0f * sign);
    zeros[last] = 0.0f * sign;
    CHECK(winner(r, zeros) == 0);
    std::vector<float> row(extent, -sign);
    row[middle] = row[last] = 2 * sign;
    CHECK(winner(r, row) == static_cast<std::int64_t>(middle));
    row[last] = nan;
    CHECK(winner(r, row) == static_cast<std::int64_t>(last));
  }
}

TEST_CASE("a NaN wins at every position of a row") {
  const DType dtype = GENERATE(DType::f32, DType::f64);
  const Reduction r = GENERATE(Reduction::argmax, Reduction::argmin);
  const Scalar nan = evaluate(Op::cast, dtype, std::vector{Scalar::of(std::nan(""))});
  const Scalar five = evaluate(Op::cast, dtype, std::vector{Scalar::of(5.0)});
  for (std::int64_t extent : {15, 16, 17, 64, 130}) {
    // One row per position of the first NaN; a second one follows where there is room.
    const std::int64_t extents[] = {extent, extent};
    const GuardedTensor x(dtype, extents);
    fill_with_ties(x.view(), 1);
    for (std::int64_t row = 0; row < extent; ++row)
      for (std::int64_t k = 0; k < extent; ++k) {
        const std::int64_t at[] = {row, k};
        void* const place = element(x.view(), at);
        if (k == row || k == row + 7) nan.store(place);
        else if (std::isnan(Scalar::load(dtype, place).as_double())) five.store(place);
      }
    for (int axis : {1, 0}) {
      const Reduction list[] = {r};
      const ir::Program program = extrema(dtype, 2, {axis}, list);
      const Outputs outputs(program, x.view(), {axis});
      CAPTURE(to_string(dtype), extent, axis);
      REQUIRE(run_everywhere(program, outputs.views).fault == "");
      const auto first = [&](std::int64_t n) { return axis == 0 && n >= 7 ? n - 7 : n; };
      for (std::int64_t n = 0; n < extent; ++n)
        REQUIRE(elements(outputs.views[1])[static_cast<std::size_t>(n)].as_int() == first(n));
    }
  }
}

TEST_CASE("a NaN in the lanes behind the end of a row does not win") {
  const DType dtype = GENERATE(DType::f32, DType::f64);
  const std::int64_t extent = GENERATE(1, 7, 33, 100, 131);
  CAPTURE(to_string(dtype), extent);
  ProgramBuilder p;
  const ir::TensorId x = p.tensor("x", dtype, 2), out = p.tensor("out", DType::i64, 1);
  const ir::AxisId row = p.axis("row"), k = p.axis("k");
  const ir::Expr element_at = p.at(x, {p.index(row), p.index(k)});
  const ir::Expr square = p.op(Op::multiply, {element_at, element_at});
  const ir::Expr body = p.op(Op::divide, {square, element_at});  // lanes that are not loaded have 0 / 0
  p.assign(out, {p.index(row)}, p.fold(Reduction::argmax, {k}, body), {row});
  const std::int64_t extents[] = {5, extent}, rows[] = {5};
  const GuardedTensor values(dtype, extents), winners(DType::i64, rows);
  for (std::int64_t n = 0; n < 5 * extent; ++n) {
    const double value = 1 + static_cast<double>(n * 7 % extent);
    evaluate(Op::cast, dtype, std::vector{Scalar::of(value)}).store(element(values.view(), n));
  }
  const TensorView views[] = {values.view(), winners.view()};
  REQUIRE(run_everywhere(p.program, views).fault == "");
  for (std::int64_t n = 0; n < 5; ++n) {
    std::int64_t best = 0;
    for (std::int64_t i = 0; i < extent; ++i)
      if ((n * extent + i) * 7 % extent > (n * extent + best) * 7 % extent) best = i;
    CHECK(elements(winners.view())[static_cast<std::size_t>(n)].as_int() == best);
  }
}

TEST_CASE("extrema agree at every extent of the reduced and of the lane axis") {
  for (DType dtype : {DType::f32, DType::i32})
    for (std::int64_t reduced : {1, 15, 16, 17, 64, 257})
      for (std::int64_t beside : {1, 15, 16, 17, 64, 257}) {
        if (reduced * beside > 64 * 257) continue;
        for (int axis : {0, 1}) {
          const std::int64_t extents[] = {axis == 0 ? reduced : beside, axis == 0 ? beside : reduced};
          const GuardedTensor x(dtype, extents);
          fill_with_ties(x.view(), static_cast<std::uint64_t>(reduced * 1000 + beside));
          CAPTURE(to_string(dtype), reduced, beside, axis);
          REQUIRE(run_extrema(x.view(), {axis}).fault == "");
        }
      }
}

TEST_CASE("extrema of every element type along every axis of a tensor of rank 4") {
  for (DType dtype : {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8, DType::i8, DType::u16, DType::b1})
    for (int axis = 0; axis < 4; ++axis) {
      const std::int64_t extents[] = {3, 5, 4, 19};
      const GuardedTensor x(dtype, extents);
      fill_with_ties(x.view(), static_cast<std::uint64_t>(axis));
      CAPTURE(to_string(dtype), axis);
      if (accepts(Op::maximum, dtype)) REQUIRE(run_extrema(x.view(), {axis}).fault == "");
      const Reduction indices[] = {Reduction::argmax, Reduction::argmin};
      REQUIRE(run_extrema(x.view(), {axis}, indices).fault == "");
    }
}

TEST_CASE("the winner of a long row of narrow elements is found wherever it stands") {
  constexpr std::int64_t extent = 70000 * 2 + 77;  // more than two blocks of steps in lanes of bytes
  const DType dtype = GENERATE(DType::u8, DType::i8, DType::u16, DType::i16, DType::b1);
  const std::int64_t extents[] = {extent};
  const Reduction list[] = {Reduction::argmax};
  const ir::Program program = extrema(dtype, 1, {0}, list);
  for (std::int64_t first : {0, 1, 255, 256, 65535, 65536, 65537, 100000, 131071, 131072, 139999, 140070, 140076}) {
    const GuardedTensor x(dtype, extents);
    const Scalar low{dtype, 0}, high = evaluate(Op::cast, dtype, std::vector{Scalar::of(std::int64_t{1})});
    for (std::int64_t n = 0; n < extent; ++n) low.store(element(x.view(), n));
    for (std::int64_t n : {first, std::min(first + 256, extent - 1), extent - 1}) high.store(element(x.view(), n));
    const Outputs outputs(program, x.view(), {0});
    CAPTURE(to_string(dtype), first);
    REQUIRE(run_with_threads(program, outputs.views) == "");
    CHECK(elements(outputs.views[1])[0].as_int() == first);
    for (int bytes : {32, 16}) {
      REQUIRE(run_with_threads(program, outputs.views, {}, bytes) == "");
      CHECK(elements(outputs.views[1])[0].as_int() == first);
    }
    if (first == 100000) REQUIRE(run_everywhere(program, outputs.views).fault == "");
  }
}

TEST_CASE("extrema of every layout along every axis") {
  for (Pattern pattern : all_patterns)
    for (int axis = 0; axis < 3; ++axis) {
      const std::int64_t extents[] = {4, 18, 7};
      const GuardedTensor x(DType::f32, extents, pattern);
      fill_with_ties(x.view(), 3);
      CAPTURE(static_cast<int>(pattern), axis);
      REQUIRE(run_extrema(x.view(), {axis}).fault == "");
    }
}

TEST_CASE("extrema of rows of smallest integers") {
  const std::int64_t extents[] = {17, 33};
  for (DType dtype : {DType::i8, DType::i32, DType::i64}) {
    const GuardedTensor x(dtype, extents);
    const Scalar smallest = identity(Reduction::max, dtype);
    for (std::int64_t n = 0; n < 17 * 33; ++n) smallest.store(element(x.view(), n));
    for (int axis : {0, 1}) CHECK(run_extrema(x.view(), {axis}).fault == "");
    const Reduction list[] = {Reduction::argmax};
    const ir::Program program = extrema(dtype, 2, {1}, list);
    const Outputs outputs(program, x.view(), {1});
    REQUIRE(run_everywhere(program, outputs.views).fault == "");
    for (const Scalar& s : elements(outputs.views[1])) CHECK(s.as_int() == 0);
  }
}

TEST_CASE("argmax over several axes counts row-major over them, in the order they are named") {
  const std::int64_t extents[] = {3, 17, 5};
  const GuardedTensor x(DType::f32, extents);
  for (std::int64_t n = 0; n < x.view().layout.size(); ++n) Scalar::of(0.0f).store(element(x.view(), n));
  for (const auto& at : {std::array<std::int64_t, 3>{1, 9, 4}, {1, 12, 2}, {2, 3, 3}})
    Scalar::of(1.0f).store(element(x.view(), at));
  const std::pair<std::vector<int>, std::vector<std::int64_t>> cases[] = {
      {{0, 1, 2}, {(1 * 17 + 9) * 5 + 4}},
      {{2, 0, 1}, {(2 * 3 + 1) * 17 + 12}},
      {{0, 2}, {0, 0, 0, 2 * 5 + 3, 0, 0, 0, 0, 0, 1 * 5 + 4, 0, 0, 1 * 5 + 2, 0, 0, 0, 0}},
      {{1, 2}, {0, 9 * 5 + 4, 3 * 5 + 3}}};
  for (const auto& [over, expected] : cases) {
    CHECK(run_extrema(x.view(), over).fault == "");
    const Reduction list[] = {Reduction::argmax};
    const ir::Program program = extrema(DType::f32, 3, over, list);
    const Outputs outputs(program, x.view(), over);
    REQUIRE(run_everywhere(program, outputs.views).fault == "");
    std::vector<std::int64_t> found;
    for (const Scalar& s : elements(outputs.views[1])) found.push_back(s.as_int());
    CHECK(found == expected);
  }
}

TEST_CASE("the first of equals is found where the lanes run along another axis than the last") {
  for (const std::int64_t extent : {20, 130, 300})
    for (const DType dtype : {DType::f32, DType::i32}) {
      const std::int64_t extents[] = {3, extent};
      const GuardedTensor x(dtype, extents);
      fill_with_ties(x.view(), static_cast<std::uint64_t>(extent));
      CHECK(run_extrema(x.view(), {1, 0}).fault == "");
      const Scalar zero{dtype, 0}, most = evaluate(Op::cast, dtype, std::vector{Scalar::of(std::int64_t{1})});
      for (std::int64_t n = 0; n < 3 * extent; ++n) zero.store(element(x.view(), n));
      for (const auto& at : {std::array<std::int64_t, 2>{0, extent - 2}, {1, 1}, {2, 1}})
        most.store(element(x.view(), at));
      const Reduction list[] = {Reduction::argmax};
      const ir::Program program = extrema(dtype, 2, {1, 0}, list);
      const Outputs outputs(program, x.view(), {1, 0});
      REQUIRE(run_everywhere(program, outputs.views).fault == "");
      CHECK(elements(outputs.views[1])[0].as_int() == 1 * 3 + 1);
    }
}

TEST_CASE("a maximum over nothing is an error, however large the result") {
  for (Reduction r : all_four)
    for (std::int64_t rows : {0, 1, 17}) {
      const std::int64_t extents[] = {rows, 0};
      const GuardedTensor x(DType::f32, extents);
      const Reduction list[] = {r};
      const Ran ran = run_extrema(x.view(), {1}, list);
      CAPTURE(to_string(r), rows);
      CHECK(ran.fault == "");
      CHECK(ran.error == Error::Kind::extent);
      CHECK(ran.message == std::string(to_string(r)) + " over b has no elements: the extent of index b is 0");
    }
}

TEST_CASE("the largest value and its index share one loop") {
  const std::int64_t extents[] = {9, 40};
  const GuardedTensor x(DType::f32, extents);
  fill_with_ties(x.view(), 4);
  for (int axis : {0, 1}) {
    const Reduction index[] = {Reduction::argmax}, both[] = {Reduction::max, Reduction::argmax};
    const Ran one = run_extrema(x.view(), {axis}, index), two = run_extrema(x.view(), {axis}, both);
    REQUIRE(two.fault == "");
    CHECK(two.report.phases == 1);
    CHECK(two.report.loops == one.report.loops);
  }
}
