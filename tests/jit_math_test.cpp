// The functions of jit/math: native code has the bits of the scalar meaning, and both are near the true value.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "ir/scalar_op.hpp"
#include "ricci/parallel.hpp"
#include "support/loop_builder.hpp"
#include "support/ulp.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// A function, in line or of the library, and how far it may be from the true value: in ulps, over all f32 numbers, or
/// over very many f64 numbers, as the exhaustive test finds.
template <class Real, class Wide>
struct Function {
  using Number = Real;
  Op op;
  Wide (*exact)(Wide);
  double most_ulp;
  double low, high;  // where most of the f64 arguments are from
};
const Function<float, double> singles[] = {
    {Op::exp, std::exp, 0.9, 0, 0},
    {Op::log, std::log, 0.95, 0, 0},
    {Op::sin, std::sin, 1.49, 0, 0},
    {Op::cos, std::cos, 1.49, 0, 0},
    {Op::tanh, std::tanh, 1.23, 0, 0},
    {Op::atan, std::atan, 1.34, 0, 0},
    {Op::tan, std::tan, 1.42, 0, 0},
    {Op::exp2, std::exp2, 0.9, 0, 0},
    {Op::expm1, std::expm1, 1.5, 0, 0},
    {Op::log2, std::log2, 0.54, 0, 0},
    {Op::log10, std::log10, 0.54, 0, 0},
    {Op::log1p, std::log1p, 1.1, 0, 0},
    {Op::asin, std::asin, 0.75, 0, 0},
    {Op::acos, std::acos, 0.7, 0, 0},
    {Op::sinh, std::sinh, 1.0, 0, 0},
    {Op::cosh, std::cosh, 0.85, 0, 0},
    {Op::asinh, std::asinh, 0.61, 0, 0},
    {Op::acosh, std::acosh, 0.54, 0, 0},
    {Op::atanh, std::atanh, 0.65, 0, 0},
    {Op::cbrt, std::cbrt, 0.51, 0, 0},
    {Op::erf, std::erf, 1.1, 0, 0}};
const Function<double, long double> doubles[] = {
    {Op::exp, std::exp, 0.84, -750, 712},
    {Op::log, std::log, 0.6, 0, 3},
    {Op::sin, std::sin, 1.15, -100, 100},
    {Op::cos, std::cos, 1.15, -100, 100},
    {Op::tanh, std::tanh, 1.0, -3, 3},
    {Op::atan, std::atan, 0.6, -4, 4},
    {Op::tan, std::tan, 1.5, -100, 100},
    {Op::exp2, std::exp2, 0.9, -1080, 1030},
    {Op::expm1, std::expm1, 1.3, -40, 40},
    {Op::log2, std::log2, 0.6, 0, 3},
    {Op::log10, std::log10, 0.6, 0, 3},
    {Op::log1p, std::log1p, 1.0, -1, 3},
    {Op::asin, std::asin, 0.7, -1, 1},
    {Op::acos, std::acos, 0.7, -1, 1},
    {Op::sinh, std::sinh, 0.85, -712, 712},
    {Op::cosh, std::cosh, 0.87, -712, 712},
    {Op::asinh, std::asinh, 0.65, -9, 9},
    {Op::acosh, std::acosh, 0.65, 1, 9},
    {Op::atanh, std::atanh, 0.65, -1, 1},
    {Op::cbrt, std::cbrt, 0.51, -9, 9},
    {Op::erf, std::erf, 1.01, -6, 6}};

void for_each_function(const auto& f) {
  for (const auto& function : singles) f(function);
  for (const auto& function : doubles) f(function);
}

template <class Real, class Wide>
std::string name_of(const Function<Real, Wide>& f) {
  return std::string(to_string(f.op)) + " of " + std::string(to_string(dtype_of<Real>));
}

loop::Kernel kernel_of(Op op, DType dtype, int lanes) {
  LoopBuilder b;
  b.buffer(dtype), b.buffer(dtype, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    b.store(1, i, b.compute(op, dtype, {b.load(0, i, lanes)}));
    return std::vector<loop::Value>{};
  });
  return b.kernel;
}

constexpr std::int64_t block = 1 << 12;
constexpr std::int64_t all_blocks = (std::int64_t{1} << 32) / block;  // of f32 numbers

/// Arguments in `blocks` blocks: f32 numbers whose bits are the multiples of a whole number; f64 numbers of which one
/// in eight is any number, one a neighbour of a multiple of pi / 2, one nearer and nearer to 1 or -1 or 0, and the
/// others are between low and high, spread by multiples of the golden ratio.
template <class Real, class Wide>
std::vector<Real> arguments(const Function<Real, Wide>& f, std::int64_t number, std::int64_t blocks) {
  std::vector<Real> x(block);
  for (std::int64_t i = 0; i < block; ++i) {
    const auto n = static_cast<std::uint64_t>(number * block + i);
    if constexpr (std::is_same_v<Real, float>) {
      x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(n * (std::uint64_t{1} << 32) / (blocks * block)));
    } else {
      const std::uint64_t spread = n * 0x9e3779b97f4a7c15u;
      x[i] = n % 8 == 0   ? std::bit_cast<double>(spread)
             : n % 8 == 2 ? static_cast<double>(n / 8 % 3) - 1 +
                                std::ldexp(static_cast<double>(spread), -65 - static_cast<int>(n / 8 % 50))
             : n % 8 == 4 ? static_cast<double>(n / 8 % (1 << 21)) * 1.5707963267948966 *
                                (1 + std::ldexp(static_cast<double>(spread >> 62), -52))
                          : f.low + (f.high - f.low) * std::ldexp(static_cast<double>(spread), -64);
    }
  }
  return x;
}

/// Numbers next to those where another entry of a table begins: of logarithms, of hyperbolic tangents (with half of a
/// power of two), of powers (with halves of sixteenths), of cube roots (of three powers of two). Beside them are others
/// that a vector seldom has.
template <class Real>
std::vector<Real> between_entries() {
  using Limits = std::numeric_limits<Real>;
  using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  constexpr int fraction = Limits::digits - 1;
  const Real rare[] = {0, Limits::denorm_min(), Limits::min() / 3, Limits::infinity(), Limits::quiet_NaN(),
                       Limits::max(), -Real{0}, -Limits::denorm_min(), -1, -Limits::infinity()};
  std::vector<Real> x(block);
  for (std::int64_t i = 0; i < block; ++i) {
    const Bits entry = i / 32 % 64, beside = i % 32;
    const Bits of_logarithm = std::bit_cast<Bits>(Real{0.17578125}) + (entry << (fraction - 4));
    const Bits of_tangent = std::bit_cast<Bits>(Real{0.03125}) + ((entry % 20) << (fraction - 1));
    const Real of_power = (static_cast<Real>(entry) - Real{31.5}) / 16 * (i / 2048 % 2 == 0 ? 1 : std::log(Real{2}));
    const Bits of_root = std::bit_cast<Bits>(Real{0.25}) + (Bits(i / 32 % 96) << (fraction - 5));
    const Bits borders[] = {of_logarithm, of_tangent, std::bit_cast<Bits>(of_power), of_root};
    x[i] = i % 11 == 0 ? rare[i / 11 % 10] : std::bit_cast<Real>(borders[i % 4] + beside - 16);
  }
  return x;
}

/// Describes the first argument whose value by native code is another than the scalar one; "" if there is none.
template <class Real, class Wide>
std::string difference(const Function<Real, Wide>& f, const CodegenOptions& options, int lanes, std::int64_t blocks) {
  const Compiled compiled = generate_code(kernel_of(f.op, dtype_of<Real>, lanes), options);
  std::vector<Real> native(block), scalar(block);
  for (std::int64_t k = -1; k < blocks; ++k) {
    std::vector<Real> in = k < 0 ? between_entries<Real>() : arguments(f, k, blocks);
    void* const buffers[] = {in.data(), native.data()};
    call(compiled.code.phase(0), buffers, {}, 0, block);
    const void* const args[] = {in.data()};
    evaluate_lanes(f.op, dtype_of<Real>, dtype_of<Real>, block, scalar.data(), args);
    for (std::int64_t i = 0; i < block; ++i) {
      const bool both_nan = std::isnan(native[i]) && std::isnan(scalar[i]);
      if (both_nan || Scalar::of(native[i]) == Scalar::of(scalar[i])) continue;
      char text[200];
      std::snprintf(text, sizeof text, "%s %a with %d lanes and vectors of %d bytes: %a instead of %a",
                    name_of(f).c_str(), static_cast<double>(in[i]), lanes, options.target.vector_bytes,
                    static_cast<double>(native[i]), static_cast<double>(scalar[i]));
      return text;
    }
  }
  return "";
}

/// The largest error of native code over some arguments.
template <class Real, class Wide>
double largest_error(const Function<Real, Wide>& f, std::int64_t blocks) {
  const Compiled compiled = generate_code(kernel_of(f.op, dtype_of<Real>, 16), {host_target(), true});
  std::vector<double> errors(static_cast<std::size_t>(blocks) + 1);
  parallel_for(blocks + 1, 64, hardware_threads(), [&](std::int64_t begin, std::int64_t end) {
    std::vector<Real> out(block);
    for (std::int64_t k = begin; k < end; ++k) {
      std::vector<Real> in = k == blocks ? between_entries<Real>() : arguments(f, k, blocks);
      void* const buffers[] = {in.data(), out.data()};
      call(compiled.code.phase(0), buffers, {}, 0, block);
      for (std::int64_t i = 0; i < block; ++i)
        errors[k] = std::max(errors[k], error_in_ulp(out[i], f.exact(static_cast<Wide>(in[i]))));
    }
  });
  return *std::ranges::max_element(errors);
}

}  // namespace

TEST_CASE("functions in line have the bits of their scalar meaning at every width") {
  for_each_function([](const auto& f) {
    for (const CodegenOptions& options : all_codegen_options())
      for (const int lanes : {1, 2, 4, 8, 16, 32}) CHECK(difference(f, options, lanes, 5) == "");
    CHECK(difference(f, {host_target(), true}, 16, 256) == "");
  });
}

TEST_CASE("exp has the bits of its scalar meaning where its results cease to be ordinary") {
  for (const CodegenOptions& options : all_codegen_options()) {
    CAPTURE(options.target.vector_bytes);
    const Compiled compiled = generate_code(kernel_of(Op::exp, DType::f32, options.target.vector_bytes / 4), options);
    for (const float bound : {86.9f, -86.9f, -87.33f, 88.7f, -103.9f, -104.5f}) {
      std::vector<float> in(block), native(block), scalar(block);
      // Some lanes of a vector are ordinary, and some are not.
      for (std::int64_t i = 0; i < block; ++i) {
        const auto n = static_cast<float>(i);
        in[i] = i % 3 == 0 ? n * 1e-3f : bound * (1 + n * 1e-6f);
      }
      in[7] = std::numeric_limits<float>::quiet_NaN();
      in[8] = -std::numeric_limits<float>::infinity();
      void* const buffers[] = {in.data(), native.data()};
      call(compiled.code.phase(0), buffers, {}, 0, block);
      const void* const args[] = {in.data()};
      evaluate_lanes(Op::exp, DType::f32, DType::f32, block, scalar.data(), args);
      for (std::int64_t i = 0; i < block; ++i)
        if (!std::isnan(scalar[i]) || !std::isnan(native[i])) {
          CAPTURE(in[i]);
          REQUIRE(std::bit_cast<std::uint32_t>(native[i]) == std::bit_cast<std::uint32_t>(scalar[i]));
        }
    }
  }
}

TEST_CASE("functions in line are within their error of the true value") {
  for_each_function([](const auto& f) {
    INFO(name_of(f));
    CHECK(largest_error(f, 512) < f.most_ulp);
  });
}

TEST_CASE("functions in line keep zeros, infinities and NaN as they should") {
  const auto of = [](Op op, float x) {
    const Scalar arg = Scalar::of(x);
    return evaluate(op, DType::f32, {&arg, 1}).get<float>();
  };
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const Op op : {Op::sin, Op::tan, Op::tanh, Op::atan}) CHECK(std::signbit(of(op, -0.0f)));
  for (const Op op : {Op::exp, Op::cos}) CHECK(of(op, -0.0f) == 1);
  for (const auto& f : singles) CHECK(std::isnan(of(f.op, nan)));
  for (const Op op : {Op::sin, Op::cos}) CHECK(std::isnan(of(op, infinity)));
  CHECK(of(Op::exp, -infinity) == 0);
  CHECK(of(Op::exp, infinity) == infinity);
  CHECK(of(Op::exp, -100.0f) == static_cast<float>(std::exp(-100.0)));  // subnormal
  CHECK(of(Op::exp, 88.72283f) == Approx(std::exp(static_cast<double>(88.72283f))));
  CHECK(of(Op::exp, 88.72284f) == infinity);
  CHECK(of(Op::log, 0.0f) == -infinity);
  CHECK(of(Op::log, 1.0f) == 0);
  CHECK(std::isnan(of(Op::log, -1.0f)));
  CHECK(of(Op::log, std::numeric_limits<float>::denorm_min()) == Approx(-103.27893));
  CHECK(of(Op::tanh, -infinity) == -1);
  CHECK(of(Op::atan, infinity) == static_cast<float>(std::acos(0.0)));
  CHECK(of(Op::sin, 1e30f) == Approx(std::sin(static_cast<double>(1e30f))).epsilon(1e-6));
}

TEST_CASE("functions in line of f64 keep zeros, infinities and NaN as they should") {
  const auto of = [](Op op, double x) {
    const Scalar arg = Scalar::of(x);
    return evaluate(op, DType::f64, {&arg, 1}).get<double>();
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const auto& f : doubles) CHECK(std::isnan(of(f.op, std::numeric_limits<double>::quiet_NaN())));
  CHECK(of(Op::exp, -0.0) == 1);
  CHECK(of(Op::exp, -infinity) == 0);
  CHECK(of(Op::exp, infinity) == infinity);
  CHECK(of(Op::exp, -745.0) == std::numeric_limits<double>::denorm_min());
  CHECK(of(Op::exp, 709.782712893384) == Approx(1.797693134862273e308));
  CHECK(of(Op::exp, 709.7827128933841) == infinity);
  CHECK(of(Op::log, 0.0) == -infinity);
  CHECK(of(Op::log, 1.0) == 0);
  CHECK(of(Op::log, infinity) == infinity);
  CHECK(std::isnan(of(Op::log, -1.0)));
  CHECK(of(Op::log, std::numeric_limits<double>::denorm_min()) == Approx(-744.4400719213812));
  for (const Op op : {Op::sin, Op::tan, Op::tanh, Op::atan}) CHECK((of(op, -0.0) == 0 && std::signbit(of(op, -0.0))));
  for (const Op op : {Op::sin, Op::cos, Op::tan}) CHECK(std::isnan(of(op, infinity)));
  CHECK(of(Op::cos, -0.0) == 1);
  CHECK(of(Op::tanh, -infinity) == -1);
  CHECK(of(Op::atan, infinity) == std::acos(0.0));
  CHECK(of(Op::sin, 1e300) == Approx(std::sin(1e300)));
  CHECK(of(Op::tan, 1e300) == Approx(std::tan(1e300)));
  CHECK(of(Op::tan, std::numeric_limits<double>::denorm_min()) == std::numeric_limits<double>::denorm_min());
  CHECK(of(Op::tan, std::acos(0.0)) == Approx(1.633123935319537e16));
}

TEST_CASE("functions in line are right at the ends of where they are defined") {
  const auto check = [](auto real) {
    using Real = decltype(real);
    using Limits = std::numeric_limits<Real>;
    constexpr Real infinity = Limits::infinity(), most = Limits::max(), least = Limits::denorm_min();
    const auto of = [](Op op, Real x) {
      const Scalar arg = Scalar::of(x);
      return evaluate(op, dtype_of<Real>, {&arg, 1}).template get<Real>();
    };
    for (const Op op : {Op::sinh, Op::tanh, Op::asinh, Op::atanh, Op::asin, Op::cbrt})
      for (const Real x : {Real{0}, least, 3 * least, Limits::min()}) {
        CAPTURE(to_string(op), x);
        const Real expected = op == Op::cbrt ? static_cast<Real>(std::cbrt(static_cast<long double>(x))) : x;
        CHECK((of(op, x) == expected && !std::signbit(of(op, x))));
        CHECK((of(op, -x) == -expected && std::signbit(of(op, -x))));
      }
    for (const Op op : {Op::sinh, Op::asinh, Op::cbrt})
      CHECK((of(op, infinity) == infinity && of(op, -infinity) == -infinity));
    for (const Op op : {Op::asin, Op::acos, Op::atanh, Op::acosh}) CHECK(std::isnan(of(op, -infinity)));
    for (const Op op : {Op::asin, Op::acos, Op::atanh}) {
      CHECK(std::isnan(of(op, std::nextafter(Real{1}, infinity))));
      CHECK(std::isnan(of(op, infinity)));
    }
    CHECK((of(Op::acosh, infinity) == infinity && of(Op::acosh, 1) == 0 && std::isnan(of(Op::acosh, Real{0.999}))));
    CHECK((of(Op::atanh, 1) == infinity && of(Op::atanh, -1) == -infinity));
    CHECK((of(Op::cosh, -infinity) == infinity && of(Op::cosh, least) == 1));
    CHECK((of(Op::acos, 1) == 0 && of(Op::acos, -1) == 2 * of(Op::asin, 1)));
    CHECK(of(Op::asinh, -most) == -of(Op::acosh, most));
    CHECK(of(Op::acosh, most) == static_cast<Real>(std::acosh(static_cast<long double>(most))));
    const Real end = of(Op::asinh, most);  // about where sinh and cosh cease to be numbers
    CHECK((std::isfinite(of(Op::sinh, end * (1 - 4 * Limits::epsilon()))) &&
           of(Op::sinh, end * (1 + 4 * Limits::epsilon())) == infinity));
    for (const Real x : {Real{27}, Real{-1000}, Real{0.001953125}}) CHECK(of(Op::cbrt, x * x * x) == x);
  };
  check(float{});
  check(double{});
}

// build/test_jit "[exhaustive]": some two hours on two processors.
TEST_CASE("every f32 number, and as many f64 numbers, through the functions in line", "[.][exhaustive]") {
  for_each_function([](const auto& f) {
    const double error = largest_error(f, all_blocks);
    std::printf("%-11s %.4f ulp\n", name_of(f).c_str(), error);
    std::fflush(stdout);
    CHECK(error < f.most_ulp);
    CHECK(difference(f, {host_target(), true}, 16, all_blocks) == "");
  });
}
