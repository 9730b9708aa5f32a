// Reductions of many elements to few results are done in shares, and come to the same in every way to run them.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/program_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

/// Runs it in every way and with every number of threads; how many reductions it did in shares.
std::size_t shares_of(const Prepared& p) {
  CHECK(run_with_threads(p) == "");
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(!ran.error);
  CHECK(ran.report.temporary_bytes == 0);
  std::size_t found = 0;
  for (const Allocation& a : ran.report.accumulators) found += a.reason.starts_with("shares of ");
  return found;
}

template <class T>
Tensor<T, 2> numbers(std::int64_t rows, std::int64_t columns) {
  return filled<T>([](auto n) { return static_cast<T>(n * 7 % 61 - 30); }, rows, columns);
}

}  // namespace

TEMPLATE_TEST_CASE("columns of many rows are reduced in shares, whatever is left over", "", float, double,
                   std::int32_t) {
  using T = TestType;
  for (const std::int64_t columns : {3, 8})
    for (const std::int64_t rows : {22'528, 23'551}) {  // 0 and 1023 of them are left over
      const auto x = numbers<T>(rows, columns);
      CAPTURE(rows, columns);
      Tensor<double, 1> total(columns);
      CHECK(shares_of(prepared(total[j], Assign::set, cast<double>(sum(n, x[n, j])))) == 1);
      Tensor<T, 1> largest(columns), least(columns);
      CHECK(shares_of(prepared(largest[j], Assign::set, max(n, x[n, j] + 0))) == 1);
      CHECK(shares_of(prepared(least[j], Assign::set, min(n, x[n, j]))) == 1);
      for (std::int64_t c = 0; c < columns; ++c) {
        double expected = 0;
        for (std::int64_t r = 0; r < rows; ++r) expected += static_cast<double>(x.at(r, c));
        CHECK(total.at(c) == expected);
        CHECK(largest.at(c) == 30);
        CHECK(least.at(c) == -30);
      }
    }
}

TEST_CASE("products of long matrices with few columns, and sums over several axes, are done in shares") {
  const auto x = numbers<float>(1'500, 21), y = numbers<float>(1'500, 5);
  Tensor<float, 2> gram(21, 21), both(21, 5);
  CHECK(shares_of(prepared(gram[i, j], Assign::set, sum(n, x[n, i] * x[n, j]))) == 0);  // too few rows
  const auto longer = numbers<float>(2'500, 21), beside = numbers<float>(2'500, 5);
  CHECK(shares_of(prepared(gram[i, j], Assign::set, sum(n, longer[n, i] * longer[n, j]))) == 1);
  CHECK(shares_of(prepared(both[i, j], Assign::max, sum(n, longer[n, i] * beside[n, j]))) == 1);
  for (std::int64_t a = 0; a < 21; ++a)
    for (std::int64_t b = 0; b < 5; ++b) {
      float expected = 0;
      for (std::int64_t r = 0; r < 2'500; ++r) expected += longer.at(r, a) * beside.at(r, b);
      CHECK(both.at(a, b) == std::max(expected, 0.0f));
    }
  const auto picture = filled<std::uint8_t>(shuffled(251), 520, 50, 3);
  Tensor<double, 1> colour(3);
  CHECK(shares_of(prepared(colour[k], Assign::set, mean(i, j, cast<double>(picture[i, j, k])))) == 1);
  const auto narrower = picture.sliced(1, 0, 45);  // its rows do not lie behind each other
  CHECK(shares_of(prepared(colour[k], Assign::set, mean(i, j, cast<double>(narrower[i, j, k])))) == 1);
  CHECK(shares_of(prepared(colour[k], Assign::set, sum(i, j, cast<double>(j * picture[i, j, k])))) == 1);
  CHECK(shares_of(prepared(colour[k], Assign::set, sum(i, j, cast<double>(picture[i + 1, j, k])))) == 1);
  const auto square = filled<float>(shuffled(17), 60, 60, 20);
  Tensor<float, 1> of_square(20);
  CHECK(shares_of(prepared(of_square[k], Assign::set, sum(i, j, square[i, j, k]))) == 1);
  CHECK(shares_of(prepared(of_square[k], Assign::set, sum(i, j, square[j, i, k]))) == 0);
  const auto batch = filled<float>(shuffled(17), 130, 20, 12);
  Tensor<float, 2> product(12, 12);
  CHECK(shares_of(prepared(product[i, j], Assign::set, sum(b, n, batch[b, n, i] * batch[b, n, j]))) == 1);
  for (std::int64_t a = 0; a < 12; ++a) {
    float expected = 0;
    for (std::int64_t r = 0; r < 130 * 20; ++r) expected += batch.at(r / 20, r % 20, a) * batch.at(r / 20, r % 20, 3);
    CHECK(product.at(a, 3) == expected);
  }
}

TEST_CASE("what stands around a reduction in shares, and beside it, stays as it is") {
  const std::int64_t rows = 17'000, columns = 4;
  const auto x = numbers<float>(rows, columns);
  const auto weight = filled<float>(shuffled(5), rows);
  Tensor<float, 1> y(columns);
  CHECK(shares_of(prepared(y[j], Assign::set, sum(n, weight[n] * x[n, j]) / (1 + max(n, x[n, j])))) == 2);
  CHECK(shares_of(prepared(y[j], Assign::set, sum(n, where(n % 3 == 1, x[n, j], 0)))) == 1);
  CHECK(shares_of(prepared(y[j], Assign::set, sum(n, x[n, columns - 1 - j]))) == 1);
  CHECK(shares_of(prepared(y[j(1, 3)], Assign::set, sum(n, x[n, j]))) == 0);        // for some of the results only
  CHECK(shares_of(prepared(y[j], Assign::set, sum(n(5, 16'000), x[n, j]))) == 0);
  const auto reversed = x.flipped(0), thinned = x.sliced(1, 0, columns, 2);
  CHECK(shares_of(prepared(y[j], Assign::set, sum(n, reversed[n, j]))) == 1);
  Tensor<float, 1> of_thinned(2);
  CHECK(shares_of(prepared(of_thinned[j], Assign::set, sum(n, thinned[n, j]))) == 0);  // too few elements
}

TEST_CASE("what needs a reduction in shares may be one itself") {
  const std::int64_t rows = 17'000, columns = 4;
  const auto x = numbers<float>(rows, columns);
  Tensor<float, 1> y(columns);
  const Prepared p = prepared(y[j], Assign::set, mean(n, sq(x[n, j] - mean(m, x[m, j]))));
  CHECK(run_with_threads(p) == "");
  CHECK(p.executable->run(p.tensors, p.params).accumulators.size() == 4);
  const std::vector<float> native = values(y);
  p.executable->run(p.tensors, p.params, {.backend = Backend::loop_interpreter});  // the reference takes too long
  CHECK(values(y) == native);
  for (std::int64_t c = 0; c < columns; ++c) {
    double total = 0, squares = 0;
    for (std::int64_t r = 0; r < rows; ++r) total += x.at(r, c), squares += x.at(r, c) * x.at(r, c);
    const double expected = squares / rows - (total / rows) * (total / rows);
    CHECK(std::abs(y.at(c) - expected) < 1e-5 * expected);
  }
}

TEST_CASE("the largest of a column with a NaN is NaN, in whatever share it stands") {
  for (const std::int64_t at : {0, 16'999, 9'000}) {
    auto x = numbers<float>(17'000, 4);
    x.at(at, 2) = std::numeric_limits<float>::quiet_NaN();
    Tensor<float, 1> y(4);
    CHECK(shares_of(prepared(y[j], Assign::set, max(n, x[n, j]))) == 1);
    CHECK(y.at(1) == 30);
    CHECK(std::isnan(y.at(2)));
  }
}

TEST_CASE("a product along two axes that are one in memory is computed as one along one") {
  const auto x = filled<float>(shuffled(17), 9, 10, 12);
  Tensor<float, 2> product(12, 12);
  const Prepared whole = prepared(product[i, j], Assign::set, sum(b, n, x[b, n, i] * x[b, n, j]));
  CHECK(shares_of(whole) == 0);
  CHECK(schedule_of(whole).find(" of n in scratch") != std::string::npos);
  const auto narrower = x.sliced(1, 0, 9);
  const Prepared apart = prepared(product[i, j], Assign::set, sum(b, n, narrower[b, n, i] * narrower[b, n, j]));
  CHECK(schedule_of(apart).find(" of b n in scratch") != std::string::npos);
}

TEST_CASE("weighted sums of few columns are reduced for several rows abreast, whatever is left over") {
  for (const std::int64_t columns : {2, 3, 8, 16})
    for (const std::int64_t rows : {8'192, 8'447, 1'055}) {  // 0, 255 and, of fewer shares, 31 of them are left over
      const auto x = numbers<float>(rows, columns);
      const auto weights = filled<float>([](std::int64_t n) { return static_cast<float>(n % 5 - 2); }, rows);
      CAPTURE(rows, columns);
      Tensor<float, 1> total(columns), largest(columns);
      const Prepared p = prepared(total[j], Assign::set, sum(n, weights[n] * x[n, j]));
      CHECK(shares_of(p) == 1);
      const int lanes = std::min(columns <= 4 ? 4 : columns <= 8 ? 8 : 16, vector_widths().front() / 4);
      CHECK(schedule_of(p).find("row/4 abreast j/4096 x" + std::to_string(lanes) + ' ') != std::string::npos);
      const std::string index = p.executable->dump(Executable::Stage::index, p.tensors, p.params);
      CHECK(index.find(rows < 2'048 ? "axis share = 8\n" : "axis share = 64\n") != std::string::npos);
      CHECK(shares_of(prepared(largest[j], Assign::set, max(n, x[n, j] * weights[n]))) == 1);
      for (std::int64_t c = 0; c < columns; ++c) {
        double sum = 0, most = -100;
        for (std::int64_t r = 0; r < rows; ++r) {
          const double product = static_cast<double>(x.at(r, c)) * weights.at(r);
          sum += product;
          most = std::max(most, product);
        }
        CHECK(total.at(c) == sum);
        CHECK(largest.at(c) == most);
      }
    }
  const auto few = numbers<float>(1'020, 2);
  Tensor<float, 1> pair(2);
  CHECK(shares_of(prepared(pair[j], Assign::set, sum(n, few[n, 0] * few[n, j]))) == 0);
  const auto wide = numbers<float>(8'192, 17);
  const auto weights = filled<float>([](std::int64_t n) { return static_cast<float>(n % 5 - 2); }, 8'192);
  Tensor<float, 1> total(17);
  const Prepared p = prepared(total[j], Assign::set, sum(n, weights[n] * wide[n, j]));
  CHECK(shares_of(p) == 1);
  CHECK(schedule_of(p).find("abreast") == std::string::npos);
}

TEST_CASE("a read that is outside though its subscript is an index is found, also of what could be done in shares") {
  ProgramBuilder p;
  const ir::AxisId row = p.axis("j"), along = p.axis("n");
  const ir::TensorId out = p.tensor("out", DType::f32, 1), left = p.tensor("x", DType::f32, 2),
                     right = p.tensor("y", DType::f32, 1);
  const ir::Expr factor = p.at(right, {p.index(row)});
  p.program.axes[row].sizes.clear();  // y has another size
  const ir::Expr product = p.op(Op::multiply, {p.at(left, {p.index(along), p.index(row)}), factor});
  p.assign(out, {p.index(row)}, p.fold(Reduction::sum, {along}, product), {row});
  const auto x = numbers<float>(17'000, 8);
  const Tensor<float, 1> y(6), sums(8);
  const Ran ran = run_everywhere(p.program, std::array{sums.array().view(), x.array().view(), y.array().view()});
  CHECK(ran.fault == "");
  CHECK(ran.error == Error::Kind::bounds);
}

TEST_CASE("many results, and long rows of memory, are reduced at once") {
  const auto x = numbers<float>(600, 4'500), wide = numbers<float>(40, 4'000);
  Tensor<float, 1> y(4'500), z(40);
  const auto at_once = [](const Prepared& p) {
    const Report report = p.executable->run(p.tensors, p.params);
    return report.accumulator_bytes == 0;
  };
  CHECK(at_once(prepared(y[j], Assign::set, sum(n, x[n, j]))));
  CHECK(at_once(prepared(z[j], Assign::set, sum(n, wide[j, n]))));
  const auto channels = filled<float>(shuffled(17), 64, 60, 60);
  Tensor<float, 1> means(64);
  CHECK(at_once(prepared(means[k], Assign::set, mean(i, j, channels[k, i, j]))));
  const auto few = numbers<float>(3, 40'000);  // of few rows there are not enough for all threads
  Tensor<float, 1> w(3);
  CHECK(shares_of(prepared(w[j], Assign::set, sum(n, few[j, n]))) == 1);
}
