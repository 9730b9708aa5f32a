// Old values that a statement reads of what it writes are copied a band of rows at a time where that is right, and the
// results are the same as with a copy of all.
#include <catch2/catch.hpp>
#include <random>

#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

/// Runs the statement in every way and with every number of threads; the bytes of copies that it made on all threads.
std::int64_t copied_bytes(const Prepared& p) {
  CHECK(run_with_threads(p) == "");
  const Ran ran = run_everywhere(p);
  CHECK(ran.fault == "");
  CHECK(!ran.error);
  return ran.report.temporary_bytes;
}

/// One native run.
Report report_of(const Prepared& p, int threads = 2) {
  return p.executable->run(p.tensors, p.params, {.threads = threads});
}

auto numbers(std::int64_t n) { return filled<float>(shuffled(1009), n); }

}  // namespace

TEST_CASE("elements that move within an array are copied a few at a time") {
  const std::int64_t n = 1'000'000;
  auto x = numbers(n);
  const std::vector<float> before = values(x);
  const Report report = report_of(prepared(x[i + 1], Assign::set, x[i]));
  CHECK(report.temporary_bytes <= 3 * (8 << 10));
  REQUIRE(report.temporaries.size() == 1);
  CHECK(report.temporaries[0].reason == "a copy of t0, 2048 rows at a time, whose old values are still read");
  bool same = x.at(0) == before[0];
  for (std::size_t k = 1; k < before.size(); ++k) same &= x.at(static_cast<std::int64_t>(k)) == before[k - 1];
  CHECK(same);
}

TEST_CASE("bands read old values before and behind what they write") {
  auto x = numbers(60'001);
  const std::int64_t whole = 60'000 * 4;
  CHECK(copied_bytes(prepared(x[i + 1], Assign::set, x[i])) < whole / 2);
  CHECK(copied_bytes(prepared(x[i + 2], Assign::set, x[i + 3])) == 0);
  CHECK(copied_bytes(prepared(x[i + 20], Assign::set, x[i] + x[i + 41] * x[i + 20])) < whole / 2);
  const std::int64_t n = x.extent(0);
  CHECK(copied_bytes(prepared(x[i(0, n - 1)], Assign::set, x[i + 1])) == 0);
  CHECK(copied_bytes(prepared(x[i(1, n)], Assign::set, x[i - 1])) < whole / 2);
  CHECK(copied_bytes(prepared(x[i(40, n - 40)], Assign::set, 2 * x[i - 40] - x[i + 39] + x[i])) < whole / 2);
  CHECK(copied_bytes(prepared(x[i(5, 59'999)], Assign::set, x[i - 5] + x[i + 1])) < whole / 2);
  CHECK(copied_bytes(prepared(x[i(0, n - 1)], Assign::add, x[i + 1])) == 0);
  const auto y = numbers(60'001);
  CHECK(copied_bytes(prepared(x[i + 1], Assign::set, where(y[i] > 500, x[i + 2], x[i]) + y[i + 3])) < whole / 2);
}

TEST_CASE("bands of matrices") {
  auto u = filled<double>(shuffled(2003), 220, 211);
  const std::int64_t whole = 218 * 209 * 8;
  const auto around = u[i, j + 1] + u[i + 2, j + 1] + u[i + 1, j] + u[i + 1, j + 2];
  CHECK(copied_bytes(prepared(u[i + 1, j + 1], Assign::set, around * 0.25)) < whole / 2);
  const auto four = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1];
  CHECK(copied_bytes(prepared(u[i(1, 219), j(1, 210)], Assign::set, four * 0.25)) < whole / 2);
  CHECK(copied_bytes(prepared(u[i, j + 1], Assign::set, u[i, j])) < whole / 2);
  CHECK(copied_bytes(prepared(u[i, j], Assign::set, u[i, 210 - j])) < whole / 2);  // all of a row
  Tensor<double, 2> turned = u.permuted({1, 0});  // its columns are the rows in memory
  CHECK(copied_bytes(prepared(turned[i, j + 1], Assign::set, turned[i, j])) < whole / 2);
  CHECK(copied_bytes(prepared(turned[i + 1, j], Assign::set, turned[i, j])) < whole / 2);
  auto v = filled<std::int16_t>(shuffled(2003), 40, 80, 50);
  CHECK(copied_bytes(prepared(v[i + 1, j, k], Assign::set, v[i, j, k])) < 39 * 80 * 50);
}

TEST_CASE("bands of views that share memory in any way") {
  std::mt19937 random(7);
  const auto up_to = [&](std::int64_t n) { return std::uniform_int_distribution<std::int64_t>(0, n)(random); };
  int in_bands = 0;
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    const std::int64_t rows = 500 + 2 * up_to(200), columns = 600 + 2 * up_to(50), a = 1 + up_to(1), b = 1 + up_to(1);
    auto m = filled<float>(shuffled(1009), rows, columns);
    const auto view = [&] {
      const std::int64_t row = up_to(3), column = up_to(3);
      return m.sliced(0, row, row + rows - 4, a).sliced(1, column, column + columns - 4, b);
    };
    Tensor<float, 2> to = view();
    const Tensor<float, 2> x = view(), y = view();
    const std::int64_t last_row = to.extent(0) - 1, last_column = to.extent(1) - 1;
    const bool moved = up_to(1) == 1;
    const Prepared p = moved ? prepared(to[i + 1, j + 1], Assign::set, x[i + 1, j] - 2 * y[i, j + 1])
                              : prepared(to[i(1, last_row), j(1, last_column)], Assign::set,
                                         x[i + 1, j] + y[i - 1, j + 1] * x[i, j]);
    auto expected = m.copy();
    std::vector<TensorView> views = p.tensors;
    for (TensorView& v : views)
      v.data = expected.data() + (static_cast<float*>(v.data) - m.data());
    p.executable->run(views, p.params, {.backend = Backend::reference});
    in_bands += report_of(p, 1 + round % 5).temporary_bytes < rows * columns * 3;  // of 4 or 8
    REQUIRE((values(m) == values(expected)));
  }
  CHECK(in_bands > 25);
}

TEST_CASE("nothing is copied where all that is read lies behind what is written") {
  for (const std::int64_t n : {4, 5, 17, 1000, 70'000, 1'000'003}) {
    CAPTURE(n);
    for (const int threads : {1, 2, 3}) {
      auto x = numbers(n);
      const std::vector<float> before = values(x);
      const Report report = report_of(prepared(x[i(0, n - 3)], Assign::set, x[i + 2] - 2 * x[i + 3] + x[i]), threads);
      CHECK((report.temporary_bytes == 0 || (threads > 1 && n > 1'000'000)));
      CHECK(report.temporary_bytes <= 3 * (32 << 10) + 6 * 4 * 8);
      bool same = true;
      for (std::int64_t k = 0; k < n; ++k) {
        const auto* old = before.data() + k;
        same &= x.at(k) == (k < n - 3 ? old[2] - 2 * old[3] + old[0] : old[0]);
      }
      CHECK(same);
    }
  }
  auto m = filled<double>(shuffled(1009), 700, 401);
  CHECK(copied_bytes(prepared(m[i(0, 699), j], Assign::set, m[i + 1, j] * 2)) < 60'000);
  CHECK(report_of(prepared(m[i(0, 699), j], Assign::set, m[i + 1, j] * 2), 1).temporary_bytes == 0);
  CHECK(report_of(prepared(m[i(0, 699), j(0, 400)], Assign::set, m[i + 1, j + 1]), 1).temporary_bytes > 0);
  Tensor<double, 2> low = m.sliced(0, 0, 690), high = m.sliced(0, 10, 700);
  const std::vector<double> before = values(high);
  CHECK(report_of(prepared(low[i, j], Assign::set, high[i, j]), 1).temporary_bytes == 0);
  CHECK((values(low) == before));
}

TEST_CASE("all is copied where rows are used otherwise, or far from each other, or are few") {
  const auto everything = [](const Prepared& p) {
    const Layout& layout = p.tensors[0].layout;
    return report_of(p).temporary_bytes == layout.size() * static_cast<std::int64_t>(size_of(layout.dtype));
  };
  auto x = numbers(50'000);
  CHECK(everything(prepared(x[i + 1], Assign::set, x[i] + i)));
  CHECK(everything(prepared(x[i + 1], Assign::set, where(i > 7, x[i], 1))));
  CHECK(everything(prepared(x[i], Assign::set, x[x.extent(0) - 1 - i])));
  CHECK(everything(prepared(x[i], Assign::set, x[i] + x[7])));
  CHECK(everything(prepared(x[i + 20'000], Assign::set, x[i])));
  const auto order = filled<std::int32_t>([](auto n) { return n * 7 % 50'000; }, 50'000);
  CHECK(everything(prepared(x[i], Assign::set, x[order[i]])));
  auto few = numbers(10'000);
  CHECK(everything(prepared(few[i + 1], Assign::set, few[i])));
  auto square = filled<float>(shuffled(1009), 200, 200);
  CHECK(everything(prepared(square[i, j], Assign::set, square[j, i])));
  CHECK(everything(prepared(square[i + 1, j], Assign::set, square[i, j] + square[j, i])));
}

TEST_CASE("a statement in bands that would read outside says where") {
  auto x = numbers(50'000);
  auto which = filled<std::int32_t>([](auto) { return 3; }, 50'000);
  const auto table = numbers(5);
  which.at(40'000) = 5;
  const Ran ran = run_everywhere(prepared(x[i + 1], Assign::set, x[i] + table[which[i]]));
  CHECK(ran.fault == "");
  CHECK(ran.message == "subscript 5 is outside axis 0 of t1 (extent 5) at i=40000");
  const Prepared past_the_end = prepared(x[i(1, x.extent(0))], Assign::set, x[i + 1]);
  CHECK_THROWS_WITH(report_of(past_the_end), "subscript 50000 is outside axis 0 of t0 (extent 50000) at i=49999");
}

TEST_CASE("a call in bands is known again, and for other sizes the same kernel runs") {
  auto x = numbers(100'000), y = numbers(200'001);
  const auto moved = [](Tensor<float, 1>& t) { return prepared(t[i + 1], Assign::set, t[i] * 3 - 1); };
  const Prepared p = moved(x);
  std::vector<const TensorView*> pointers;
  for (const TensorView& view : p.tensors) pointers.push_back(&view);
  p.executable->run(p.tensors, p.params);
  const std::vector<float> before = values(x);
  const std::shared_ptr<const Call>& call = p.executable->known(pointers, p.params);
  REQUIRE(call);
  p.executable->repeat(*call, pointers, p.params);
  bool same = true;
  for (std::size_t k = 1; k < before.size(); ++k)
    same &= x.at(static_cast<std::int64_t>(k)) == before[k - 1] * 3 - 1;
  CHECK(same);
  const std::int64_t compiled = cache_counters().compiled;
  report_of(moved(y));
  CHECK(cache_counters().compiled == compiled);
}
