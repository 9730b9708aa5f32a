// Computed subscripts on the left: duplicates, their order, what a bad subscript leaves behind, any number of threads.
#include <catch2/catch.hpp>
#include <limits>

#include "support/backends.hpp"
#include "support/keys.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

TEST_CASE("counting keys counts all duplicates") {
  for (std::int64_t count : {1, 15, 16, 17, 1000}) {
    const auto key = keys(count, 7);
    const auto weight = filled<float>(shuffled(13), count);
    auto counts = filled<std::int64_t>([](auto n) { return 100 * n; }, 7);
    auto weights = filled<float>([](auto n) { return n; }, 7);
    std::vector<std::int64_t> expected_counts = values(counts);
    std::vector<float> expected_weights = values(weights);
    for (int n = 0; n < count; ++n) {
      expected_counts[static_cast<std::size_t>(key.at(n))] += 1;
      expected_weights[static_cast<std::size_t>(key.at(n))] += weight.at(n);
    }
    const Ran ran = run_everywhere(prepared(counts[key[n]], Assign::add, 1));
    REQUIRE(ran.fault == "");
    CHECK(values(counts) == expected_counts);
    CHECK(ran.report.temporary_bytes == 0);
    REQUIRE(run_everywhere(prepared(weights[key[n]], Assign::add, weight[n])).fault == "");
    CHECK(values(weights) == expected_weights);  // whole numbers: the order of the sum does not matter
  }
}

TEST_CASE("a million keys are counted in several tables, with the same bits for any number of threads") {
  const auto key = keys(1'000'000, 11);
  const auto weight = filled<float>([](auto n) { return 1.0f / static_cast<float>(1 + n % 977); }, 1'000'000);
  Tensor<std::int64_t, 1> counts(11);
  std::vector<std::int64_t> expected(11);
  for (int n = 0; n < 1'000'000; ++n) expected[static_cast<std::size_t>(key.at(n))] += 1;
  const Prepared counting = prepared(counts[key[n]], Assign::add, 1);
  REQUIRE(run_with_threads(counting) == "");
  CHECK(values(counts) == expected);
  const Report report = counting.executable->run(counting.tensors, counting.params);
  CHECK(report.accumulator_bytes >= 2 * 11 * 8);
  CHECK(report.accumulator_bytes % (11 * 8) == 0);

  Tensor<float, 1> weights(11);
  for (int width : vector_widths())
    CHECK(run_with_threads(prepared(weights[key[n]], Assign::add, weight[n]), width) == "");
  auto largest = filled<float>([](auto) { return -1; }, 11);
  CHECK(run_with_threads(prepared(largest[key[n]], Assign::max, weight[n])) == "");
  CHECK(largest.at(0) == 1.0f);
}

TEST_CASE("many keys of few classes have a share for each of many threads, those of more classes fewer") {
  const auto key = filled<std::uint8_t>([](std::int64_t n) { return n * n % 251 % 13; }, 128 << 17);
  const auto tables_of = [&](int classes) {
    Tensor<std::int32_t, 1> counts(classes), expected(classes);
    for (const std::uint8_t k : values(key)) expected.data()[k] += 1;
    const Prepared counting = prepared(counts[key[n]], Assign::add, 1);
    for (const int threads : {1, 3}) {
      const Report report = counting.executable->run(counting.tensors, counting.params, {.threads = threads});
      CHECK(values(counts) == values(expected));
      CHECK(report.accumulator_bytes <= 600 << 10);
      if (threads == 3) return report.accumulator_bytes / (classes == 16 ? 16 * 4 : 1040 * 4);
      std::ranges::fill_n(counts.data(), classes, 0);
    }
    return std::int64_t{0};
  };
  CHECK(tables_of(16) == 128 * 8);
  CHECK(tables_of(1024) == 32 * 4);
}

TEST_CASE("lanes that may meet take as many tables in turn as fit into the first-level cache") {
  struct Row {
    std::int64_t keys;
    int classes;
    std::int64_t tables, pitch;
  };
  // Clearing and merging may take a 24th of the updates; a table of more than 64 elements has an odd multiple of 16.
  for (const auto& [count, classes, tables, pitch] :
       {Row{20'000, 3, 8, 3}, Row{20'000, 64, 8, 64}, Row{20'000, 65, 8, 80}, Row{20'000, 200, 4, 208},
        Row{500, 5, 4, 5}, Row{40, 5, 1, 5}, Row{400'000, 1024, 12, 1040}, Row{400'000, 2000, 6, 2000}}) {
    const auto key = keys(count, classes);
    const auto weight = filled<std::int32_t>(shuffled(13), count);
    Tensor<std::int32_t, 1> sums(classes);
    std::vector<std::int32_t> expected(static_cast<std::size_t>(classes));
    for (int n = 0; n < count; ++n) expected[static_cast<std::size_t>(key.at(n))] += weight.at(n);
    const Ran ran = run_everywhere(prepared(sums[key[n]], Assign::add, weight[n]));
    INFO(count << " keys, " << classes << " classes");
    REQUIRE(ran.fault == "");
    CHECK(values(sums) == expected);
    CHECK(ran.report.accumulator_bytes == 4 * tables * pitch);
  }
}

TEST_CASE("an assignment with duplicates keeps the last one in row-major order") {
  const auto key = keys(10'000, 3);
  const auto value = filled<float>([](auto n) { return n; }, 10'000);
  Tensor<float, 1> last(3);
  const Prepared p = prepared(last[key[n]], Assign::set, value[n]);
  const Ran ran = run_everywhere(p);
  REQUIRE(ran.fault == "");
  for (int k = 0; k < 3; ++k) {
    int expected = 9'999;
    while (expected >= 0 && key.at(expected) != k) --expected;
    CHECK(last.at(k) == (expected < 0 ? 0.0f : static_cast<float>(expected)));
  }
  REQUIRE(run_with_threads(p) == "");

  const auto key2 = filled<std::uint8_t>([](auto n) { return n * 7 % 5; }, 100, 100).permuted({1, 0});
  Tensor<std::int64_t, 1> where_last(5);
  REQUIRE(run_everywhere(prepared(where_last[key2[i, j]], Assign::set, i * 100 + j)).fault == "");
  for (int k = 0; k < 5; ++k) {
    std::int64_t expected = 9'999;
    while (key2.at(expected / 100, expected % 100) != k) --expected;
    CHECK(where_last.at(k) == expected);
  }
}

TEST_CASE("a confusion matrix") {
  const auto truth = keys(500, 4);
  const auto guess = filled<std::uint8_t>([](auto n) { return n * 5 % 4; }, 500);
  Tensor<std::int64_t, 2> matrix(4, 4);
  REQUIRE(run_everywhere(prepared(matrix[truth[n], guess[n]], Assign::add, 1)).fault == "");
  std::vector<std::int64_t> expected(16);
  for (int n = 0; n < 500; ++n) expected[static_cast<std::size_t>(truth.at(n) * 4 + guess.at(n))] += 1;
  CHECK(values(matrix) == expected);
}

TEST_CASE("sums of rows by label, also into a permuted and into a strided target") {
  const auto label = keys(60, 5);
  const auto row = filled<float>(shuffled(19), 60, 18);
  std::vector<float> expected(5 * 18);
  for (int n = 0; n < 60; ++n)
    for (int f = 0; f < 18; ++f) expected[static_cast<std::size_t>(label.at(n) * 18 + f)] += row.at(n, f);
  Tensor<float, 2> plain(5, 18), columns = Tensor<float, 2>(18, 5).permuted({1, 0});
  Tensor<float, 2> strided = Tensor<float, 2>(10, 40).sliced(0, 0, 10, 2).sliced(1, 1, 37, 2);
  Tensor<float, 2> backwards = Tensor<float, 2>(5, 18).flipped(1);
  for (Tensor<float, 2> target : {plain, columns, strided, backwards}) {
    const Ran ran = run_everywhere(prepared(target[label[n], f], Assign::add, row[n, f]));
    CHECK(ran.fault == "");
    CHECK(values(target) == expected);
  }
}

TEST_CASE("the gradient of an embedding") {
  const auto word = filled<std::int64_t>([](auto n) { return n * n % 11; }, 4, 25);
  const auto gradient = filled<float>(shuffled(23), 4, 25, 8);
  Tensor<float, 2> table(11, 8);
  REQUIRE(run_everywhere(prepared(table[word[b, t], e], Assign::add, gradient[b, t, e])).fault == "");
  std::vector<float> expected(11 * 8);
  for (int b = 0; b < 4; ++b)
    for (int t = 0; t < 25; ++t)
      for (int e = 0; e < 8; ++e) expected[static_cast<std::size_t>(word.at(b, t) * 8 + e)] += gradient.at(b, t, e);
  CHECK(values(table) == expected);
}

TEST_CASE("every update accumulates duplicates") {
  const auto key = keys(200, 6);
  const auto value = filled<std::int32_t>([](auto n) { return n * 37 % 101 - 50; }, 200);
  auto real = filled<float>([](auto n) { return n % 5 ? 1 : 2; }, 200);
  real.at(77) = std::numeric_limits<float>::quiet_NaN();
  const auto target = [] { return filled<std::int32_t>([](auto n) { return n * 3 - 5; }, 6); };
  const auto check = [&](Assign assign, auto step) {
    Tensor<std::int32_t, 1> out = target();
    std::vector<std::int32_t> expected = values(out);
    for (int n = 0; n < 200; ++n) {
      std::int32_t& e = expected[static_cast<std::size_t>(key.at(n))];
      e = static_cast<std::int32_t>(step(static_cast<std::uint32_t>(e), static_cast<std::uint32_t>(value.at(n))));
    }
    const Ran ran = run_everywhere(prepared(out[key[n]], assign, value[n]));
    CHECK(ran.fault == "");
    CHECK(values(out) == expected);
  };
  using U = std::uint32_t;
  const auto is_less = [](U a, U b) { return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b); };
  check(Assign::add, [](U a, U b) { return a + b; });
  check(Assign::subtract, [](U a, U b) { return a - b; });
  check(Assign::multiply, [](U a, U b) { return a * b; });
  check(Assign::max, [&](U a, U b) { return is_less(a, b) ? b : a; });
  check(Assign::min, [&](U a, U b) { return is_less(b, a) ? b : a; });

  Tensor<float, 1> largest(6), product = filled<float>([](auto) { return 1; }, 6);
  REQUIRE(run_everywhere(prepared(largest[key[n]], Assign::max, real[n])).fault == "");
  CHECK(std::isnan(largest.at(key.at(77))));
  REQUIRE(run_everywhere(prepared(product[key[n]], Assign::multiply, real[n])).fault == "");

  const auto bit = filled<bool>([](auto n) { return n % 50 == 3; }, 200);
  auto any = filled<bool>([](auto n) { return n == 0; }, 6), all = filled<bool>([](auto n) { return n != 0; }, 6);
  std::vector<bool> has_bit(6);
  for (int n = 0; n < 200; ++n)
    if (bit.at(n)) has_bit[static_cast<std::size_t>(key.at(n))] = true;
  REQUIRE(run_everywhere(prepared(any[key[n]], Assign::bit_or, bit[n])).fault == "");
  REQUIRE(run_everywhere(prepared(all[key[n]], Assign::bit_and, ~bit[n])).fault == "");
  for (int k = 0; k < 6; ++k) {
    const bool found = has_bit[static_cast<std::size_t>(k)];
    CHECK(any.at(k) == (found || k == 0));
    CHECK(all.at(k) == (!found && k != 0));
  }
}

TEST_CASE("a key out of range is an error, and an update leaves its target as it was") {
  auto key = keys(100, 6);
  key.at(63) = 6;
  key.at(80) = -1;
  auto out = filled<float>([](auto n) { return n; }, 6);
  const std::string message = "subscript 6 is outside axis 0 of t0 (extent 6) at n=63";
  for (Assign assign : {Assign::add, Assign::subtract, Assign::multiply, Assign::max, Assign::min}) {
    const Ran ran = run_everywhere(prepared(out[key[n]], assign, 1));
    CHECK(ran.fault == "");
    CHECK(ran.message == message);
    CHECK(ran.unchanged_on_error);
  }
  const Ran set = run_everywhere(prepared(out[key[n]], Assign::set, 1));
  CHECK(set.fault == "");
  CHECK(set.message == message);

  auto many = keys(1'000'000, 6);
  many.at(900'000) = 100;
  many.at(600'001) = -7;
  CHECK(run_with_threads(prepared(out[many[n]], Assign::add, 1)) ==
        "subscript -7 is outside axis 0 of t0 (extent 6) at n=600001");
  CHECK(values(out) == std::vector<float>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("updates of one element: a target of rank 0") {
  const auto x = filled<float>(shuffled(29), 1000);
  Tensor<float, 0> total(5.0f), largest(0.0f);
  float expected = 5;
  for (float v : values(x)) expected += v;
  REQUIRE(run_everywhere(prepared(total(), Assign::add, x[i])).fault == "");
  CHECK(static_cast<float>(total) == expected);
  REQUIRE(run_everywhere(prepared(largest(), Assign::max, x[i])).fault == "");
  CHECK(static_cast<float>(largest) == 28);
}

TEST_CASE("updates through affine subscripts meet the right elements") {
  for (std::int64_t count : {1, 7, 16, 31, 33, 64, 100, 200}) {
    const auto x = filled<float>(shuffled(37), count);
    auto next = filled<float>([](auto n) { return n; }, count + 1), backwards = next.copy();
    auto spread = filled<float>([](auto n) { return n; }, 2 * count);
    const std::vector<float> before = values(spread);
    CAPTURE(count);
    REQUIRE(run_everywhere(prepared(next[i + 1], Assign::add, x[i])).fault == "");
    REQUIRE(run_everywhere(prepared(backwards[count - i], Assign::add, x[i])).fault == "");
    REQUIRE(run_everywhere(prepared(spread[2 * i + 1], Assign::max, x[i])).fault == "");
    for (std::int64_t k = 0; k < count; ++k) {
      REQUIRE(next.at(k + 1) == static_cast<float>(k + 1) + x.at(k));
      REQUIRE(backwards.at(count - k) == static_cast<float>(count - k) + x.at(k));
      REQUIRE(spread.at(2 * k + 1) == std::max(before[static_cast<std::size_t>(2 * k + 1)], x.at(k)));
    }
    const auto column = filled<float>([](auto n) { return n % 5 - 2; }, count, 3);
    Tensor<float, 2> sums(count + 2, 3);
    REQUIRE(run_everywhere(prepared(sums[i + k, k], Assign::add, column[i, k])).fault == "");
    for (std::int64_t r = 0; r < count; ++r) REQUIRE(sums.at(r + 2, 2) == column.at(r, 2));
  }
}

TEST_CASE("a selected sum over keys runs as a scatter, not over every class") {
  const auto key = keys(90, 40);
  const auto x = filled<float>(shuffled(31), 90);
  Tensor<float, 1> out(40);
  const Prepared p = prepared(out[c], Assign::set, sum(n, delta(c, key[n]) * x[n]));
  const Ran ran = run_everywhere(p);
  REQUIRE(ran.fault == "");
  CHECK(ran.report.accumulator_bytes == 40 * 4);
  std::vector<float> expected(40);
  for (int n = 0; n < 90; ++n) expected[static_cast<std::size_t>(key.at(n))] += x.at(n);
  CHECK(values(out) == expected);
}

TEMPLATE_TEST_CASE("keys of every integer are checked at both ends of what is inside", "", std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t) {
  using Limits = std::numeric_limits<TestType>;
  for (std::int64_t count : {1, 37, 300}) {
    auto key = filled<TestType>([](std::int64_t n) { return n * 5 % 100; }, count);
    key.at(count - 1) = 99;
    Tensor<std::int32_t, 1> counts(100);
    std::vector<std::int32_t> expected(100);
    for (std::int64_t n = 0; n < count; ++n) expected[static_cast<std::size_t>(key.at(n))] += 1;
    const Prepared p = prepared(counts[key[n]], Assign::add, 1);
    REQUIRE(run_everywhere(p).fault == "");
    CHECK(values(counts) == expected);
    for (const TestType outside : {static_cast<TestType>(100), Limits::min(), Limits::max()}) {
      if (outside == 0) continue;
      key.at(count / 2) = outside;
      const Ran ran = run_everywhere(p);
      CHECK(ran.fault == "");
      CHECK(ran.error == Error::Kind::bounds);
      CHECK(ran.unchanged_on_error);
    }
  }
  if constexpr (sizeof(TestType) == 1) {  // all of them are inside, or all that are not below zero
    auto key = filled<TestType>([](std::int64_t n) { return n % (std::int64_t{Limits::max()} + 1); }, 700);
    Tensor<std::int32_t, 1> counts(256);
    REQUIRE(run_everywhere(prepared(counts[key[n]], Assign::add, 1)).fault == "");
    for (std::int64_t n = 0; n < 256; ++n) {
      const std::int64_t period = std::int64_t{Limits::max()} + 1;
      CHECK(counts.at(n) == (n < period ? 700 / period + (n < 700 % period) : 0));
    }
  }
}

TEST_CASE("an empty target has no place for any key") {
  Tensor<float, 1> none(0);
  const Ran ran = run_everywhere(prepared(none[keys(40, 3)[n]], Assign::add, 1));
  CHECK(ran.fault == "");
  CHECK(ran.error == Error::Kind::bounds);
}
