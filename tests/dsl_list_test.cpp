// Tensors that the text language makes without a kernel: listed element by element, or random.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/faults.hpp"

using namespace ricci;

namespace {

Array made(const std::string& text, const std::string& before = "") {
  return Session().run(before + "\n" + text).back().value;
}

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

TEST_CASE("random numbers lie evenly from 0 to below 1, are new with every tensor and the same in every session") {
  const std::string both = "a = random(1000, 10); b = random(1000, 10)";
  Session s;
  const std::vector<Outcome> outcomes = s.run(both);
  const Tensor<float, 2> a(outcomes[0].value), b(outcomes[1].value);
  CHECK(std::equal(b.data(), b.data() + b.size(), Tensor<float, 2>(made(both)).data()));
  CHECK_FALSE(std::equal(a.data(), a.data() + a.size(), b.data()));
  double mean = 0, square = 0, product = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    REQUIRE((a.data()[i] >= 0 && a.data()[i] < 1));
    const double x = static_cast<double>(a.data()[i]) - 0.5, y = static_cast<double>(b.data()[i]) - 0.5;
    mean += x / static_cast<double>(a.size());
    square += x * x / static_cast<double>(a.size());
    product += x * y / static_cast<double>(a.size());
  }
  CHECK(std::abs(mean) < 0.015);  // five standard deviations
  CHECK(std::abs(square - 1.0 / 12) < 0.004);
  CHECK(std::abs(product) < 0.0042);
}

TEST_CASE("random numbers are floats of every kind, all of them below 1") {
  for (const char* dtype : {"f16", "bf16", "f32", "f64"}) {
    CAPTURE(dtype);
    Session s;
    s.run("r = random(20000, " + std::string(dtype) + ")");
    CHECK(s.find("r")->dtype() == dtype_from_string(dtype));
    CHECK(Tensor<bool, 0>(s.run("all(r >= 0) & all(r < 1)")[0].value).at());
  }
  CHECK(fault("random(3, i64)") == "1:1: random numbers are floats; here: r = random(3); i64(10 * r)");
  CHECK(fault("random(-3)") == "1:1: an array of shape (-3,) has the negative extent -3, expected 0 or more");
}

TEST_CASE("a range from 0 gives an index of a new tensor its extent") {
  const Tensor<std::int64_t, 2> t(made("n = 3; t[j(0, n), i] = 10 * j + at[i]", "at = [2, 0]"));
  CHECK(t.extent(0) == 3);
  CHECK(t.extent(1) == 2);
  for (int j = 0; j < 3; ++j) CHECK((t.at(j, 0) == 10 * j + 2 && t.at(j, 1) == 10 * j));
  CHECK(Tensor<std::int64_t, 1>(made("t[i(0, 2)] = at[2 * i]", "at = [2, 0, 7, 8]")).at(1) == 7);
  CHECK(Tensor<double, 2>(made("t[i(0, 4), j(0, 5)] = 1.5")).at(3, 4) == 1.5);
  CHECK(Tensor<std::int64_t, 1>(made("t[i(0, 0)] = i")).extent(0) == 0);
  CHECK(Tensor<std::int64_t, 1>(made("t[i(0, 3)] = at[i]", "at = [2, 0, 7]")).at(2) == 7);
}

TEST_CASE("statements that differ in the extent that a range gives share a kernel") {
  Session s;
  s.run("t[i(0, 30)] = i * i");
  const Outcome second = s.run("t2[i(0, 40)] = i * i").back();
  CHECK(second.report.origin == Origin::memory);
  CHECK(Tensor<std::int64_t, 1>(second.value).at(39) == 39 * 39);
}

TEST_CASE("what makes a whole tensor stands alone") {
  CHECK(fault("[1, 2] + 1") == "1:1: [...] makes a whole tensor and stands alone: name = [...]");
  CHECK(fault("1 + [1, 2]") == "1:5: [...] makes a whole tensor and stands alone: name = [...]");
  CHECK(fault("x = f32([1]) * 2") == "1:5: f32([...]) makes a whole tensor and stands alone: name = f32([...])");
  CHECK(fault("iota(3) * 0.5") == "1:1: iota(...) makes a whole tensor and stands alone: name = iota(...)");
  CHECK(fault("[1] = 2") == "1:5: only a tensor with subscripts can be assigned to");
}
