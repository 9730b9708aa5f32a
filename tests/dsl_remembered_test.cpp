// A statement that is run a third time is what its thread remembers: it must still look at all that may have changed.
#include <catch2/catch.hpp>
#include <numeric>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"

using namespace ricci;
using Catch::Matchers::Contains;

namespace {

Tensor<float, 1> scaled(const Tensor<float, 1>& x, float factor, std::int64_t shift) {
  auto [i] = indices<"i">;
  return x[i] * factor + shift;
}

Tensor<float, 1> row_of(const Tensor<float, 2>& x, std::int64_t row) {
  auto [i] = indices<"i">;
  return x[row, i];
}

Tensor<float, 1> counting(std::int64_t size, float from) {
  Tensor<float, 1> x(size);
  std::iota(x.data(), x.data() + size, from);
  return x;
}

/// One site for all calls.
Tensor<float, 1> sum_of(const Tensor<float, 1>& x, const Tensor<float, 1>& y) {
  auto [i] = indices<"i">;
  return x[i] + y[i];
}

void add_to(Tensor<float, 1>& out, const Tensor<float, 1>& x) {
  auto [i] = indices<"i">;
  out[i] = out[i] + x[i];
}

Tensor<float, 1> taken(const Tensor<float, 1>& x, const Tensor<std::int32_t, 1>& at) {
  auto [i] = indices<"i">;
  return x[at[i]];
}

void take_to(Tensor<float, 1>& out, const Tensor<float, 1>& x, const Tensor<std::int32_t, 1>& at) {
  auto [i] = indices<"i">;
  out[i] = x[at[i]];
}

struct Restored {
  Options before = default_options();
  ~Restored() { default_options() = before; }
};

}  // namespace

TEST_CASE("a remembered statement has other elements, and results of their own") {
  Tensor<float, 1> x = counting(5, 0);
  const Tensor<float, 1> y = counting(5, 10);
  std::vector<Tensor<float, 1>> results;
  for (int n = 0; n < 6; ++n) {
    x.data()[0] = static_cast<float>(100 * n);
    results.push_back(sum_of(x, y));
  }
  for (int n = 0; n < 6; ++n) {
    CHECK(results[static_cast<std::size_t>(n)].data()[0] == static_cast<float>(100 * n + 10));
    CHECK(results[static_cast<std::size_t>(n)].data()[4] == 18);
  }
  CHECK(last_report().kernels == 1);
  CHECK(last_report().origin == Origin::memory);
  CHECK(last_report().run_ms > 0);
}

TEST_CASE("of a remembered statement extents, strides, and which tensors are the same may change") {
  const Tensor<float, 1> x = counting(12, 0), y = counting(12, 100), few = counting(3, 0);
  const Tensor<float, 1> every_second = x.sliced(0, 0, 12, 2), half = y.sliced(0, 0, 6);
  for (int n = 0; n < 4; ++n) {
    for (int repeat = 0; repeat < 4; ++repeat) CHECK(sum_of(x, y).data()[11] == 122);
    for (int repeat = 0; repeat < 4; ++repeat) CHECK(sum_of(x, x).data()[11] == 22);
    for (int repeat = 0; repeat < 4; ++repeat) CHECK(sum_of(x, y).data()[11] == 122);
    for (int repeat = 0; repeat < 4; ++repeat) CHECK(sum_of(every_second, half).data()[5] == 115);
    for (int repeat = 0; repeat < 4; ++repeat) CHECK_THROWS_AS(sum_of(x, few), Error);
    for (int repeat = 0; repeat < 4; ++repeat) CHECK(sum_of(few, few).extents()[0] == 3);
  }
}

TEST_CASE("numbers of a remembered statement may change, and are checked") {
  const Tensor<float, 1> x = counting(20, 0);
  Tensor<float, 2> rows(3, 20);
  std::iota(rows.data(), rows.data() + 60, 0.0f);
  for (int n = 0; n < 8; ++n) {
    CHECK(scaled(x, 2.5f, 3).data()[19] == 2.5f * 19 + 3);
    CHECK(scaled(x, static_cast<float>(n), n).data()[19] == static_cast<float>(n * 20));
    CHECK(row_of(rows, n % 3).data()[4] == static_cast<float>(20 * (n % 3) + 4));
    CHECK(row_of(rows, -1).data()[4] == 44);
    CHECK_THROWS_WITH(row_of(rows, 3), Catch::Contains("subscript 3 is outside axis 0"));
  }
}

TEST_CASE("a remembered statement that fails says what it said before, and goes on") {
  const Tensor<float, 1> x = counting(50, 7);
  Tensor<std::int32_t, 1> at(40);
  Tensor<float, 1> out(40);
  std::iota(at.data(), at.data() + 40, 3);
  for (int round = 0; round < 8; ++round) {
    at.data()[17] = round % 4 == 3 ? 50 : round;
    if (round % 4 == 3) {
      CHECK_THROWS_WITH(taken(x, at), Contains("subscript 50 is outside axis 0 of") && Contains("at i=17"));
      CHECK_THROWS_WITH(take_to(out, x, at), Contains("subscript 50 is outside axis 0 of") && Contains("at i=17"));
      continue;
    }
    const Tensor<float, 1> result = taken(x, at);
    take_to(out, x, at);
    for (std::int64_t k = 0; k < 40; ++k) {
      const float wanted = k == 17 ? static_cast<float>(round + 7) : static_cast<float>(k + 10);
      CHECK(result.at(k) == wanted);
      CHECK(out.at(k) == wanted);
    }
  }
}

TEST_CASE("a remembered statement that writes looks whether its tensors overlap") {
  for (int round = 0; round < 2; ++round) {
    Tensor<float, 1> all = counting(101, 0), apart = counting(100, 1);
    Tensor<float, 1> front = all.sliced(0, 0, 100), back = all.sliced(0, 1, 101);
    for (int n = 0; n < 4; ++n) add_to(front, apart);  // 5 k + 4
    for (int k = 0; k < 100; ++k) CHECK(all.data()[k] == static_cast<float>(5 * k + 4));
    std::vector<float> expected(all.data(), all.data() + 101);
    for (int n = 0; n < 3; ++n) {  // each time from the old values
      const std::vector<float> old = expected;
      for (std::size_t k = 0; k < 100; ++k) expected[k + 1] = old[k + 1] + old[k];
      add_to(back, front);
    }
    CHECK((std::vector<float>(all.data(), all.data() + 101) == expected));
  }
}

TEST_CASE("a remembered statement is run by what the options say now") {
  const Restored restored;
  const Tensor<float, 1> x = counting(5, 0), y = counting(5, 10);
  for (int n = 0; n < 3; ++n) CHECK(sum_of(x, y).data()[4] == 18);
  default_options().backend = Backend::reference;
  CHECK(sum_of(x, y).data()[4] == 18);
  CHECK(last_report().kernels == 0);
  default_options().backend = Backend::native;
  default_options().vector_bytes = 16;
  CHECK(sum_of(x, y).data()[4] == 18);
  const std::int64_t compiled = cache_counters().compiled;
  for (int n = 0; n < 3; ++n) CHECK(sum_of(x, y).data()[4] == 18);
  CHECK(cache_counters().compiled == compiled);
  CHECK(last_report().kernels == 1);
}
