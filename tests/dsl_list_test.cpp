// Tensors listed element by element in the text language.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/faults.hpp"

using namespace ricci;

namespace {

Array made(const std::string& text) { return Session().run(text).back().value; }

std::string fault(const std::string& text) { return test::fault(Session(), text); }

}  // namespace

TEST_CASE("a list is a tensor of the extents in which its brackets are nested") {
  const Tensor<std::int64_t, 1> row(made("[1, -2, 3]"));
  CHECK(row.extent(0) == 3);
  CHECK(row.at(1) == -2);
  const Tensor<std::int64_t, 3> cube(made("x = [[[1, 2]], [[3, 4]], [[5, 6]]]"));
  CHECK(cube.extent(0) == 3);
  CHECK(cube.extent(1) == 1);
  CHECK(cube.extent(2) == 2);
  for (int i = 0; i < 6; ++i) CHECK(cube.at(i / 2, 0, i % 2) == i + 1);
  CHECK(Tensor<std::int64_t, 1>(made("n = 2\n[n, -n,\n 7,]")).at(1) == -2);
}

TEST_CASE("integers give i64, truth values b1, other numbers f32, and the name of a dtype gives that") {
  CHECK(made("[1, 2]").dtype() == DType::i64);
  CHECK(made("[true, false]").dtype() == DType::b1);
  CHECK(made("[1, 2.5]").dtype() == DType::f32);
  CHECK(made("[true, 2]").dtype() == DType::i64);
  CHECK(made("[]").dtype() == DType::f32);
  CHECK(Tensor<double, 1>(made("f64([0.1, nan, -inf])")).at(0) == 0.1);
  CHECK(std::isnan(Tensor<double, 1>(made("f64([0.1, nan, -inf])")).at(1)));
  CHECK(Tensor<std::uint8_t, 2>(made("u8([[1], [255]])")).at(1, 0) == 255);
}

TEST_CASE("lists may be empty") {
  CHECK(Tensor<float, 1>(made("[]")).extent(0) == 0);
  const Tensor<float, 2> rows(made("[[], []]"));
  CHECK(rows.extent(0) == 2);
  CHECK(rows.extent(1) == 0);
}

TEST_CASE("what is no list of equal rows of numbers is refused where it goes wrong") {
  CHECK(fault("[[1], [2, 3]]") == "1:7: rows must be equally long: 1 and 2");
  CHECK(fault("[[], [1]]") == "1:6: rows must be equally long: 0 and 1");
  CHECK(fault("[1, [2]]") == "1:5: expected a number, found '['");
  CHECK(fault("[[1], 2]") == "1:7: expected a list, found '2'");
  CHECK(fault("[1 2]") == "1:4: expected ',' between the elements of a list, found '2'");
  CHECK(fault("[,]") == "1:2: expected a number, found ','");
  CHECK(fault("[a]") == "1:2: expected a number, found 'a'");
  CHECK(fault("[[[[[[[[[1]]]]]]]]]") == "1:9: a tensor may have at most 8 axes");
  CHECK(fault("u8([1, 300])") == "1:8: the number 300 does not fit u8");
  CHECK(fault("i32([2.5])") ==
        "1:6: the assignment would change the kind of the elements; write a cast, as in i64(...): f64 to i32");
  CHECK(fault("full(2, -1, u32)") == "1:1: the number -1 does not fit u32");
}

TEST_CASE("what makes a whole tensor stands alone") {
  CHECK(fault("[1, 2] + 1") == "1:1: [...] makes a whole tensor and stands alone: name = [...]");
  CHECK(fault("1 + [1, 2]") == "1:5: [...] makes a whole tensor and stands alone: name = [...]");
  CHECK(fault("x = f32([1]) * 2") == "1:5: f32([...]) makes a whole tensor and stands alone: name = f32([...])");
  CHECK(fault("iota(3) * 0.5") == "1:1: iota(...) makes a whole tensor and stands alone: name = iota(...)");
  CHECK(fault("[1] = 2") == "1:5: only a tensor with subscripts can be assigned to");
}
