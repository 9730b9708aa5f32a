// Scatters into private tables: plain axes beside a computed subscript.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using test::filled;
using test::shuffled;

TEST_CASE("plain axes of a scatter run as one loop and need no check") {
  auto [n, y, x] = indices<"n y x">;
  const int images = 40, classes = 3, height = 5, width = 7;
  const auto image = filled<std::uint8_t>(shuffled(250), images, height, width);
  const auto label = filled<std::uint8_t>(shuffled(classes), images);
  Tensor<float, 3> total(classes, height, width);
  total[label[n], y, x] += image[n, y, x];
  CHECK(last_report().checks == std::vector<std::string>{"t0[i64(t1[n]!), 0, x]"});

  Tensor<float, 3> expected(classes, height, width);
  for (int i = 0; i < images; ++i)
    for (int j = 0; j < height; ++j)
      for (int k = 0; k < width; ++k) expected.at(label.at(i), j, k) += image.at(i, j, k);
  CHECK(test::values(total) == test::values(expected));
}

TEST_CASE("an axis that is two subscripts of a scatter writes the diagonal") {
  auto [n, x] = indices<"n x">;
  const auto value = filled<float>(shuffled(9), 6, 4);
  const Tensor<std::int64_t, 1> key{0, 1, 1, 0, 1, 0};
  Tensor<float, 3> total(2, 4, 4);
  total[key[n], x, x] += value[n, x];

  Tensor<float, 3> expected(2, 4, 4);
  for (int i = 0; i < 6; ++i)
    for (int k = 0; k < 4; ++k) expected.at(key.at(i), k, k) += value.at(i, k);
  CHECK(test::values(total) == test::values(expected));
}
