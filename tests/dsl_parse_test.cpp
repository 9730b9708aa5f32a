// The text language: what it means, and what it refuses with which words.
#include <catch2/catch.hpp>

#include "ricci/session.hpp"

using namespace ricci;

namespace {

template <class T>
Array array_of(std::vector<std::int64_t> extents, std::vector<T> elements) {
  Array array = Array::uninitialised(dtype_of<T>, extents);
  std::copy(elements.begin(), elements.end(), static_cast<T*>(array.data()));
  return array;
}

template <class T>
std::vector<T> elements(const Array& array) {
  REQUIRE(array.dtype() == dtype_of<T>);
  const T* data = static_cast<const T*>(array.data());
  return std::vector<T>(data, data + array.size());
}

std::vector<std::int64_t> shape(const Array& array) { return {array.extents().begin(), array.extents().end()}; }

/// Tests run the reference evaluator: this is about the language.
Session session() {
  Session s;
  s.options.backend = Backend::reference;
  s.define("m", array_of<std::int32_t>({2, 3}, {1, 5, 3, 9, 2, 4}));
  s.define("x", array_of<float>({3}, {0.5f, 1, 2}));
  s.define("at", array_of<std::int64_t>({4}, {2, 0, 2, 1}));
  return s;
}

Array value(const std::string& text) {
  Session s = session();
  const std::vector<Outcome> outcomes = s.run(text);
  REQUIRE_FALSE(outcomes.empty());
  return outcomes.back().value;
}

double number(const std::string& text) {
  const Array result = value(text);
  REQUIRE(result.rank() == 0);
  return Scalar::load(result.dtype(), result.data()).as_double();
}

/// "line:column: sentence" of the fault in `text`.
std::string fault(const std::string& text) {
  Session s = session();
  try {
    s.run(text);
  } catch (const TextError& error) {
    return std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.what();
  }
  return "none";
}

using Ints = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("operators bind as in C, power before a sign") {
  CHECK(number("2 + 3 * 4") == 14);
  CHECK(number("(2 + 3) * 4") == 20);
  CHECK(number("10 - 4 - 3") == 3);
  CHECK(number("-2 ** 2") == -4);
  CHECK(number("2 ** 3 ** 2") == 512);
  CHECK(number("2 ** -1") == 0.5);
  CHECK(number("-7 // 2") == -4);
  CHECK(number("-7 % 3") == 2);
  CHECK(number("1 / 4") == 0.25);
  CHECK(number("1 << 4 | 1") == 17);
  CHECK(number("6 & 3 ^ 1 | 8") == 11);
  CHECK(number("1 + 1 << 2") == 8);
  CHECK(number("1 < 2 == true") == 1);
  CHECK(number("!(2 >= 3)") == 1);
  CHECK(number("1.5e1 + .5") == 15.5);
}

TEST_CASE("a new tensor has the axes of its subscripts, or of the first appearance of the indices") {
  CHECK(shape(value("t[j, i] = m[i, j]")) == Ints{3, 2});
  CHECK(elements<std::int32_t>(value("t[j, i] = m[i, j]")) == std::vector<std::int32_t>{1, 9, 5, 2, 3, 4});
  CHECK(shape(value("t = m[i, j] + 1")) == Ints{2, 3});
  CHECK(shape(value("t = m + 1")) == Ints{2, 3});
  CHECK(shape(value("t = sum(m)")) == Ints{});
  CHECK(value("t[i] = x[i] * 2").dtype() == DType::f32);
}

TEST_CASE("reductions are named, positional, or over everything") {
  CHECK(elements<std::int64_t>(value("sum(j, m[i, j])")) == Ints{9, 15});
  CHECK(elements<std::int64_t>(value("sum(m, 0)")) == Ints{10, 7, 7});
  CHECK(elements<std::int64_t>(value("argmax(m, -1)")) == Ints{1, 0});
  CHECK(number("sum(i, j, m[i, j])") == 24);
  CHECK(number("mean(m)") == 4);
  CHECK(number("argmax(m)") == 3);
  CHECK(number("count(m > 3)") == 3);
  CHECK(number("sum(k, k * m[1, k])") == 10);
}

TEST_CASE("an unbound name in a subscript is an index, and a value beside it") {
  CHECK(elements<float>(value("y[i] = x[i] * i")) == std::vector<float>{0, 1, 4});
  CHECK(elements<float>(value("x[at[n]]")) == std::vector<float>{2, 0.5f, 2, 1});
  CHECK(elements<std::int32_t>(value("m[i, argmax(m, 1)]")) == std::vector<std::int32_t>{5, 9});
  CHECK(elements<std::int64_t>(value("argmax(m, 1)[k] * 2")) == Ints{2, 0});
}

TEST_CASE("whole numbers as subscripts count from the end when they are negative") {
  CHECK(number("x[-1]") == 2);
  CHECK(number("m[-1, 0]") == 9);
  CHECK(number("n = -2; x[n]") == 1);
  CHECK(number("n = 1; x[n - 1]") == 0.5);
}

TEST_CASE("numbers of the text adapt to the dtypes they meet, scalars of tensors do not") {
  CHECK(value("x[i] * 2.5").dtype() == DType::f32);
  CHECK(value("rate = 2.5; x[i] * rate").dtype() == DType::f32);
  CHECK(value("rate = f64(2.5); x[i] * rate").dtype() == DType::f64);
  CHECK(value("m[i, j] * 2").dtype() == DType::i32);
  CHECK(value("m[i, j] * 2.0").dtype() == DType::f64);
  CHECK(value("i8(m)").dtype() == DType::i8);
}

TEST_CASE("updates accumulate duplicates into a tensor that exists") {
  CHECK(elements<std::int64_t>(value("h = zeros(3, i64); h[at[n]] += 1; h")) == Ints{1, 1, 2});
  CHECK(elements<std::int64_t>(value("h = iota(3); h[at[n]] -= n; h")) == Ints{-1, -2, 0});
  CHECK(elements<std::int64_t>(value("h = iota(3); h[at[n]] max= n; h")) == Ints{1, 3, 2});
  CHECK(elements<std::int64_t>(value("h = full(3, 5); h[at[n]] min= n; h")) == Ints{1, 3, 0});
  CHECK(elements<std::int64_t>(value("h = full(3, 1); h[at[n]] *= 3; h")) == Ints{3, 3, 9});
  CHECK(elements<bool>(value("h = full(3, false); h[at[n]] |= n > 2; h")) == std::vector<bool>{false, true, false});
  CHECK(elements<bool>(value("h = full(3, true); h[at[n]] &= n > 1; h")) == std::vector<bool>{false, true, false});
}

TEST_CASE("delta selects, one_hot is its mirror, where chooses") {
  CHECK(elements<std::int64_t>(value("c[k] = sum(n, delta(k, at[n])) * (x[k] > 0)")) == Ints{1, 1, 2});
  CHECK(elements<float>(value("y[n] = sum(k, one_hot(at[n], k) * x[k])")) == std::vector<float>{2, 0.5f, 2, 1});
  CHECK(elements<float>(value("where(x[i] > 0.75, sq(x[i]), 0)")) == std::vector<float>{0, 1, 4});
}

TEST_CASE("constructors make whole tensors of the dtype asked for") {
  CHECK(value("zeros(3, 4)").dtype() == DType::f32);
  CHECK(value("full(2, 3, 7)").dtype() == DType::i64);
  CHECK(value("full(2, 3, 7.5, f64)").dtype() == DType::f64);
  CHECK(elements<std::uint8_t>(value("iota(3, u8)")) == std::vector<std::uint8_t>{0, 1, 2});
  CHECK(shape(value("zeros(2, 0, 3)")) == Ints{2, 0, 3});
  CHECK(number("full(2.5)") == 2.5);
}

TEST_CASE("statements end at the line, at a semicolon, and go on in open brackets") {
  Session s = session();
  const auto outcomes = s.run("a = sum(i,  # the index\n        x[i])\n\n;; b = a + 1; # nothing\nb");
  REQUIRE(outcomes.size() == 3);
  CHECK(outcomes[0].text == "a = sum(i, x[i])");
  CHECK(outcomes[1].name == "b");
  CHECK(outcomes[2].name.empty());
}

TEST_CASE("a failing statement defines nothing, and keeps what the ones before it made") {
  Session s = session();
  CHECK_THROWS_AS(s.run("a = 1; x = x[i] + nowhere[i]; b = 2"), TextError);
  CHECK(s.find("a"));
  CHECK_FALSE(s.find("b"));
  CHECK(elements<float>(*s.find("x")) == std::vector<float>{0.5f, 1, 2});
  CHECK_THROWS_AS(s.run("y[n] = x[at[n] + 1]"), TextError);
  CHECK_FALSE(s.find("y"));
}

TEST_CASE("repeating a statement has the effect of running it once") {
  Session s = session();
  s.repeat = 3;
  const auto outcomes = s.run("x[i] += 1; x[i] = x[i] * 2");
  CHECK(outcomes[0].run_ms.size() == 4);
  CHECK(elements<float>(*s.find("x")) == std::vector<float>{3, 4, 6});
}

TEST_CASE("faults name their place and what was expected") {
  CHECK(fault("xs[i]") == "1:1: unknown name 'xs'; did you mean 'x'?");
  CHECK(fault("a = 1\nb = argmx(m, 0)") == "2:5: unknown function 'argmx'; did you mean 'argmax'?");
  CHECK(fault("x[i] + k") == "1:8: unknown name 'k'");
  CHECK(fault("sum + 1") == "1:1: 'sum' is a function; its arguments follow in brackets: sum(...)");
  CHECK(fault("m[i]") == "1:1: the number of subscripts must equal the rank of the tensor; "
                         "an ellipsis stands for the others: 1 subscripts, rank 2");
  CHECK(fault("x(1)") == "1:1: 'x' is a tensor; its subscripts stand in [ ]");
  CHECK(fault("x[1.5]") == "1:1: a subscript must be an integer; write i64(...), or floor_index(...) of a float: f64");
  CHECK(fault("1 +") == "1:4: expected an expression, found the end of the statement");
  CHECK(fault("1 2") == "1:3: expected an operator or the end of the statement, found '2'");
  CHECK(fault("sum(m, 0) = 1") == "1:11: only a tensor with subscripts can be assigned to");
  CHECK(fault("m[0, 0] + 1 max= 2") == "1:13: only a tensor with subscripts can be assigned to");
  CHECK(fault("x[i") == "1:2: this bracket is not closed");
  CHECK(fault("(x[i)]") == "1:5: this bracket is not of the kind of the one it closes");
  CHECK(fault("sum(x, 1)") ==
        "1:8: the axis is outside the rank of the array; negative axes count from the end: axis 1, rank 1");
  CHECK(fault("sum(i, i, m[i, i])") == "1:8: a reduction may name each of its indices once: i");
  CHECK(fault("y += 1").starts_with("1:1: unknown name 'y'; an update needs a tensor that exists"));
  CHECK(fault("hist[i] += 1") ==
        "1:1: unknown name 'hist'; an update needs a tensor that exists, as made by hist = zeros(10)");
  CHECK(fault("y[i] = 3").starts_with("1:6: nothing gives this index its extent"));
  CHECK(fault("y[i, i] = m[i, i]") == "1:1: the subscripts of a new tensor must be different indices");
  CHECK(fault("m[i, j] + m[j, i]").starts_with("1:1: the operands use the free indices in opposite orders"));
  CHECK(fault("m[i, j] + x[i]").find("extent") != std::string::npos);
  CHECK(fault("m[i, j] = x[j]").find("kind") != std::string::npos);
  CHECK(fault("sq(1, 2)") == "1:1: sq takes 1 argument, found 2");
  CHECK(fault("max(x[i], 0)").find("maximum(a, b)") != std::string::npos);
  CHECK(fault("true = 1") == "1:1: 'true' is a constant; choose another name");
  CHECK(fault("1 + zeros(3)").find("stands alone") != std::string::npos);
  CHECK(fault("99999999999999999999") == "1:1: an integer must fit 64 bits, with sign");
  CHECK(fault("2x") == "1:2: a malformed number");
  CHECK(fault("x \x1b[31m") == "1:3: unexpected '\\x1b'");
}

TEST_CASE("text of any depth and length ends in an answer") {
  const auto repeated = [](const std::string& piece, int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += piece;
    return text;
  };
  CHECK(number(repeated("(", 250) + "1" + repeated(")", 250)) == 1);
  CHECK(fault(repeated("(", 257) + "1" + repeated(")", 257)).find("at most 256 deep") != std::string::npos);
  CHECK(fault(repeated("-", 100'000) + "1").find("at most 256 deep") != std::string::npos);
  CHECK(number("1" + repeated(" + 1", 999)) == 1000);
  CHECK(fault("1" + repeated("+1", 300'000)).find("at most 1000 long") != std::string::npos);
  CHECK(fault(repeated("(", 1'000'000)) == "1:1000000: this bracket is not closed");
  CHECK(fault("x" + repeated("y", 1'000'000)).size() < 200);
}

TEST_CASE("the excerpt shows the line and a caret below the fault") {
  Session s = session();
  try {
    s.run("a = 1\nb = \tx + nowhere");
    FAIL("accepted");
  } catch (const TextError& error) {
    CHECK(error.excerpt == "  b =  x + nowhere\n           ^");
  }
}

TEST_CASE("brackets that are open make a statement incomplete") {
  CHECK(is_incomplete("x[i] + (1"));
  CHECK_FALSE(is_incomplete("x[i] + (1)"));
  CHECK_FALSE(is_incomplete("x  # ("));
}
