// Results as long as a condition chooses: one kernel counts, and fills what is made for the count.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "ricci/ricci.hpp"
#include "support/dice.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

/// 0, 1, ... in some order.
Tensor<float, 1> mixed(std::int64_t size) {
  return filled<float>([&](std::int64_t n) { return static_cast<float>(n * 7919 % size); }, size);
}

template <class Run>
std::string message_of(Run run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("one kernel and one call choose any number of elements") {
  const Tensor<float, 1> x = mixed(3000);
  const auto below = [&](float bound) { return Tensor<float, 1>(2 * x[x < bound]); };
  const std::int64_t compiled = cache_counters().compiled;
  for (int number = 2; number <= 3000; number += 37) {  // 0 and 1 would be constants
    CAPTURE(number);
    const Tensor<float, 1> chosen = below(static_cast<float>(number));
    REQUIRE(last_report().kernels == 1);
    REQUIRE(last_report().phases == 2);
    REQUIRE(last_report().temporary_bytes == 0);
    REQUIRE(chosen.extent(0) == number);
    std::vector<float> expected;
    for (const float element : values(x))
      if (element < static_cast<float>(number)) expected.push_back(2 * element);
    REQUIRE(values(chosen) == expected);
  }
  CHECK(cache_counters().compiled == compiled + 1);
}

TEST_CASE("threads fill what is chosen from many shares") {
  const Tensor<float, 1> x = mixed(4'000'003);
  Tensor<float, 1> first;
  for (const int threads : {1, 2, 3, 2}) {
    default_options().threads = threads;
    const Tensor<float, 1> chosen = x[x >= 1'000'000];
    CHECK(chosen.extent(0) == 3'000'003);
    if (threads == 1)
      first = chosen;
    else
      CHECK(evaluate(all(i, chosen[i] == first[i])).at());
  }
  default_options().threads = 0;
}

TEST_CASE("results of one condition are made together") {
  const Tensor<float, 1> x = mixed(100), y = 1 - x;
  for (const float bound : {10.0f, 0.0f, 99.0f}) {
    CAPTURE(bound);
    const Tensor<bool, 1> mask = x < bound;
    const auto [of_x, of_y] = eval(x[mask], y[mask]);
    CHECK(last_report().kernels == 1);
    CHECK(of_x.extent(0) == static_cast<std::int64_t>(bound));
    CHECK(values(of_y) == values(evaluate(1 - of_x)));
  }
}

TEST_CASE("what fails while it is chosen fails as it does elsewhere, each time") {
  const Tensor<float, 1> x = mixed(100);
  Tensor<std::int64_t, 1> at(100);
  at[i] = i;
  const auto in_condition = [&] { return evaluate(x[nonzero(i, x[at[i]] > 50)[n]]); };
  const auto in_value = [&] { return evaluate(x[at[nonzero(i, x[i] > 50)[n]]]); };
  CHECK(in_condition().extent(0) == 49);
  CHECK(in_value().extent(0) == 49);
  at.at(3) = 100;
  REQUIRE(x.at(3) > 50);
  for (int run = 0; run < 2; ++run) {
    CHECK(message_of([&] { in_condition(); }).find("subscript 100 is outside axis 0") == 0);
    CHECK(message_of([&] { in_value(); }).find("subscript 100 is outside axis 0") == 0);
  }
  at.at(3) = 3;
  CHECK(in_condition().extent(0) == 49);
  CHECK(in_value().extent(0) == 49);
}

TEST_CASE("masks of other extents are refused, and nothing is chosen from nothing") {
  const Tensor<float, 1> x = mixed(100), none(0);
  const Tensor<bool, 1> mask = x < 3, less(99);
  for (int run = 0; run < 2; ++run) {
    CHECK(evaluate(x[mask]).extent(0) == 3);
    CHECK(message_of([&] { evaluate(x[less]); }).find("extent 100") != std::string::npos);
    CHECK(evaluate(none[none < 3]).extent(0) == 0);
  }
}

TEST_CASE("random conditions choose the same in machine code as by their meaning") {
  Dice dice{std::mt19937_64(20)};
  const char* const conditions[] = {"x > 0.25",           "(x > 0) & (y < 0.5)", "flag",          "!flag",
                                    "flag | (at % 3 == 1)", "x[at] > y",          "at * 7 < 900", "x > mean(y, 0)"};
  const char* const values[] = {"x[?]",   "x[?] + y[?]", "2 * at[?]",  "nonzero(?)",           "sq(y[at[?]] - 1)",
                                "u8(at[?])", "flag[?]",     "at[?] // 3", "where(x[?] > 0, y[?], 3)", "rows[?, 1]"};
  for (int round = 0; round < 60; ++round) {
    const auto size = dice.one_of<std::int64_t>({1, 7, 64, 500, 4000, 40'000});
    const auto floats = [&](int range) {
      return filled<float>([&](auto) { return static_cast<float>(dice.below(range) - range / 3) / 8; }, size);
    };
    const auto x = floats(20), y = floats(50);
    const auto at = filled<std::int32_t>([&](auto) { return dice.below(static_cast<int>(size)); }, size);
    const Tensor<bool, 1> flag = filled<bool>([&](auto) { return dice.chance(30); }, size);
    const auto rows = filled<float>([](auto n) { return n; }, size, 2);
    std::string text = dice.one_of(values);
    const std::string condition = dice.one_of(conditions);
    for (auto k = text.find('?'); k != std::string::npos; k = text.find('?', k + condition.size()))
      text.replace(k, 1, condition);
    default_options().threads = 1 + dice.below(3);
    default_options().vector_bytes = dice.one_of({0, 16, 32});
    CAPTURE(text, size, default_options().threads, default_options().vector_bytes);
    const Bindings bindings{{"x", x.array()}, {"y", y.array()}, {"at", at.array()}, {"flag", flag.array()},
                            {"rows", rows.array()}};
    const auto outcomes = text_outcomes("a = " + text + "; b = " + text, bindings);
    const bool counts_first = condition.find("mean") != std::string::npos;  // into an array of truth values
    for (const Outcome& outcome : outcomes) CHECK((outcome.report.kernels == 1) == !counts_first);
  }
  default_options() = {};
}
