#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using test::values;

namespace {

const Tensor<float, 1> xs{-1.5f, 0.25f, 2, 3};
const Tensor<float, 1> ys{2, 0.5f, 2, -1};
const Tensor<int, 1> ms{-7, 7, 0, 5};
const Tensor<int, 1> ns{2, -2, 0, 5};
const Tensor<bool, 1> ps{true, true, false, false};
const Tensor<bool, 1> qs{true, false, true, false};

template <class E>
auto run(const E& e) {
  return values(evaluate(e));
}

template <class F>
std::vector<float> each(F f) {
  return {f(xs.at(0), ys.at(0)), f(xs.at(1), ys.at(1)), f(xs.at(2), ys.at(2)), f(xs.at(3), ys.at(3))};
}

using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Ints = std::vector<int>;
using Bools = std::vector<bool>;

}  // namespace

TEST_CASE("an easy exponent means products even where others came first") {
  const auto x = test::filled<float>([](auto n) { return 1 + static_cast<float>(n) / 1013; }, 1000);
  const auto powers = [&](float exponent) { return values(evaluate(pow(x[i], exponent))); };  // one place for all
  std::vector<float> products;
  for (float v : values(x)) products.push_back(v * v * v);
  const std::vector<float> other = powers(1.25f);
  CHECK(powers(3) == products);
  CHECK(powers(1.25f) == other);
  for (const float exponent : {1.5f, 2.0f, 0.5f, 7.0f, 1.0f}) powers(exponent);
  CHECK(powers(3) == products);
  CHECK(powers(1.25f) == other);
}

TEST_CASE("powers have the value of pow whatever the exponent and the base, and whichever exponent comes first") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> bases{-infinity, -2.5f, -1, -0.0f, 0, 1e-40f, 0.3f, 1, 7, 3e38f, infinity, std::nanf("")};
  const Tensor<float, 1> x(bases, {static_cast<std::int64_t>(bases.size())});
  const auto bits_of_zero_and_inf = [](float v) { return v == 0 || std::isinf(v) ? std::signbit(v) : false; };
  const auto check = [&](float exponent) {
    const std::vector<float> powers = values(evaluate(pow(x[i], exponent)));  // one place for all exponents
    for (std::size_t k = 0; k < bases.size(); ++k) {
      const double expected = std::pow(static_cast<double>(bases[k]), static_cast<double>(exponent));
      INFO(bases[k] << " to the power of " << exponent);
      const auto rounded = static_cast<float>(expected);
      CHECK(std::isnan(powers[k]) == std::isnan(rounded));
      if (std::isnan(rounded)) continue;
      CHECK(bits_of_zero_and_inf(powers[k]) == bits_of_zero_and_inf(rounded));
      CHECK((powers[k] == rounded || std::abs(powers[k] - expected) <= 2e-7 * std::abs(expected)));
    }
  };
  for (const float exponent : {1.25f, 2.0f, 0.0f, 0.5f, 3.0f, 1.0f, -1.0f, 1.5f, -2.0f, 2.0f, 0.5f, infinity})
    check(exponent);
  CHECK(test::text_values<float>("x ** 2 + x ** 0.5", {{"x", Tensor<float, 1>{4, 9}.array()}}) ==
        std::vector<float>{18, 84});
}

TEST_CASE("float arithmetic") {
  CHECK(run(xs[i] + ys[i]) == each([](float a, float b) { return a + b; }));
  CHECK(run(xs[i] - ys[i]) == each([](float a, float b) { return a - b; }));
  CHECK(run(xs[i] * ys[i]) == each([](float a, float b) { return a * b; }));
  CHECK(run(xs[i] / ys[i]) == each([](float a, float b) { return a / b; }));
  CHECK(run(-xs[i]) == each([](float a, float) { return -a; }));
  CHECK(run(minimum(xs[i], ys[i])) == each([](float a, float b) { return a < b ? a : b; }));
  CHECK(run(maximum(xs[i], ys[i])) == each([](float a, float b) { return a > b ? a : b; }));
  CHECK(run(fma(xs[i], ys[i], -1)) == each([](float a, float b) { return std::fma(a, b, -1.0f); }));
  CHECK(run(sq(xs[i] - 1)) == each([](float a, float) { return (a - 1) * (a - 1); }));
}

TEST_CASE("float functions") {
  CHECK(run(abs(xs[i])) == each([](float a, float) { return std::abs(a); }));
  CHECK(run(floor(xs[i])) == each([](float a, float) { return std::floor(a); }));
  CHECK(run(ceil(xs[i])) == each([](float a, float) { return std::ceil(a); }));
  CHECK(run(trunc(xs[i])) == each([](float a, float) { return std::trunc(a); }));
  CHECK(run(round(xs[i] + 0.5)) == each([](float a, float) { return std::nearbyint(a + 0.5f); }));
  CHECK(run(sqrt(abs(xs[i]))) == each([](float a, float) { return std::sqrt(std::abs(a)); }));
  const auto near = [](const Floats& got, const Floats& expected) {
    for (std::size_t k = 0; k < got.size(); ++k) CHECK(got[k] == Approx(expected[k]));
  };
  near(run(exp(xs[i])), each([](float a, float) { return std::exp(a); }));
  near(run(log(abs(xs[i]))), each([](float a, float) { return std::log(std::abs(a)); }));
  near(run(sin(xs[i])), each([](float a, float) { return std::sin(a); }));
  near(run(cos(xs[i])), each([](float a, float) { return std::cos(a); }));
  near(run(tan(xs[i])), each([](float a, float) { return std::tan(a); }));
  near(run(tanh(xs[i])), each([](float a, float) { return std::tanh(a); }));
  near(run(atan(xs[i])), each([](float a, float) { return std::atan(a); }));
  near(run(asin(xs[i] / 4)), each([](float a, float) { return std::asin(a / 4); }));
  near(run(acos(xs[i] / 4)), each([](float a, float) { return std::acos(a / 4); }));
  near(run(sinh(xs[i])), each([](float a, float) { return std::sinh(a); }));
  near(run(cosh(xs[i])), each([](float a, float) { return std::cosh(a); }));
  near(run(asinh(xs[i])), each([](float a, float) { return std::asinh(a); }));
  near(run(acosh(xs[i] + 4)), each([](float a, float) { return std::acosh(a + 4); }));
  near(run(atanh(xs[i] / 4)), each([](float a, float) { return std::atanh(a / 4); }));
  near(run(exp2(xs[i])), each([](float a, float) { return std::exp2(a); }));
  near(run(expm1(xs[i])), each([](float a, float) { return std::expm1(a); }));
  near(run(log2(abs(xs[i]))), each([](float a, float) { return std::log2(std::abs(a)); }));
  near(run(log10(abs(xs[i]))), each([](float a, float) { return std::log10(std::abs(a)); }));
  near(run(log1p(abs(xs[i]))), each([](float a, float) { return std::log1p(std::abs(a)); }));
  near(run(cbrt(xs[i])), each([](float a, float) { return std::cbrt(a); }));
  near(run(erf(xs[i])), each([](float a, float) { return std::erf(a); }));
  near(run(atan2(xs[i], ys[i])), each([](float a, float b) { return std::atan2(a, b); }));
  near(run(hypot(xs[i], ys[i])), each([](float a, float b) { return std::hypot(a, b); }));
  near(run(pow(abs(xs[i]), ys[i])), each([](float a, float b) { return std::pow(std::abs(a), b); }));
}

TEST_CASE("integer arithmetic floors, and division by zero gives zero") {
  CHECK(run(floor_divide(ms[i], ns[i])) == Ints{-4, -4, 0, 1});
  CHECK(run(ms[i] % ns[i]) == Ints{1, -1, 0, 0});
  CHECK(run(ms[i] << 1) == Ints{-14, 14, 0, 10});
  CHECK(run(ms[i] >> 1) == Ints{-4, 3, 0, 2});
  CHECK(run(ms[i] & ns[i]) == Ints{-7 & 2, 7 & -2, 0, 5});
  CHECK(run(ms[i] | ns[i]) == Ints{-7 | 2, 7 | -2, 0, 5});
  CHECK(run(ms[i] ^ ns[i]) == Ints{-7 ^ 2, 7 ^ -2, 0, 0});
  CHECK(run(~ms[i]) == Ints{6, -8, -1, -6});
  CHECK(run(abs(ms[i])) == Ints{7, 7, 0, 5});
  CHECK(run(ms[i] / 2) == Doubles{-3.5, 3.5, 0, 2.5});
}

TEST_CASE("floats have quotients and remainders too") {
  CHECK(run(xs[i] % ys[i]) == Floats{0.5f, 0.25f, 0, -0.0f});
  CHECK(run(floor_divide(xs[i], ys[i])) == Floats{-1, 0, 1, -3});
  CHECK(run(fmod(xs[i], ys[i])) == Floats{-1.5f, 0.25f, 0, 0});
  CHECK(run(xs[i] % 1) == Floats{0.5f, 0.25f, 0, 0});
  CHECK(run(ms[i] % 2.5) == Doubles{0.5, 2, 0, 0});
  CHECK(run(copysign(xs[i], ys[i])) == Floats{1.5f, 0.25f, 2, -3});
  CHECK(run(sign(xs[i])) == Floats{-1, 1, 1, 1});
  CHECK(run(sign(ms[i])) == Ints{-1, 1, 0, 1});
  CHECK(run(clip(xs[i], -1, 2.5)) == Floats{-1, 0.25f, 2, 2.5f});
  CHECK(run(clip(ms[i], 0, ns[i])) == Ints{0, -2, 0, 5});  // as np.clip: the upper bound counts
}

TEST_CASE("numbers are told from infinities and NaN") {
  const Tensor<float, 1> kinds{1, std::nanf(""), -std::numeric_limits<float>::infinity(), 0};
  CHECK(run(isnan(kinds[i])) == Bools{false, true, false, false});
  CHECK(run(isinf(kinds[i])) == Bools{false, false, true, false});
  CHECK(run(isfinite(kinds[i])) == Bools{true, false, false, true});
  CHECK(run(isfinite(ms[i])) == Bools{true, true, true, true});
  CHECK(test::text_values<bool>("isnan(x)", {{"x", kinds.array()}}) == Bools{false, true, false, false});
  CHECK(test::text_values<bool>("isinf(x + 1)", {{"x", kinds.array()}}) == Bools{false, false, true, false});
  CHECK(test::text_values<bool>("~isfinite(x)", {{"x", kinds.array()}}) == Bools{false, true, true, false});
}

TEST_CASE("clip of three arguments bounds elements, of one subscripts") {
  const Array x = Tensor<float, 1>{-3, 0.5f, 7}.array();
  CHECK(test::text_values<float>("clip(x, 0, 1)", {{"x", x}}) == Floats{0, 0.5f, 1});
  CHECK(test::text_values<float>("clip(x[i] * 2, x[0], x[2])", {{"x", x}}) == Floats{-3, 1, 7});
  CHECK(test::text_values<float>("clip(x)[i + 1] + 0 * x[i]", {{"x", x}}) == Floats{0.5f, 7, 7});
  CHECK_THROWS_WITH(test::text_values<float>("clip(x, 0)", {{"x", x}}),
                    Catch::Contains("clip takes 3 arguments, found 2"));
}

TEST_CASE("comparisons give b1") {
  CHECK(run(xs[i] < ys[i]) == Bools{true, true, false, false});
  CHECK(run(xs[i] <= ys[i]) == Bools{true, true, true, false});
  CHECK(run(xs[i] > ys[i]) == Bools{false, false, false, true});
  CHECK(run(xs[i] >= ys[i]) == Bools{false, false, true, true});
  CHECK(run(xs[i] == ys[i]) == Bools{false, false, true, false});
  CHECK(run(xs[i] != ys[i]) == Bools{true, true, false, true});
  CHECK(run(ms[i] > 0.5) == Bools{false, true, false, true});
}

TEST_CASE("logic") {
  CHECK(run(ps[i] & qs[i]) == Bools{true, false, false, false});
  CHECK(run(ps[i] | qs[i]) == Bools{true, true, true, false});
  CHECK(run(ps[i] ^ qs[i]) == Bools{false, true, true, false});
  CHECK(run(!ps[i]) == Bools{false, false, true, true});
  CHECK(run(!ms[i]) == Bools{false, false, true, false});
  CHECK(run(ps[i] * qs[i]) == Bools{true, false, false, false});
}

TEST_CASE("where takes the first value where the condition is true") {
  CHECK(run(where(ps[i], xs[i], ys[i])) == Floats{-1.5f, 0.25f, 2, -1});
  CHECK(run(where(ms[i], 1, xs[i])) == Floats{1, 1, 2, 1});
  CHECK(run(where(xs[i] > 0, xs[i], 0)) == Floats{0, 0.25f, 2, 3});
}

TEST_CASE("tensors are not read in the branch that is not taken") {
  CHECK(run(where(i > 0, xs[i - 1], xs[i])) == Floats{-1.5f, -1.5f, 0.25f, 2});
  CHECK(run((i > 0) * xs[i - 1] + 0 * xs[i]) == Floats{-0.0f, -1.5f, 0.25f, 2});
}

TEST_CASE("a boolean factor selects, whatever the other factor is") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor<float, 1> wild{nan, inf, -inf, 1};
  CHECK(run(delta(i, 3) * wild[i]) == Floats{0, 0, 0, 1});
  CHECK(run(wild[i] * one_hot(3, i)) == Floats{0, 0, 0, 1});
  CHECK(float(Tensor(sum(i, delta(i, 3) * wild[i]))) == 1);
}

TEST_CASE("an index is a value") {
  CHECK(run(i * 10 + 0 * ms[i]) == std::vector<std::int64_t>{0, 10, 20, 30});
  Tensor<int, 2> eye(3, 3);
  eye[i, j] = delta(i, j);
  CHECK(values(eye) == Ints{1, 0, 0, 0, 1, 0, 0, 0, 1});
  Tensor<int, 2> coordinates(2, 3);
  coordinates[i, j] = cast<int>(10 * i + j);
  CHECK(values(coordinates) == Ints{0, 1, 2, 10, 11, 12});
}

TEST_CASE("casts saturate") {
  const Tensor<float, 1> wild{-3.7f, 1e30f, std::numeric_limits<float>::quiet_NaN()};
  CHECK(run(cast<std::uint8_t>(wild[i])) == std::vector<std::uint8_t>{0, 255, 0});
  CHECK(run(cast<bool>(ms[i])) == Bools{true, true, false, true});
  CHECK(run(cast<double>(ms[i])) == Doubles{-7, 7, 0, 5});
}

TEST_CASE("reductions over names and over axes") {
  const Tensor<float, 2> a{{1, 5, 5}, {-2, 0, 3}};
  CHECK(run(sum(j, a[i, j])) == Floats{11, 1});
  CHECK(run(sum(a, 1)) == Floats{11, 1});
  CHECK(run(sum(a, 0)) == Floats{-1, 5, 8});
  CHECK(run(prod(j, a[i, j])) == Floats{25, 0});
  CHECK(run(min(a, -1)) == Floats{1, -2});
  CHECK(run(max(a, -2)) == Floats{1, 5, 5});
  CHECK(run(mean(a, 1))[0] == Approx(11.0 / 3));
  CHECK(run(argmax(a, 1)) == std::vector<std::int64_t>{1, 2});
  CHECK(run(argmin(j, a[i, j])) == std::vector<std::int64_t>{0, 0});
  CHECK(run(any(j, a[i, j] < 0)) == Bools{false, true});
  CHECK(run(all(a, 1)) == Bools{true, false});
  CHECK(run(count(j, a[i, j])) == std::vector<std::int64_t>{3, 2});
  CHECK(run(sum(j, a[i, j] > 0)) == std::vector<std::int64_t>{3, 1});
  CHECK(run(max(j, a[i, j] > 4)) == Bools{true, false});
  CHECK(std::int64_t(Tensor(argmax(i, j, a[i, j]))) == 1);
  CHECK(std::int64_t(Tensor(argmax(j, i, a[i, j]))) == 2);
  CHECK(float(Tensor(sum(i, j, a[i, j]))) == 12);
}

TEST_CASE("a reduction takes six indices") {
  Tensor<std::uint8_t, 6> t(2, 1, 2, 1, 2, 1);
  t.fill(200);
  CHECK(std::uint64_t(Tensor(sum(a, b, c, d, e, f, t[a, b, c, d, e, f]))) == 1600);
}

TEST_CASE("repeated indices read diagonals") {
  const Tensor<float, 2> a{{1, 2}, {3, 4}};
  CHECK(run(a[i, i]) == Floats{1, 4});
  CHECK(float(Tensor(sum(i, a[i, i]))) == 5);
}

TEST_CASE("the function objects and names of std stay usable") {
  using namespace std;
  CHECK(std::max(1, 2) == 2);
  CHECK(max(3, 2) == 3);
  CHECK(min(3, 2) == 2);
  CHECK(float(Tensor(max(ricci::names::i, xs[ricci::names::i]))) == 3);
}
