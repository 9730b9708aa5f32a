// Statements that write every second, third or fourth element: in vectors and threads where the subscripts tell the
// iterations apart, and the same in every way to run them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "ricci/target.hpp"
#include "support/assembly.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

template <class T>
Tensor<T, 1> numbers(std::int64_t count) {
  return filled<T>([](std::int64_t n) { return std::is_same_v<T, bool> ? n % 5 % 2 : n * 7 % 90; }, count);
}

/// Whether y is f(k) in every `step`-th element from `first` on, and as it was elsewhere.
template <class T, class F>
bool holds_apart(const Tensor<T, 1>& y, std::int64_t step, std::int64_t first, F f) {
  bool right = true;
  for (std::int64_t n = 0; n < y.size(); ++n) {
    const bool written = n >= first && (n - first) % step == 0;
    right &= y.at(n) == (written ? static_cast<T>(f((n - first) / step)) : T{1});
  }
  return right;
}

/// Whether some innermost loop stores vectors under masks and neither scatters nor stores single floats.
bool stores_masked_vectors(const std::string& assembly) {
  return std::ranges::any_of(innermost_loops(assembly), [](const std::string& body) {
    return has(body, "\\tvmov\\w*\\s%[xyz]mm\\d+, [^\\n]*\\{%k\\d\\}") && !has(body, "scatter|gather|movss");
  });
}

}  // namespace

TEMPLATE_TEST_CASE("elements a few apart are written, by subscripts and by strides, and no others", "", bool,
                   std::uint8_t, std::int16_t, float, double) {
  using T = TestType;
  for (const std::int64_t extent : {1, 7, 16, 17, 64, 65, 130, 300})
    for (const std::int64_t step : {2, 3, 4, 5}) {
      CAPTURE(extent, step);
      Tensor<T, 1> y(extent * step);
      const auto x = numbers<T>(extent * step), near = numbers<T>(extent);
      const Tensor<T, 1> apart = x.sliced(0, 0, x.size(), step);
      const auto check = [&](const Prepared& p, std::int64_t first, auto f) {
        REQUIRE(run_everywhere(p).fault == "");
        CHECK(holds_apart(y, step, first, f));
        y.fill(T{1});
        REQUIRE(run_with_threads(p) == "");
        CHECK(holds_apart(y, step, first, f));
        y.fill(T{1});
      };
      y.fill(T{1});
      auto to = y.sliced(0, 0, y.size(), step), back = to.flipped(0);
      check(prepared(to[i], Assign::set, apart[i]), 0, [&](auto k) { return apart.at(k); });
      check(prepared(back[i], Assign::set, near[i]), 0, [&](auto k) { return near.at(extent - 1 - k); });
      if (step == 2) {
        check(prepared(y[2 * i], Assign::set, x[2 * i]), 0, [&](auto k) { return x.at(2 * k); });
        check(prepared(y[2 * i + 1], Assign::set, near[i]), 1, [&](auto k) { return near.at(k); });
      }
      if (step == 3) check(prepared(y[3 * i], Assign::set, near[i]), 0, [&](auto k) { return near.at(k); });
      if (step == 4) check(prepared(y[4 * i + 2], Assign::set, near[i]), 2, [&](auto k) { return near.at(k); });
    }
}

TEST_CASE("what is computed of every second element goes back there, without a copy or private tables") {
  for (const std::int64_t extent : {1, 40, 1000, 20001}) {
    auto y = numbers<float>(extent);
    const auto x = y.copy();
    const auto near = numbers<float>((extent + 1) / 2);
    CAPTURE(extent);
    const Prepared p = prepared(y[2 * i], Assign::set, y[2 * i] * 2 + 1);
    const Prepared q = prepared(y[2 * i], Assign::add, near[i]);
    CHECK(schedule_of(p).find("parallel before |") != std::string::npos);
    CHECK(schedule_of(q).find("parallel before |") != std::string::npos);
    const Ran ran = run_everywhere(p);
    REQUIRE(ran.fault == "");
    CHECK(ran.report.temporary_bytes == 0);
    const Ran added = run_everywhere(q);
    REQUIRE(added.fault == "");
    CHECK(added.report.accumulator_bytes == 0);
    for (std::int64_t n = 0; n < extent; ++n)
      REQUIRE(y.at(n) == (n % 2 == 0 ? x.at(n) * 2 + 1 + near.at(n / 2) : x.at(n)));
    REQUIRE(run_with_threads(p) == "");
    REQUIRE(run_with_threads(q) == "");
  }
}

TEST_CASE("pairs are put together and matrices get every second column") {
  for (const std::int64_t extent : {1, 16, 33, 500}) {
    const auto a = numbers<float>(extent), b = numbers<float>(extent);
    Tensor<float, 2> pairs(extent, 2), wide(5, 2 * extent);
    CAPTURE(extent);
    REQUIRE(run_everywhere(prepared(pairs[i, 0], Assign::set, a[i])).fault == "");
    REQUIRE(run_everywhere(prepared(pairs[i, 1], Assign::set, b[i] + 1)).fault == "");
    const Prepared p = prepared(wide[i, 2 * j + 1], Assign::set, i + b[j]);
    REQUIRE(run_everywhere(p).fault == "");
    REQUIRE(run_with_threads(p) == "");
    for (std::int64_t n = 0; n < extent; ++n) {
      REQUIRE(pairs.at(n, 0) == a.at(n));
      REQUIRE(pairs.at(n, 1) == b.at(n) + 1);
      for (std::int64_t r = 0; r < 5; ++r) {
        REQUIRE(wide.at(r, 2 * n + 1) == static_cast<float>(r) + b.at(n));
        REQUIRE(wide.at(r, 2 * n) == 0);
      }
    }
  }
}

TEST_CASE("what tells its iterations apart runs in parallel, and the last one is kept of what does not") {
  Tensor<float, 1> y(400);
  Tensor<float, 2> m(20, 60);
  const auto x = numbers<float>(100), few = numbers<float>(20);
  const auto far = filled<std::int32_t>([](std::int64_t n) { return n * 3 % 20; }, 20);
  const auto is_serial = [](const Prepared& p) { return schedule_of(p).find(" serial") != std::string::npos; };
  CHECK_FALSE(is_serial(prepared(y[3 * i + 1], Assign::set, x[i])));
  CHECK_FALSE(is_serial(prepared(y[399 - 4 * i], Assign::set, x[i])));
  CHECK_FALSE(is_serial(prepared(m[i, i + 2 * j], Assign::set, few[i] + few[j])));
  CHECK_FALSE(is_serial(prepared(m[i, 2 * j + far[i]], Assign::set, few[i] + few[j])));
  for (const Prepared& p :
       {prepared(y[i + j], Assign::set, x[i] - 2 * x[j]), prepared(y[i + 2 * j], Assign::set, x[i] - 2 * x[j]),
        prepared(y[floor_divide(i, 2)], Assign::set, x[i]), prepared(y[i - i + 5], Assign::set, x[i]),
        prepared(m[i + j, 2 * i + 2 * j], Assign::set, x[i] - 2 * x[j])}) {
    CHECK(is_serial(p));
    REQUIRE(run_everywhere(p).fault == "");
  }
}

TEST_CASE("elements a few apart are stored as vectors under masks") {
  if (!has_mask_registers(host_target())) return;
  const auto x = numbers<float>(4000), half = numbers<float>(2000), quarter = numbers<float>(1000);
  Tensor<float, 1> y(4000);
  auto every = y.sliced(0, 0, 4000, 2), third = y.sliced(0, 0, 3000, 3);
  Tensor<double, 1> wide(4000);
  Tensor<float, 2> pairs(1000, 2);
  for (const Prepared& p :
       {prepared(y[2 * i], Assign::set, x[2 * i]), prepared(y[2 * i + 1], Assign::set, half[i]),
        prepared(y[2 * i], Assign::set, y[2 * i] * 2 + 1), prepared(y[4 * i], Assign::add, quarter[i]),
        prepared(y[2 * i], Assign::set, 0), prepared(every[i], Assign::set, half[i]),
        prepared(third[i], Assign::set, x[3 * i]), prepared(wide[2 * i], Assign::set, wide[2 * i] + 1),
        prepared(pairs[i, 1], Assign::set, quarter[i])})
    CHECK(stores_masked_vectors(assembly_of(p)));
  // What is stored to comes into the second cache before.
  CHECK(loops_of(prepared(y[2 * i], Assign::set, half[i] - 1)).find(" later\n") != std::string::npos);
}
