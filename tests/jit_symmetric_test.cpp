// Products that are symmetric: which they are, and that to compute them to the diagonal alone changes no bit.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/growth.hpp"
#include "support/program_builder.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool is_symmetric(const Prepared& p) {
  const std::string schedule = schedule_of(p);
  return schedule.find("symmetric: ") != std::string::npos && schedule.find("tile of ") != std::string::npos;
}

/// Whether two statements store the same bits with vectors of so many bytes, the first one with 1 to 8 threads.
template <class T>
void check_same(const Prepared& one, const Tensor<T, 2>& target, const Prepared& other, const Tensor<T, 2>& expected,
                int width) {
  CHECK(run_with_threads(one, width) == "");
  other.executable->run(other.tensors, other.params, {.threads = 1, .vector_bytes = width});
  CHECK((values(target) == values(expected)));
}

}  // namespace

TEST_CASE("the product of a matrix and itself, transposed, is computed to the diagonal") {
  const Tensor<float, 2> a(40, 50);
  Tensor<float, 2> c(40, 40);
  const int lanes = std::min(32, vector_widths().front()) / 4;
  const std::string vectors = " x" + std::to_string(lanes) + "*2";
  CHECK(schedule_of(prepared(c[i, j], Assign::set, sum(k, a[i, k] * a[j, k])), 32) ==
        "nest t0: i j/" + std::to_string(2 * lanes) + vectors +
            " | parallel before |\n"
            "  tile of sum(k, t1[i, k]! * t1[j, k]!): i/264 x6 or x5, j" +
            vectors +
            "; for 128 of k in scratch: transposed t1[j, k]!; finished in registers\n"
            "  symmetric: rows of i to the diagonal, mirrored beyond it for 16 of k or more\n");
}

TEST_CASE("what gives the same bits for exchanged rows and columns is symmetric") {
  const Tensor<float, 2> a(40, 40);
  const Tensor<float, 1> m(40), w(40);
  const Tensor<double, 2> wide(40, 50);
  const Tensor<std::int32_t, 2> whole(40, 50);
  const Tensor<std::uint8_t, 2> byte(40, 50);
  const Tensor<float, 3> batch(3, 40, 50), planes(40, 3, 50);
  Tensor<float, 2> c(40, 40);
  Tensor<double, 2> d(40, 40);
  Tensor<std::int64_t, 2> n(40, 40);
  Tensor<float, 3> first(3, 40, 40), between(40, 3, 40);
  const auto gram = sum(k, a[i, k] * a[j, k]);
  CHECK(is_symmetric(prepared(gram)));
  CHECK(is_symmetric(prepared(c[j, i], Assign::set, gram)));
  CHECK(is_symmetric(prepared(c.permuted({1, 0})[i, j], Assign::set, gram)));
  CHECK(is_symmetric(prepared(sum(k, a[k, i] * a[k, j]))));
  CHECK(is_symmetric(prepared(d[i, j], Assign::set, sum(k, wide[i, k] * wide[j, k]))));
  CHECK(is_symmetric(prepared(n[i, j], Assign::set, sum(k, whole[i, k] * whole[j, k]))));
  CHECK(is_symmetric(prepared(first[l, i, j], Assign::set, sum(k, batch[l, i, k] * batch[l, j, k]))));
  CHECK(is_symmetric(prepared(between[i, l, j], Assign::set, sum(k, planes[i, l, k] * planes[j, l, k]))));
  // Around the sum and in it.
  CHECK(is_symmetric(prepared(exp(-gram / 7))));
  CHECK(is_symmetric(prepared(gram / (m[i] * m[j]) + where(i == j, m[i] + m[j], 0))));
  CHECK(is_symmetric(prepared(sum(k, (a[i, k] - m[i]) * (a[j, k] - m[j])) / 39)));
  CHECK(is_symmetric(prepared(sum(k, w[k] * (a[i, k] * a[j, k])))));
  CHECK(is_symmetric(prepared(max(k, a[i, k] + a[j, k]))));
  CHECK(is_symmetric(prepared(sqrt(sum(k, sq(a[i, k] - a[j, k]))))));
  CHECK(is_symmetric(prepared(sum(k, abs(a[i, k] - a[j, k])))));
  CHECK(is_symmetric(prepared(sum(k, (a[i, k] - a[j, k]) * (a[j, k] - a[i, k])))));
  CHECK(is_symmetric(prepared(min(k, maximum(whole[i, k], whole[j, k])))));

  const Tensor<float, 2> b(40, 40), turned(40, 40);
  const Tensor<float, 1> weight(3);
  CHECK(!is_symmetric(prepared(sum(k, a[i, k] * b[j, k]))));
  CHECK(!is_symmetric(prepared(sum(k, a[i, k] * a[k, j]))));
  CHECK(!is_symmetric(prepared(sum(k, a[i, k] * (w[k] * a[j, k])))));  // it is rounded otherwise
  CHECK(!is_symmetric(prepared(sum(k, a[i, k] - a[j, k]))));
  CHECK(!is_symmetric(prepared(sum(k, cbrt(a[i, k] - a[j, k])))));
  CHECK(!is_symmetric(prepared(sum(k, (a[i, k] - a[j, k]) * a[j, k]))));
  CHECK(!is_symmetric(prepared(max(k, minimum(a[i, k], a[j, k])))));  // the first of two zeros
  CHECK(!is_symmetric(prepared(sum(k, abs(byte[i, k] - byte[j, k])))));
  CHECK(!is_symmetric(prepared(gram + m[i])));
  CHECK(!is_symmetric(prepared(where(i < j, gram, 0))));
  CHECK(!is_symmetric(prepared(c[i, j], Assign::add, gram)));
  CHECK(!is_symmetric(prepared(sum(k, a[i, k] * a[j, k] * a[i, j]))));
  CHECK(!is_symmetric(prepared(sum(k, (a[i, k] + b[i, k]) * (b[j, k] + turned[j, k])))));
  // Axes that may have other extents, loops inside of the lanes, rows that are reduced, and places that may be outside.
  Tensor<float, 2> other(40, 60);
  Tensor<float, 3> shifted(3, 50, 40);
  const Tensor<std::int32_t, 1> by(3);
  CHECK(!is_symmetric(prepared(other[i, j], Assign::set, sum(k, a[floor_divide(i, 2), k] * a[floor_divide(j, 2), k]))));
  CHECK(!is_symmetric(prepared(between[i, l, j], Assign::set, gram * weight[l])));
  CHECK(!is_symmetric(prepared(sum(j, sqrt(sum(k, sq(a[i, k] - a[j, k])))))));
  CHECK(!is_symmetric(prepared(shifted[l, i + by[l], j], Assign::set, sum(k, batch[l, i, k] * batch[l, j, k]))));
  // One step of masked lanes.
  const Tensor<float, 2> few(40, 9);
  if (vector_widths().front() == 64) CHECK(!is_symmetric(prepared(sum(k, few[k, i] * few[k, j]))));
  // Two reads of one tensor, at subscripts that do not correspond.
  CHECK(!is_symmetric(prepared(first[l, i, j], Assign::set, sum(k, batch[l, i, k] * batch[0, j, k]))));
}

TEMPLATE_TEST_CASE("a symmetric product has the bits of the whole one, for any number of threads", "", float, double,
                   float16) {
  using T = TestType;
  using Sum = std::conditional_t<std::is_same_v<T, float16>, float, T>;
  Dice dice{std::mt19937_64(sizeof(T))};
  for (const int rows : {33, 64, 265, 530}) {
    const int inner = 16 + dice.below(100);
    CAPTURE(rows, inner);
    const auto a = uneven<T>(dice, rows, inner), b = a.copy();
    const auto turned = uneven<T>(dice, inner, rows), again = turned.copy();
    Tensor<Sum, 2> c(rows, rows), d(rows, rows);
    for (const int width : vector_widths()) {
      CAPTURE(width);
      const Prepared along = prepared(c[i, j], Assign::set, sum(k, a[i, k] * a[j, k]));
      const Prepared across = prepared(c[i, j], Assign::set, sum(k, turned[k, i] * turned[k, j]));
      CHECK((is_symmetric(along) && is_symmetric(across)));
      check_same(along, c, prepared(d[i, j], Assign::set, sum(k, a[i, k] * b[j, k])), d, width);
      check_same(across, c, prepared(d[i, j], Assign::set, sum(k, turned[k, i] * again[k, j])), d, width);
    }
  }
}

TEMPLATE_TEST_CASE("symmetric products agree in every way to run them", "", float, double, std::int32_t, float16) {
  using T = TestType;
  using Sum = std::conditional_t<std::is_integral_v<T>, std::int64_t, T>;
  Dice dice{std::mt19937_64(sizeof(T) + std::is_integral_v<T>)};
  for (const int rows : {3, 16, 17, 33, 70}) {
    const int inner = 16 + dice.below(8);
    CAPTURE(rows, inner);
    const auto a = uneven<T>(dice, rows, inner), turned = uneven<T>(dice, inner, rows);
    Tensor<Sum, 2> c = uneven<Sum>(dice, rows, rows), apart = uneven<Sum>(dice, rows, 2 * rows);
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, sum(k, a[i, k] * a[j, k]))).fault == "");
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, sum(k, turned[k, i] * turned[k, j]))).fault == "");
    for (const auto& part : {apart.sliced(1, rows / 2, rows / 2 + rows), apart.sliced(1, 0, 2 * rows, 2)})
      CHECK(run_everywhere(prepared(part[i, j], Assign::set, sum(k, a[i, k] * a[j, k]))).fault == "");
  }
}

TEST_CASE("symmetric batches, and what surrounds symmetric products, agree in every way to run them") {
  Dice dice{std::mt19937_64(4)};
  for (const int rows : {20, 33, 50}) {
    CAPTURE(rows);
    const auto a = uneven<float>(dice, 2, rows, 17), b = uneven<float>(dice, rows, 2, 17);
    const auto x = uneven<float>(dice, rows, 16);
    const auto m = uneven<float>(dice, rows);
    Tensor<float, 3> first = uneven<float>(dice, 2, rows, rows), between = uneven<float>(dice, rows, 2, rows);
    Tensor<float, 2> c = uneven<float>(dice, rows, rows);
    const auto check = [](const Prepared& p) {
      CHECK(is_symmetric(p));
      CHECK(run_everywhere(p).fault == "");
    };
    check(prepared(first[l, i, j], Assign::set, sum(k, a[l, i, k] * a[l, j, k])));
    check(prepared(between[i, l, j], Assign::set, sum(k, b[i, l, k] * b[j, l, k])));
    check(prepared(c[j, i], Assign::set, exp(-sum(k, sq(x[i, k] - x[j, k])))));
    check(prepared(c.permuted({1, 0})[i, j], Assign::set, sum(k, x[i, k] * x[j, k])));
    check(prepared(c[i, j], Assign::set, sum(k, (x[i, k] - m[i]) * (x[j, k] - m[j])) / (1 + m[i] * m[j])));
    check(prepared(c[i, j], Assign::set, sum(k, x[i, k] * x[j, k]) / max(k, abs(x[i, k] + x[j, k]))));
  }
}

TEST_CASE("a symmetric product runs about half of the iterations, where that is enough to mirror them") {
  Dice dice{std::mt19937_64(5)};
  const auto share = [&](int rows, int inner) {
    const auto a = uneven<float>(dice, rows, inner), b = a.copy();
    Tensor<float, 2> c(rows, rows);
    const auto half = steps_of([&] { c[i, j] = sum(k, a[i, k] * a[j, k]); });
    const auto whole = steps_of([&] { c[i, j] = sum(k, a[i, k] * b[j, k]); });
    return static_cast<double>(half) / static_cast<double>(whole);
  };
  CHECK(share(200, 50) < 0.6);
  CHECK(share(200, 16) < 0.7);
  CHECK(share(200, 15) > 0.95);
}

TEST_CASE("statements over the same rows and columns are mirrored if all of them are symmetric") {
  Dice dice{std::mt19937_64(7)};
  const auto a = uneven<float>(dice, 40, 20), b = uneven<float>(dice, 40, 20);
  const auto run = [&](bool other_is_symmetric) {
    ProgramBuilder builder;
    const auto of_a = builder.tensor("a", DType::f32, 2), of_b = builder.tensor("b", DType::f32, 2);
    const auto c = builder.tensor("c", DType::f32, 2), d = builder.tensor("d", DType::f32, 2);
    const auto i = builder.axis("i"), j = builder.axis("j"), k = builder.axis("k");
    const std::vector<ir::Expr> at{builder.index(i), builder.index(j)};
    const auto assign = [&](ir::TensorId target, ir::TensorId left, ir::TensorId right) {
      const ir::Expr x = builder.at(left, {builder.index(i), builder.index(k)});
      const ir::Expr y = builder.at(right, {builder.index(j), builder.index(k)});
      builder.assign(target, at, builder.fold(Reduction::sum, {k}, builder.op(Op::multiply, {x, y})), {i, j});
    };
    assign(c, of_a, of_a);
    assign(d, other_is_symmetric ? of_b : of_a, of_b);
    Tensor<float, 2> first = uneven<float>(dice, 40, 40), second = uneven<float>(dice, 40, 40);
    const std::vector<TensorView> views{a.array().view(), b.array().view(), first.array().view(),
                                        second.array().view()};
    CHECK(run_everywhere(builder.program, views).fault == "");
    const std::string schedule = Executable(builder.program).dump(Executable::Stage::schedule, views, {});
    CHECK(schedule.find("nest c d:") != std::string::npos);
    return schedule.find("symmetric: ") != std::string::npos;
  };
  CHECK(run(true));
  CHECK(!run(false));
}

TEST_CASE("a symmetric product at places that data choose fails as the whole one does") {
  Dice dice{std::mt19937_64(8)};
  const auto a = uneven<float>(dice, 30, 20);
  for (const int outside : {-1, 0, 5, 39}) {
    auto place = filled<std::int32_t>(shuffled(30), 40);
    if (outside >= 0) place.at(outside) = 30;
    if (outside == 5) place.at(12) = 31;
    Tensor<float, 2> c = uneven<float>(dice, 40, 40);
    const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[place[i], k] * a[place[j], k]));
    const Ran ran = run_everywhere(p);
    CHECK(ran.fault == "");
    CHECK(ran.error.has_value() == (outside >= 0));
    CHECK(is_symmetric(p));
  }
}

TEST_CASE("the items of a symmetric product with most rows come first") {
  constexpr std::int64_t n = 60;  // of all that a symbol may stand for
  auto a = filled<float>([](auto) { return 1; }, n, n);
  Tensor<float, 2> c(n, n);
  const Prepared p = prepared(c[i, j], Assign::set, sum(k, a[i, k] * a[j, k]));
  const loop::Kernel kernel = loop::parse(loops_of(p, 16));
  const std::vector<std::int64_t> symbols(kernel.info.symbols.size(), n);
  std::vector<loop::Memory> memory(kernel.info.buffers.size());
  memory[0] = {c.data(), 0, n * n};
  memory[1] = {a.data(), 0, n * n};
  REQUIRE(loop::interpret(kernel, 0, memory, symbols, 0, 1) == 0);
  CHECK(c.at(0, n - 1) == n);
  CHECK(c.at(n - 1, n - 1) == n);
  CHECK(c.at(n - 1, 0) == n);
  CHECK(c.at(0, 0) == 0);
}

TEST_CASE("a symmetric product sees the old values of its target, and of memory that it shares with it") {
  Dice dice{std::mt19937_64(6)};
  for (const int rows : {20, 40, 70}) {
    CAPTURE(rows);
    auto x = uneven<float>(dice, rows, rows), c = uneven<float>(dice, rows, rows);
    auto both = uneven<float>(dice, rows + 1, rows);
    const auto a = uneven<float>(dice, rows, 20);
    CHECK(run_everywhere(prepared(x[i, j], Assign::set, sum(k, x[i, k] * x[j, k]))).fault == "");
    const auto between = sum(k, a[i, k] * a[j, k]);
    CHECK(run_everywhere(prepared(c[i, j], Assign::set, between * (c[i, j] + c[j, i]))).fault == "");
    const Tensor<float, 2> low = both.sliced(0, 0, rows), high = both.sliced(0, 1, rows + 1);
    CHECK(run_everywhere(prepared(high[i, j], Assign::set, sum(k, low[i, k] * low[j, k]))).fault == "");
  }
}
