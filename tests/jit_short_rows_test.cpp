// Reductions over short rows of memory: transposed for a tile of lanes, and the same in every way to run them.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/program_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

bool transposes(const Prepared& p) {
  return schedule_of(p).find("short rows transposed: ") != std::string::npos;
}

template <class T>
Tensor<T, 2> points(Dice& dice, std::int64_t count, std::int64_t length) {
  return filled<T>([&](auto) { return static_cast<T>(dice.below(100)); }, count, length);
}

}  // namespace

TEST_CASE("rows of up to a line have lanes across them, and nothing is gathered") {
  Dice dice{std::mt19937_64(3)};
  for (const std::int64_t length : {2, 3, 4, 16}) {
    const auto x = points<float>(dice, 300, length);
    Tensor<float, 1> out(300);
    const Prepared p = prepared(out[i], Assign::set, sum(j, x[i, j]));
    CHECK(transposes(p));
    CHECK(loops_of(p).find("gather") == std::string::npos);
  }
  const auto single = points<float>(dice, 300, 1), long_rows = points<float>(dice, 300, 17);
  const auto columns = points<float>(dice, 3, 300);
  Tensor<float, 1> out(300);
  CHECK(!transposes(prepared(out[i], Assign::set, sum(j, single[i, j]))));
  CHECK(!transposes(prepared(out[i], Assign::set, sum(j, long_rows[i, j]))));
  CHECK(!transposes(prepared(out[i], Assign::set, sum(j, columns[j, i]))));
}

TEST_CASE("one kernel serves all short rows that do not fill vectors") {
  Dice dice{std::mt19937_64(4)};
  const auto loops = [&](std::int64_t length) {
    const auto x = points<float>(dice, 300, length);
    Tensor<std::int64_t, 1> out(300);
    return loops_of(prepared(out[i], Assign::set, argmax(j, x[i, j])));
  };
  CHECK(loops(5) == loops(6));
  CHECK(loops(5) == loops(16));
  CHECK(loops(5) != loops(17));
}

TEST_CASE("products of short rows with each other run through both in lanes across the rows") {
  Dice dice{std::mt19937_64(6)};
  for (const std::int64_t length : {2, 3, 16})
    for (const std::int64_t count : {1, 15, 64, 300}) {
      CAPTURE(length, count);
      const auto x = points<float>(dice, count, length), y = points<float>(dice, count, length);
      const auto weight = points<float>(dice, length, length);
      Tensor<float, 1> out(count);
      const Prepared form = prepared(out[i], Assign::set, sum(j, k, x[i, j] * weight[j, k] * x[i, k]));
      REQUIRE(run_everywhere(form).fault == "");
      REQUIRE(run_with_threads(form) == "");
      REQUIRE(run_everywhere(prepared(out[i], Assign::add, max(j, k, x[i, j] - y[i, k] * weight[k, j]))).fault == "");
      out[i] = sum(j, k, x[i, j] * weight[j, k] * x[i, k]);
      for (std::int64_t n = 0; n < count; ++n) {
        float expected = 0;  // of small integers, exactly
        for (std::int64_t a = 0; a < length; ++a)
          for (std::int64_t b = 0; b < length; ++b) expected += x.at(n, a) * weight.at(a, b) * x.at(n, b);
        REQUIRE(std::abs(out.at(n) - expected) <= 1e-5f * expected);
      }
      if (count < 64 || vector_widths().front() < 32) continue;
      CHECK(transposes(form));
      CHECK(loops_of(form).find("gather") == std::string::npos);
    }
  // Not rows that a reduction chooses: of a cube, for its middle axis.
  const auto cube = filled<float>([&](auto) { return dice.below(100) - 50; }, 5, 90, 7);
  Tensor<float, 1> middle(90);
  const Prepared of_cube = prepared(middle[j], Assign::set, sum(k, i, cube[i, j, k] - max(l, cube[i, l, k])));
  CHECK(!transposes(of_cube));
  REQUIRE(run_everywhere(of_cube).fault == "");
  // Nor windows that slide, nor longer rows.
  const auto picture = points<float>(dice, 64, 64), weight = points<float>(dice, 3, 3);
  const auto points17 = points<float>(dice, 90, 17), weight17 = points<float>(dice, 17, 17);
  Tensor<float, 2> sharp(62, 62);
  Tensor<float, 1> out(90);
  CHECK(!transposes(prepared(sharp[i, j], Assign::set, sum(k, l, picture[i + k, j + l] * weight[k, l]))));
  CHECK(!transposes(prepared(out[i], Assign::set, sum(j, k, points17[i, j] * weight17[j, k] * points17[i, k]))));
}

TEMPLATE_TEST_CASE("reductions over short rows agree in every way to run them", "", float, double, std::int32_t,
                   std::uint8_t) {
  Dice dice{std::mt19937_64(5)};
  for (const std::int64_t length : {2, 3, 5, 7, 8, 9, 15, 16})
    for (const std::int64_t count : {1, 15, 33, 64, 255, 257, 700}) {
      CAPTURE(length, count);
      const std::int64_t beside = dice.one_of({0, 0, 3});
      const auto x = points<TestType>(dice, count, length + beside).sliced(1, 0, length);
      const auto y = points<TestType>(dice, count, length);
      const auto weight = points<TestType>(dice, 2, length);
      Tensor<TestType, 1> out(count);
      Tensor<std::int64_t, 1> best(count);
      Tensor<double, 1> of_both(count);
      const Prepared weighted = prepared(out[i], Assign::set, sum(j, x[i, j] * weight[1, j]));
      REQUIRE((transposes(weighted) || count < 2));
      REQUIRE(run_everywhere(weighted).fault == "");
      REQUIRE(run_everywhere(prepared(best[i], Assign::set, argmax(j, x[i, j]))).fault == "");
      REQUIRE(run_everywhere(prepared(out[i], Assign::add, max(j, x[i, j]) - min(k, y[i, k]))).fault == "");
      REQUIRE(run_everywhere(prepared(of_both[i], Assign::set, sum(j, sq(x[i, j] - y[i, j])))).fault == "");
      REQUIRE(run_with_threads(weighted) == "");
    }
}

TEST_CASE("short rows of pictures, of rows that are apart, and of what is written are right") {
  Dice dice{std::mt19937_64(6)};
  const auto colours = filled<float>([&](auto) { return dice.below(256); }, 13, 37, 3);
  Tensor<float, 2> grey(13, 37), turned(37, 13);
  const Tensor<float, 1> weight{0.25f, 0.5f, 0.125f};
  REQUIRE(run_everywhere(prepared(grey[i, j], Assign::set, sum(k, colours[i, j, k] * weight[k]))).fault == "");
  REQUIRE(run_everywhere(prepared(turned[j, i], Assign::set, sum(k, colours[i, j, k] * weight[k]))).fault == "");
  const auto part = colours.sliced(1, 1, 30, 2);
  Tensor<float, 2> half(13, part.extent(1));
  REQUIRE(run_everywhere(prepared(half[i, j], Assign::set, max(k, part[i, j, k]))).fault == "");
  const auto backwards = colours.flipped(1);
  REQUIRE(run_everywhere(prepared(grey[i, j], Assign::set, max(k, backwards[i, j, k]))).fault == "");
  Tensor<float, 2> own = points<float>(dice, 100, 4);
  REQUIRE(run_everywhere(prepared(own[i, 0], Assign::set, sum(k, own[i, k]))).fault == "");
  const Tensor<std::int64_t, 1> at = filled<std::int64_t>([&](auto) { return dice.below(100); }, 50);
  Tensor<float, 1> chosen(50);
  REQUIRE(run_everywhere(prepared(chosen[i], Assign::set, sum(k, own[at[i], k]))).fault == "");
  const auto nested = filled<float>([&](auto) { return dice.below(100); }, 30, 5, 3);
  Tensor<float, 1> whole(30);
  REQUIRE(run_everywhere(prepared(whole[i], Assign::set, sum(j, sum(k, nested[i, j, k])))).fault == "");
  REQUIRE(run_everywhere(prepared(whole[i], Assign::set, max(j, sq(sum(k, nested[i, j, k]))))).fault == "");
}

TEMPLATE_TEST_CASE("small matrices times a vector each: short rows that a loop inside of a tile chooses", "", float,
                   double, std::int32_t) {
  using T = TestType;
  Dice dice{std::mt19937_64(8)};
  for (const std::int64_t size : {2, 3, 4})
    for (const std::int64_t count : {1, 64, 65, 300, 1100}) {
      CAPTURE(size, count);
      const auto matrix = filled<T>([&](auto) { return static_cast<T>(dice.below(100)); }, count, size, size);
      const auto vector = points<T>(dice, count, size);
      Tensor<std::conditional_t<std::is_integral_v<T>, std::int64_t, T>, 2> out(count, size);
      REQUIRE(run_everywhere(prepared(out[b, i], Assign::set, sum(k, matrix[b, i, k] * vector[b, k]))).fault == "");
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t row = 0; row < size; ++row) {
          T expected = 0;
          for (std::int64_t c = 0; c < size; ++c) expected += matrix.at(n, row, c) * vector.at(n, c);
          REQUIRE(out.at(n, row) == expected);
        }
    }
}
