// Short rows behind each other are gone through as one axis also where the outer one is moved or tested.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/program_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

template <class T>
Tensor<T, 3> picture(Dice& dice, std::int64_t rows, std::int64_t columns, std::int64_t colours) {
  return filled<T>([&](auto) { return static_cast<T>(dice.below(100)); }, rows, columns, colours);
}

bool is_one_axis(const Prepared& p) {
  return schedule_of(p).find("k/") != std::string::npos && schedule_of(p).find(" j") == std::string::npos;
}

}  // namespace

TEMPLATE_TEST_CASE("pictures with a border, and their neighbouring pixels", "", std::uint8_t, float) {
  using T = TestType;
  Dice dice{std::mt19937_64(3)};
  for (const std::int64_t colours : {1, 3, 16, 17})
    for (const auto& [rows, columns] : std::initializer_list<std::pair<std::int64_t, std::int64_t>>{{1, 1}, {3, 70}}) {
      CAPTURE(colours, rows, columns);
      const auto x = picture<T>(dice, rows, columns, colours);
      Tensor<T, 3> wide(rows + 3, columns + 5, colours), same(rows, columns, colours);
      const Prepared border = prepared(wide[i, j, k], Assign::set, fill(x, 7)[i - 1, j - 2, k]);
      if (rows > 1 && columns > 30 && colours > 1) CHECK(is_one_axis(border) == (colours < 17));
      REQUIRE(run_everywhere(border).fault == "");
      REQUIRE(run_with_threads(border) == "");
      for (std::int64_t r = 0; r < rows + 3; ++r)
        for (std::int64_t c = 0; c < columns + 5; ++c)
          for (std::int64_t colour = 0; colour < colours; ++colour) {
            const bool inside = r >= 1 && r <= rows && c >= 2 && c < columns + 2;
            REQUIRE(wide.at(r, c, colour) == (inside ? x.at(r - 1, c - 2, colour) : T(7)));
          }
      REQUIRE(run_everywhere(prepared(same[i, j, k], Assign::set, fill(x, 1)[i, 3 + j, k] + fill(x, 2)[i, j - 1, k]))
                  .fault == "");
      for (const std::int64_t edge : {0, 2}) {
        REQUIRE(run_everywhere(prepared(same[i, j, k], Assign::set, where(j < edge, x[i, j, k], 0))).fault == "");
        REQUIRE(run_everywhere(prepared(same[i, j, k], Assign::set, where(edge <= j - 1, x[i, j, k], 0))).fault == "");
        REQUIRE(run_everywhere(prepared(same[i, j, k], Assign::set, where(edge + 1 > j, 5, x[i, j, k]))).fault == "");
        REQUIRE(
            run_everywhere(prepared(same[i, j, k], Assign::set, where(j >= edge, fill(x, 3)[i, j - 1, k], 0))).fault ==
            "");
        REQUIRE(run_everywhere(prepared(same[i, j, k], Assign::set, where(j + 2 == edge, x[i, j, k], 0))).fault == "");
      }
      if (columns < 2) continue;
      Tensor<T, 3> beside(rows, columns - 1, colours);
      REQUIRE(run_everywhere(prepared(beside[i, j, k], Assign::set, x[i, j + 1, k] - x[i, j, k])).fault == "");
      const auto part = x.sliced(1, 1, columns);
      REQUIRE(
          run_everywhere(prepared(beside[i, j, k], Assign::set, fill(part, 1)[i, j - 1, k] + part[i, j, k])).fault ==
          "");
      Tensor<T, 3> own = picture<T>(dice, rows, columns, colours);
      REQUIRE(run_everywhere(prepared(own[i, j + 1, k], Assign::set, own[i, j, k])).fault == "");
    }
}

TEST_CASE("what is read where a moved axis must be checked, where its value counts, and in sums, is right") {
  Dice dice{std::mt19937_64(4)};
  const auto x = picture<float>(dice, 4, 30, 3);
  Tensor<float, 3> y(4, 30, 3), sums(4, 30, 3);
  CHECK(run_everywhere(prepared(y[i, j, k], Assign::set, x[i, j + 1, k])).error == Error::Kind::bounds);
  REQUIRE(run_everywhere(prepared(y[i, j, k], Assign::set, fill(x, 0)[i, j - 1, k] * j)).fault == "");
  REQUIRE(run_everywhere(prepared(y[i, j, k], Assign::set, fill(x, 0)[i, j - 1, k] + k)).fault == "");
  REQUIRE(run_everywhere(prepared(y[i, j, k], Assign::set, fill(x, 0)[i, j - 1, 2 - k])).fault == "");
  const Tensor<float, 1> weight{1, 2, 4};
  REQUIRE(run_everywhere(prepared(sums[i, j, k], Assign::set, sum(l, fill(x, 0)[i, j + l - 1, k] * weight[l]))).fault ==
          "");
  Tensor<float, 1> rows(4);
  REQUIRE(run_everywhere(prepared(rows[i], Assign::set, sum(j, k, fill(x, 0)[i, j - 1, k] * y[i, j, k]))).fault == "");
  REQUIRE(
      run_everywhere(prepared(rows[i], Assign::set, sum(j(2, 20), k, fill(x, 0)[i, j - 1, k] * y[i, j, k]))).fault ==
      "");
  Tensor<std::int64_t, 1> best(4);
  REQUIRE(run_everywhere(prepared(best[i], Assign::set, argmax(j, k, fill(x, 0)[i, j - 1, k] - y[i, j, k]))).fault ==
          "");
}
