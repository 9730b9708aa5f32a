// Powers: native code has the bits of the scalar meaning, and both are near the true value.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ir/scalar_op.hpp"
#include "support/loop_builder.hpp"
#include "support/ulp.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr std::int64_t block = 1 << 12;

/// Bases and exponents for powers of all sizes, also subnormal ones and those that are out of range: any base, one near
/// 1, one at a border between the intervals of the fractions, or one below 4, and an exponent that fits it; some
/// exponents are any numbers.
template <class Real>
struct Powers {
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  static constexpr bool single = sizeof(Real) == 4;
  std::vector<Real> x, y;
  explicit Powers(std::int64_t number) : x(block), y(block) {
    for (std::int64_t i = 0; i < block; ++i) {
      const auto n = static_cast<std::uint64_t>(number * block + i);
      const std::uint64_t spread = n * 0x9e3779b97f4a7c15u, other = (n + 1) * 0xd1342543de82ef95u;
      const Real unit =
          static_cast<Real>(std::ldexp(static_cast<double>(spread >> (single ? 40 : 11)), single ? -24 : -53));
      const Bits start = single ? Bits{0x3f340000} + static_cast<Bits>((spread >> 60) << 19)
                                : static_cast<Bits>(0x3fe6800000000000 + ((spread >> 60) << 48));
      x[i] = n % 4 == 0   ? std::bit_cast<Real>(static_cast<Bits>(spread >> (single ? 33 : 1)))
             : n % 4 == 1 ? 1 + std::ldexp(unit - Real{0.5}, -static_cast<int>(spread % (single ? 20 : 45)))
             : n % 4 == 2 ? std::bit_cast<Real>(static_cast<Bits>(start + other % 64 - 32))
                          : 4 * unit;
      // Of the binary logarithm of the power.
      const double size = n % 7 == 0 ? (single ? 160 : 1100) : n % 7 == 1 ? (single ? 126 : 1022) : 20;
      const double fitting = size * (std::ldexp(static_cast<double>(other >> 11), -52) - 1);
      y[i] = static_cast<Real>(fitting / std::log2(static_cast<double>(x[i])));
      if (n % 11 == 0) y[i] = std::bit_cast<Real>(static_cast<Bits>(single ? other >> 32 : other));
      if (n % 13 == 0) y[i] = std::round(y[i]);
      if (n % 17 == 0) x[i] = -x[i], y[i] = n % 34 == 0 ? std::round(y[i]) : y[i];
      if (n % 101 == 0) x[i] = 0;
    }
  }
};

template <class Real>
Real of(Real x, Real y) {
  const Scalar args[] = {Scalar::of(x), Scalar::of(y)};
  return evaluate(Op::pow, dtype_of<Real>, args).template get<Real>();
}

template <class Real, class Wide>
double largest_error(Wide (*exact)(Wide, Wide)) {
  double most = 0;
  for (std::int64_t k = 0; k < 500; ++k) {
    const Powers<Real> powers(k);
    for (std::int64_t i = 0; i < block; ++i) {
      const Real x = powers.x[i], y = powers.y[i];
      const double error = error_in_ulp(of(x, y), exact(x, y));
      CAPTURE(x, y);
      if (error > most) REQUIRE(error < 0.93);
      most = std::max(most, error);
    }
  }
  return most;
}

/// Describes the first power by native code that is another than the scalar one; "" if there is none.
template <class Real>
std::string difference(const CodegenOptions& options, int lanes) {
  constexpr DType dtype = dtype_of<Real>;
  LoopBuilder b;
  b.buffer(dtype), b.buffer(dtype), b.buffer(dtype, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    const loop::Value x = b.load(0, i, lanes), y = b.load(1, i, lanes);
    b.store(2, i, b.compute(Op::pow, dtype, {x, y}));
    return std::vector<loop::Value>{};
  });
  const Compiled compiled = generate_code(b.kernel, options);
  std::vector<Real> native(block), scalar(block);
  for (std::int64_t k = 0; k < 16; ++k) {
    Powers<Real> powers(k);
    void* const buffers[] = {powers.x.data(), powers.y.data(), native.data()};
    call(compiled.code.phase(0), buffers, {}, 0, block);
    const void* const args[] = {powers.x.data(), powers.y.data()};
    evaluate_lanes(Op::pow, dtype, dtype, block, scalar.data(), args);
    for (std::int64_t i = 0; i < block; ++i) {
      if (std::isnan(native[i]) && std::isnan(scalar[i])) continue;
      if (Scalar::of(native[i]) == Scalar::of(scalar[i])) continue;
      return std::to_string(powers.x[i]) + " to the power of " + std::to_string(powers.y[i]) + ": " +
             std::to_string(native[i]) + " instead of " + std::to_string(scalar[i]);
    }
  }
  return "";
}

/// Powers that do not depend on how many bits a number has.
template <class Real>
void check_powers() {
  using Limits = std::numeric_limits<Real>;
  constexpr Real infinity = Limits::infinity(), nan = Limits::quiet_NaN(), half = 0.5, zero = 0, fraction = 2.5;
  const auto power = [](Real x, Real y) { return of(x, y); };
  for (int n = 1; n <= 4096; ++n) {
    const auto x = static_cast<Real>(n);
    CAPTURE(n);
    REQUIRE(power(x, 0) == 1);
    REQUIRE(power(x, 1) == x);
    REQUIRE(power(x, 2) == x * x);
    REQUIRE(power(x * x, half) == x);
    REQUIRE(power(1 / x, 1) == 1 / x);
    if (n <= 256) REQUIRE(power(x, 3) == x * x * x);
  }
  const int least = Limits::min_exponent - Limits::digits;
  for (int n = least; n < Limits::max_exponent; ++n) REQUIRE(power(2, static_cast<Real>(n)) == std::ldexp(Real{1}, n));
  CHECK(power(2, Limits::max_exponent) == infinity);
  CHECK(power(2, static_cast<Real>(least - 2)) == 0);
  CHECK(power(1 + half, infinity) == infinity);
  CHECK(power(1, nan) == 1);
  CHECK(power(-2, 3) == -8);
  CHECK(power(-3, 4) == 81);
  CHECK(std::isnan(power(-2, half)));
  CHECK(std::isnan(power(-2, Limits::denorm_min())));
  CHECK(power(-1 - half, Limits::max()) == infinity);  // even
  const Real odd = 1 - std::ldexp(Real{1}, Limits::digits);
  CHECK((power(-1 - half, odd) == 0 && std::signbit(power(-1 - half, odd))));
  CHECK(power(0, 0) == 1);
  CHECK(power(-zero, 0) == 1);
  CHECK(power(0, fraction) == 0);
  CHECK((power(-zero, 3) == 0 && std::signbit(power(-zero, 3)) && !std::signbit(power(-zero, fraction))));
  CHECK(power(-zero, -3) == -infinity);
  CHECK(power(-zero, -2) == infinity);
  CHECK(std::isnan(power(0, nan)));
  CHECK(power(infinity, -1) == 0);
  CHECK(power(Limits::denorm_min(), 1) == Limits::denorm_min());
}

}  // namespace

TEST_CASE("powers are within their error of the true value") {
  CHECK(largest_error<float, double>(std::pow) > 0.8);  // the arguments are hard
  CHECK(largest_error<double, long double>(std::pow) > 0.7);
}

TEST_CASE("powers that are numbers are exact") {
  check_powers<float>();
  check_powers<double>();
  CHECK(of(10.0, 22.0) == 1e22);
  CHECK(of(7.0, -2.0) == 1 / 49.0);
}

TEST_CASE("powers have the bits of their scalar meaning at every width") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const int lanes : {1, 2, 4, 8, 16, 32}) {
      CAPTURE(options.target.vector_bytes, lanes);
      CHECK(difference<float>(options, lanes) == "");
      CHECK(difference<double>(options, lanes) == "");
    }
}
