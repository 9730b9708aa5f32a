// Statements that run again: what the first run found is used again, and only where it holds.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "ricci/compile.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::i, ricci::names::j;
using test::filled;
using test::shuffled;
using test::values;

TEST_CASE("a new tensor is row-major, however a target of the same statement lay") {
  const auto x = filled<float>(shuffled(7), 10);
  std::vector<float> places(18);
  Tensor<float, 1> strided = Tensor<float, 1>::view(places.data(), {9}, {2});
  for (int run = 0; run < 3; ++run) {
    strided[i] = x[i] + x[i + 1];
    const Tensor<float, 1> made = x[i] + x[i + 1];
    REQUIRE(made.extent(0) == 9);
    CHECK(values(made) == values(strided));
  }
}

TEST_CASE("a repeated run reports what it did") {
  const auto x = filled<float>(shuffled(7), 20, 30);
  for (int run = 0; run < 3; ++run) {
    const Tensor<std::int64_t, 1> at = argmax(j, x[i, j] * (j + 17));
    CHECK(last_report().kernels == 1);
    CHECK(last_report().phases == 1);
    CHECK(last_report().loops == 2);
    CHECK((last_report().origin == Origin::memory) == (run > 0));
    CHECK((last_report().compile_ms == 0) == (run > 0));
    CHECK(last_report().run_ms > 0);
    CHECK(last_report().run_ms == last_report().run_ms);
    CHECK(explain().find("1 kernel, 1 phase, 2 loops") == 0);
  }
}

TEST_CASE("what is counted for a repeated run is counted anew, and reported") {
  const auto x = filled<float>([](std::int64_t n) { return static_cast<float>(n % 7 - 3); }, 50);
  const auto column = filled<float>([](std::int64_t n) { return static_cast<float>(n % 7 - 3); }, 50, 1);
  const auto more_than = [&](float least) { return Tensor<float, 2>(column[x > least, all]); };
  const auto expected = [&](float least) {
    std::vector<float> chosen = values(x);
    std::erase_if(chosen, [&](float value) { return !(value > least); });
    return chosen;
  };
  more_than(0);
  const int kernels = last_report().kernels, phases = last_report().phases;
  CHECK(kernels == 2);  // one counts
  for (int run = 0; run < 2; ++run)
    for (const float least : {0.0f, 2.0f, -1.0f, 0.0f, 0.5f}) {
      CHECK(values(more_than(least)) == expected(least));
      CHECK(last_report().kernels == kernels);
      CHECK(last_report().phases == phases);
      CHECK(last_report().run_ms > 0);
    }
  for (int run = 0; run < 3; ++run) {  // none is chosen
    CHECK(more_than(5).extent(0) == 0);
    CHECK(last_report().kernels == 1);
    CHECK(values(more_than(0)) == expected(0));
    CHECK(last_report().kernels == kernels);
    const Tensor<float, 1> other = x + 1;  // counts nothing
    CHECK(last_report().kernels == 1);
  }
}

TEST_CASE("where nothing is to do in a repeated run, nothing is done, but what fails goes on failing") {
  Tensor<float, 1> none(0), x{1, 2, 3}, y{4, 5, 6};
  const Tensor<std::int64_t, 1> outside{7};
  for (int run = 0; run < 3; ++run) {
    const Tensor<float, 1> sums = none + none;
    CHECK(sums.extent(0) == 0);
    CHECK(last_report().kernels == 0);
    Tensor<float, 2> products(3, 0);
    products[i, j] = x[i] * none[j];
    CHECK(last_report().kernels == 0);
    CHECK_THROWS_AS((products[i, j] = x[i] * y[j]), Error);
    CHECK(values(Tensor<float, 1>(x + y)) == std::vector<float>{5, 7, 9});
    CHECK_THROWS_AS((Tensor<float, 1>(x[outside[i]])), Error);
  }
}

TEST_CASE("other layouts, extents, aliases and params in turn at one place") {
  const auto square = filled<float>(shuffled(7), 6, 6);
  const auto run = [](Tensor<float, 2> to, const Tensor<float, 2>& from, float factor) {
    to[i, j] = factor * from[j, i];
    return to;
  };
  for (int round = 0; round < 3; ++round)
    for (const float factor : {2.0f, 3.0f}) {
      Tensor<float, 2> apart(6, 6), in_place = square.copy(), small(2, 3);
      const Tensor<float, 2> part = square.sliced(0, 1, 4).sliced(1, 2, 4);
      run(apart, square, factor);
      run(in_place, in_place, factor);
      run(small, part, factor);
      Tensor<float, 2> flipped = Tensor<float, 2>(6, 6).flipped(1);
      run(flipped, square, factor);
      for (int a = 0; a < 6; ++a)
        for (int b = 0; b < 6; ++b) {
          REQUIRE(apart.at(a, b) == factor * square.at(b, a));
          REQUIRE(in_place.at(a, b) == factor * square.at(b, a));
          REQUIRE(flipped.at(a, b) == factor * square.at(b, a));
          if (a < 2 && b < 3) REQUIRE(small.at(a, b) == factor * part.at(b, a));
        }
    }
}

TEST_CASE("threads repeat one statement side by side, each with layouts of its own") {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&wrong, t] {
      const auto x = filled<float>(shuffled(7), 3 + t % 2, 4);
      for (int round = 0; round < 50; ++round) {
        const Tensor<float, 1> sums = sum(j, x[i, j]), most = max(j, x[i, j]);
        const Tensor<float, 2> turned = x.permuted({1, 0})[i, j] + 0.f;
        for (int a = 0; a < x.extent(0); ++a) {
          wrong += sums.at(a) != x.at(a, 0) + x.at(a, 1) + x.at(a, 2) + x.at(a, 3);
          wrong += most.at(a) < x.at(a, 3) || turned.at(3, a) != x.at(a, 3);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

template <int n>
auto repeated_sum(const Tensor<float, 1>& x) {
  if constexpr (n == 0) return x[i] + 1;
  else return repeated_sum<n - 1>(x) + x[i];
}

TEST_CASE("more programs in turn than a thread remembers") {
  const auto x = filled<float>(shuffled(7), 5);
  const auto all = [&]<int... n>(std::integer_sequence<int, n...>) {
    return std::vector<float>{Tensor<float, 1>(repeated_sum<n>(x)).at(2)...};
  };
  for (int round = 0; round < 3; ++round) {
    float sum = x.at(2) + 1;
    for (float result : all(std::make_integer_sequence<int, 20>())) {
      CHECK(result == sum);
      sum += x.at(2);
    }
  }
}

TEST_CASE("a check that fails in a repeated run is the same error, and the next run is right again") {
  const auto x = filled<float>(shuffled(7), 4);
  Tensor<std::int64_t, 1> at{3, 0, 2};
  const auto take = [&] { return Tensor<float, 1>(x[at[i]]); };
  for (int round = 0; round < 3; ++round) {
    CHECK(values(take()) == std::vector<float>{x.at(3), x.at(0), x.at(2)});
    at.at(1) = 4;
    CHECK_THROWS_WITH(take(), "subscript 4 is outside axis 0 of t1 (extent 4) at i=1");
    at.at(1) = 0;
  }
}
