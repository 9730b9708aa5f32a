// The functions of two floats, and sign: native code has the bits of the scalar meaning, both are near the true value.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ir/scalar_op.hpp"
#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr std::int64_t block = 1 << 12;
const Op pairs[] = {Op::fmod, Op::remainder, Op::floor_divide, Op::hypot, Op::atan2, Op::copysign};

/// Any numbers; numbers of like sizes; dividends next to a multiple of the divisor; small whole numbers.
template <class Real>
struct Operands {
  std::vector<Real> x, y;
  explicit Operands(std::int64_t number) : x(block), y(block) {
    using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
    for (std::int64_t i = 0; i < block; ++i) {
      const auto n = static_cast<std::uint64_t>(number * block + i);
      const std::uint64_t a = n * 0x9e3779b97f4a7c15u, b = (n + 1) * 0xd1342543de82ef95u;
      const Real unit = std::ldexp(static_cast<Real>(a >> 40), -24),
                 other = std::ldexp(static_cast<Real>(b >> 40), -24);
      x[i] = std::bit_cast<Real>(static_cast<Bits>(a)), y[i] = std::bit_cast<Real>(static_cast<Bits>(b));
      if (n % 4 == 1) x[i] = 200 * unit - 100, y[i] = 10 * other - 5;
      if (n % 4 == 2)
        y[i] = other + 1, x[i] = std::nextafter(y[i] * static_cast<Real>(a >> (44 + n % 17)), unit - Real{0.5});
      if (n % 4 == 3) x[i] = static_cast<Real>(a % 21) - 10, y[i] = static_cast<Real>(b % 9) - 4;
      if (n % 64 == 0) (n % 128 == 0 ? x : y)[i] = std::numeric_limits<Real>::infinity();
    }
  }
};

template <class Real>
Real of(Op op, Real x, Real y) {
  const Scalar args[] = {Scalar::of(x), Scalar::of(y)};
  return evaluate(op, dtype_of<Real>, args).template get<Real>();
}

template <class T>
T sign_of(T x) {
  const Scalar arg = Scalar::of(x);
  return evaluate(Op::sign, dtype_of<T>, {&arg, 1}).template get<T>();
}

/// Describes the first pair whose value by native code is another than the scalar one; "" if there is none.
template <class Real>
std::string difference(Op op, const CodegenOptions& options, int lanes, std::int64_t blocks) {
  LoopBuilder b;
  b.buffer(dtype_of<Real>), b.buffer(dtype_of<Real>), b.buffer(dtype_of<Real>, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    const loop::Value x = b.load(0, i, lanes), y = b.load(1, i, lanes);
    b.store(2, i, b.compute(op, dtype_of<Real>, {x, y}));
    return std::vector<loop::Value>{};
  });
  const Compiled compiled = generate_code(b.kernel, options);
  std::vector<Real> native(block);
  for (std::int64_t k = 0; k < blocks; ++k) {
    Operands<Real> in(k);
    void* const buffers[] = {in.x.data(), in.y.data(), native.data()};
    call(compiled.code.phase(0), buffers, {}, 0, block);
    for (std::int64_t i = 0; i < block; ++i) {
      const Real expected = of(op, in.x[i], in.y[i]);
      if (std::isnan(native[i]) && std::isnan(expected)) continue;
      if (Scalar::of(native[i]) == Scalar::of(expected)) continue;
      return std::string(to_string(op)) + " of " + std::to_string(in.x[i]) + " and " + std::to_string(in.y[i]) + ": " +
             std::to_string(native[i]) + " instead of " + std::to_string(expected);
    }
  }
  return "";
}

/// The largest error in ulps; infinite where one is NaN or infinite and the other is not.
template <class Real, class Wide>
double largest_error(Op op, Wide (*exact)(Wide, Wide)) {
  double most = 0;
  for (std::int64_t k = 0; k < 100; ++k) {
    const Operands<Real> in(k);
    for (std::int64_t i = 0; i < block; ++i) {
      const Real x = of(op, in.x[i], in.y[i]);
      const Wide value = exact(in.x[i], in.y[i]);
      const Real nearest = static_cast<Real>(value);
      if (x == nearest || (std::isnan(x) && std::isnan(nearest))) continue;
      const int exponent = std::max(std::ilogb(nearest), std::numeric_limits<Real>::min_exponent - 1);
      const Wide ulp = std::ldexp(Wide{1}, exponent - std::numeric_limits<Real>::digits + 1);
      most = std::max(most, static_cast<double>(std::abs(x - value) / ulp));
    }
  }
  return most;
}

}  // namespace

TEST_CASE("functions of two floats have the bits of their scalar meaning at every width") {
  for (const Op op : pairs)
    for (const CodegenOptions& options : all_codegen_options())
      for (const int lanes : {1, 4, 16, 32}) {
        CAPTURE(options.target.vector_bytes, lanes);
        CHECK(difference<float>(op, options, lanes, 4) == "");
        CHECK(difference<double>(op, options, lanes, 4) == "");
      }
}

TEST_CASE("remainders of floats are exact, whatever their sizes are") {
  const auto check = [](auto real) {
    using Real = decltype(real);
    for (std::int64_t k = 0; k < 100; ++k) {
      const Operands<Real> in(k);
      for (std::int64_t i = 0; i < block; ++i) {
        const Real rest = of(Op::fmod, in.x[i], in.y[i]), exact = std::fmod(in.x[i], in.y[i]);
        if (std::isnan(rest) && std::isnan(exact)) continue;
        CAPTURE(in.x[i], in.y[i]);
        REQUIRE(Scalar::of(rest) == Scalar::of(exact));
      }
    }
  };
  check(float{});
  check(double{});
}

TEST_CASE("hypot and atan2 are within their error of the true value") {
  CHECK(largest_error<float, double>(Op::hypot, std::hypot) < 1.26);
  CHECK(largest_error<double, long double>(Op::hypot, std::hypot) < 1.26);
  CHECK(largest_error<float, double>(Op::atan2, std::atan2) < 1.6);
  CHECK(largest_error<double, long double>(Op::atan2, std::atan2) < 1.6);
}

TEST_CASE("hypot of numbers whose squares are none is a number, and infinite beside NaN") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(of(Op::hypot, 3e300, 4e300) == Approx(5e300));
  CHECK(of(Op::hypot, 3e-320, 4e-320) == Approx(5e-320));
  CHECK(of(Op::hypot, 3e38f, 0.0f) == 3e38f);
  CHECK(of(Op::hypot, 0.0f, -0.0f) == 0);
  CHECK(of(Op::hypot, std::nan(""), -infinity) == infinity);
  CHECK(of(Op::hypot, infinity, std::nan("")) == infinity);
  CHECK(std::isnan(of(Op::hypot, 1.0, std::nan(""))));
}

TEST_CASE("atan2 tells the quadrants, also by the signs of zeros") {
  const double pi = 2 * std::acos(0.0);
  CHECK(of(Op::atan2, 1.0, -1.0) == Approx(3 * pi / 4));
  CHECK(of(Op::atan2, -1.0, -1.0) == Approx(-3 * pi / 4));
  CHECK(of(Op::atan2, 0.0, -0.0) == pi);
  CHECK(of(Op::atan2, -0.0, -1.0) == -pi);
  CHECK(of(Op::atan2, 0.0, 0.0) == 0);
}

TEST_CASE("floats are divided as those of NumPy and Python: the remainder has the sign of the divisor") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(of(Op::remainder, 5.5, 2.0) == 1.5);
  CHECK(of(Op::remainder, -5.5, 2.0) == 0.5);
  CHECK(of(Op::remainder, 5.5, -2.0) == -0.5);
  CHECK(of(Op::fmod, -5.5, 2.0) == -1.5);
  CHECK(of(Op::fmod, 5.5, -2.0) == 1.5);
  CHECK(of(Op::floor_divide, -5.5, 2.0) == -3);
  CHECK(of(Op::floor_divide, 1.0, 0.1) == 9);  // 0.1 is a little more than a tenth
  CHECK(of(Op::remainder, 1e300, 3.0) == std::fmod(1e300, 3.0));
  CHECK(of(Op::remainder, 3e38f, 7e-40f) == std::fmod(3e38f, 7e-40f));
  CHECK(of(Op::remainder, -1.0, infinity) == infinity);
  CHECK(of(Op::remainder, 1.0, infinity) == 1);
  CHECK(std::signbit(of(Op::remainder, 4.0, -2.0)));
  CHECK(of(Op::floor_divide, 1.0, 0.0) == infinity);
  CHECK(std::isnan(of(Op::remainder, 1.0, 0.0)));
  CHECK(std::isnan(of(Op::floor_divide, infinity, 1.0)));
}

TEST_CASE("the sign of a NaN is NaN, that of any zero 0") {
  CHECK(sign_of(-3.5f) == -1);
  CHECK_FALSE(std::signbit(sign_of(-0.0)));
  CHECK(std::isnan(sign_of(std::nan(""))));
  CHECK(sign_of(std::uint8_t{200}) == 1);
  CHECK(sign_of(std::int8_t{-128}) == -1);
}
