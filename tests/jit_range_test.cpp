// Reductions over ranges of their axes: what they run over, and what they give where nothing is left.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ricci/extents.hpp"
#include "support/backends.hpp"
#include "support/naive.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

GuardedTensor vector_of(DType dtype, const std::vector<double>& values) {
  const std::int64_t extents[] = {static_cast<std::int64_t>(values.size())};
  GuardedTensor made(dtype, extents);
  for (std::int64_t n = 0; n < extents[0]; ++n)
    visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
      Scalar::of(static_cast<T>(values[static_cast<std::size_t>(n)])).store(element(made.view(), n));
    });
  return made;
}

/// out[b] = reduction(j(low[b], high[b]), x[j])
ir::Program rows(Reduction reduction) {
  ProgramBuilder p;
  const ir::AxisId b = p.axis("b"), j = p.axis("j");
  const ir::TensorId x = p.tensor("x", DType::f32, 1), low = p.tensor("low", DType::i64, 1),
                     high = p.tensor("high", DType::i64, 1);
  const bool index = info(reduction).results == Results::index;
  const ir::TensorId out = p.tensor("out", index ? DType::i64 : DType::f32, 1);
  const ir::Range range{p.at(low, {p.index(b)}), p.at(high, {p.index(b)})};
  const ir::Expr body = p.at(x, {p.index(j)});
  p.assign(out, {p.index(b)}, ir::fold(p.graph(), reduction, {j}, body, {range}), {b});
  return std::move(p.program);
}

std::vector<double> run_rows(Reduction reduction, const std::vector<double>& x, const std::vector<double>& low,
                             const std::vector<double>& high) {
  const ir::Program program = rows(reduction);
  GuardedTensor out = vector_of(program.tensors[3].dtype, std::vector<double>(low.size()));
  const GuardedTensor a = vector_of(DType::f32, x), b = vector_of(DType::i64, low), c = vector_of(DType::i64, high);
  const Ran ran = run_everywhere(program, std::array{a.view(), b.view(), c.view(), out.view()});
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  REQUIRE(ran.report.temporary_bytes == 0);
  std::vector<double> values;
  for (std::size_t n = 0; n < low.size(); ++n)
    values.push_back(
        Scalar::load(program.tensors[3].dtype, element(out.view(), static_cast<std::int64_t>(n))).as_double());
  return values;
}

constexpr double inf = INFINITY;

}  // namespace

TEST_CASE("a range of a reduction is clipped to its axis") {
  const std::vector<double> x{1, 2, 4, 8, 16};
  CHECK(run_rows(Reduction::sum, x, {0, 1, -3, 3, 2, 9, 5, -7}, {5, 3, 2, 99, 2, 12, 5, -2}) ==
        std::vector<double>{31, 6, 3, 24, 0, 0, 0, 0});
}

TEST_CASE("an empty range gives the identity") {
  CHECK(run_rows(Reduction::max, {3, 1, 2}, {1, 2, 3, 0}, {3, 1, 7, 3}) == std::vector<double>{2, -inf, -inf, 3});
  CHECK(run_rows(Reduction::min, {3, 1, 2}, {2, 2}, {3, 2}) == std::vector<double>{2, inf});
  CHECK(run_rows(Reduction::prod, {3, 1, 2}, {0, 2}, {3, 0}) == std::vector<double>{6, 1});
}

TEST_CASE("a range that begins with the largest integer is empty") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto x = filled<float>([](std::int64_t n) { return static_cast<float>(n % 7); }, 100);
  const Tensor<std::int64_t, 1> low{0, most, most - 1, most - 7, 97};
  Tensor<float, 1> sums(5);
  const Ran ran = run_everywhere(prepared(sums[b], Assign::set, sum(j(low[b], 99), x[j])));
  CHECK(ran.fault == "");
  CHECK(!ran.error);
  CHECK(values(sums) == std::vector<float>{294, 0, 0, 0, 6});
}

TEST_CASE("an index within a range counts from the start of the axis") {
  const std::vector<double> x{5, 1, 7, 7, 2, 9};
  CHECK(run_rows(Reduction::argmax, x, {0, 1, 3, 4}, {6, 4, 5, 5}) == std::vector<double>{5, 2, 3, 4});
  CHECK(run_rows(Reduction::argmin, x, {2, 0}, {5, 1}) == std::vector<double>{4, 0});
}

TEST_CASE("the first of nothing but the worst wins, and an empty range points next to its start") {
  const std::vector<double> x{-inf, 1, -inf, -inf, NAN};
  CHECK(run_rows(Reduction::argmax, x, {2, 0, 2, 3, 3, 9, -4}, {4, 1, 5, 3, 1, 12, -1}) ==
        std::vector<double>{2, 0, 4, 3, 3, 4, 0});
}

TEST_CASE("long ranges of every start and length agree with loops") {
  std::vector<double> x, low, high, sums, winners;
  for (int n = 0; n < 400; ++n) x.push_back((n * 7 + n / 3) % 23);
  for (int start : {0, 1, 15, 16, 17, 63, 130})
    for (int length : {0, 1, 2, 15, 16, 17, 64, 65, 200, 400}) {
      low.push_back(start);
      high.push_back(start + length);
      double sum = 0;
      int best = start;
      for (int k = start; k < std::min(start + length, 400); ++k) {
        sum += x[static_cast<std::size_t>(k)];
        if (x[static_cast<std::size_t>(k)] > x[static_cast<std::size_t>(best)]) best = k;
      }
      sums.push_back(sum);
      winners.push_back(best);
    }
  CHECK(run_rows(Reduction::sum, x, low, high) == sums);
  CHECK(run_rows(Reduction::argmax, x, low, high) == winners);
}

TEST_CASE("what an empty range does not evaluate is not checked") {
  // out[b] = sum(j(0, high[b]), x[j] * y[at[b]]): at[b] is bad where high[b] is 0.
  ProgramBuilder p;
  const ir::AxisId b = p.axis("b"), j = p.axis("j");
  const ir::TensorId x = p.tensor("x", DType::f32, 1), y = p.tensor("y", DType::f32, 1),
                     high = p.tensor("high", DType::i64, 1), at = p.tensor("at", DType::i64, 1),
                     out = p.tensor("out", DType::f32, 1);
  const ir::Expr body = p.op(Op::multiply, {p.at(x, {p.index(j)}), p.at(y, {p.at(at, {p.index(b)})})});
  const ir::Range range{nullptr, p.at(high, {p.index(b)})};
  p.assign(out, {p.index(b)}, ir::fold(p.graph(), Reduction::sum, {j}, body, {range}), {b});
  const GuardedTensor xs = vector_of(DType::f32, {1, 2, 3}), ys = vector_of(DType::f32, {10, 20});
  const GuardedTensor highs = vector_of(DType::i64, {2, 0, 3}), ats = vector_of(DType::i64, {1, -5, 0});
  GuardedTensor outs = vector_of(DType::f32, {0, 0, 0});
  const auto run = [&] {
    return run_everywhere(p.program, std::array{xs.view(), ys.view(), highs.view(), ats.view(), outs.view()});
  };
  const Ran ran = run();
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  const float* sums = static_cast<float*>(outs.view().data);
  CHECK(std::vector<float>(sums, sums + 3) == std::vector<float>{60, 0, 60});
  Scalar::of(std::int64_t{1}).store(element(highs.view(), 1));
  const Ran bad = run();
  CHECK(bad.fault == "");
  CHECK(bad.message == "subscript -5 is outside axis 0 of y (extent 2) at b=1, j=0");
}

TEST_CASE("a range proves subscripts inside that are shifted by its bounds") {
  // out[0] = sum(k(1, 99), x[k] - x[k - 1])
  ProgramBuilder p;
  const ir::AxisId k = p.axis("k"), o = p.axis("o", 1);
  const ir::TensorId x = p.tensor("x", DType::f32, 1), out = p.tensor("out", DType::f32, 1);
  const ir::Expr before = p.op(Op::subtract, {p.index(k), p.whole(1)});
  const ir::Expr body = p.op(Op::subtract, {p.at(x, {p.index(k)}), p.at(x, {before})});
  p.assign(out, {p.index(o)}, ir::fold(p.graph(), Reduction::sum, {k}, body, {{p.whole(1), p.whole(99)}}), {o});
  const GuardedTensor xs = vector_of(DType::f32, {5, 7, 1, 9});
  GuardedTensor outs = vector_of(DType::f32, {0});
  const Ran ran = run_everywhere(p.program, std::array{xs.view(), outs.view()});
  REQUIRE(ran.fault == "");
  REQUIRE(!ran.error);
  CHECK(*static_cast<float*>(outs.view().data) == 4);
  CHECK(ran.report.checks.empty());
  CHECK(ran.report.proved == 1);
}

TEST_CASE("ranges are part of a reduction's text") {
  const std::string text = ir::to_string(rows(Reduction::max));
  CHECK(text.find("out[b] = max(j(low[b], high[b]), x[j])") != std::string::npos);
}

TEST_CASE("what stands in a running sum is computed nowhere that the sum does not reach") {
  constexpr std::int64_t size = 40;
  std::vector<double> places(size, 99), chosen(size, 0), none(size, 0), few(size, 3);  // 99 is outside
  ProgramBuilder p;
  const ir::TensorId x = p.tensor("x", DType::i64, 1), at = p.tensor("at", DType::i64, 1);
  const ir::TensorId guard = p.tensor("guard", DType::b1, 1), low = p.tensor("low", DType::i64, 1);
  const ir::TensorId high = p.tensor("high", DType::i64, 1), out = p.tensor("out", DType::i64, 1);
  const ir::AxisId n = p.axis("n"), k = p.axis("k"), i = p.axis("i"), m = p.axis("m");
  const auto tail = [&](ir::AxisId from) {  // sum(i(x[at[from]], _), x[i])
    const ir::Expr start = p.at(x, {p.at(at, {p.index(from)})});
    return ir::fold(p.graph(), Reduction::sum, {i}, p.at(x, {p.index(i)}), {{start, nullptr}});
  };
  const auto running = [&](ir::Expr from, ir::AxisId along) {
    const ir::Expr end = p.op(Op::add, {p.index(along), p.whole(1)});
    return ir::fold(p.graph(), Reduction::sum, {k}, tail(k), {{from, end}});
  };
  for (const ir::AxisId axis : {n, k, m}) p.at(at, {p.index(axis)});  // all are as long
  SECTION("from a lower bound on") {
    std::fill(places.begin() + 5, places.end(), 2.0);
    p.assign(out, {p.index(n)}, running(p.whole(5), n), {n});
  }
  SECTION("up to the last element that is written") {
    std::fill_n(places.begin(), 4, 1.0);
    chosen[3] = 1;
    p.assign(out, {p.index(n)}, running(nullptr, n), {n}).guard = p.at(guard, {p.index(n)});
  }
  SECTION("up to where a sum around it ends") {
    std::fill_n(places.begin(), 3, 1.0);
    const ir::Range range{p.at(low, {p.index(n)}), p.at(high, {p.index(n)})};
    p.assign(out, {p.index(n)}, ir::fold(p.graph(), Reduction::sum, {m}, running(nullptr, m), {range}), {n});
  }
  const std::array tensors{vector_of(DType::i64, std::vector<double>{4, 3, 1}), vector_of(DType::i64, places),
                           vector_of(DType::b1, chosen),  vector_of(DType::i64, none),
                           vector_of(DType::i64, few),    vector_of(DType::i64, none)};
  std::vector<TensorView> views;
  for (const GuardedTensor& tensor : tensors) views.push_back(tensor.view());
  const Ran ran = run_everywhere(p.program, views);
  CHECK(ran.fault + ran.message == "");
}
