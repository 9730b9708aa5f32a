// The functions of jit/math: native code has the bits of the scalar meaning, and both are near the true value.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "ricci/parallel.hpp"
#include "scalar_op.hpp"
#include "support/loop_builder.hpp"

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
    {Op::tanh, std::tanh, 1.37, 0, 0},
    {Op::atan, std::atan, 1.34, 0, 0},
    {Op::tan, std::tan, 1.42, 0, 0},
    {Op::exp2, std::exp2, 0.9, 0, 0},
    {Op::expm1, std::expm1, 1.5, 0, 0},
    {Op::log2, std::log2, 0.9, 0, 0},
    {Op::log10, std::log10, 0.8, 0, 0},
    {Op::log1p, std::log1p, 1.5, 0, 0},
    {Op::asin, std::asin, 0.8, 0, 0},
    {Op::acos, std::acos, 0.7, 0, 0},
    {Op::sinh, std::sinh, 1.3, 0, 0},
    {Op::cosh, std::cosh, 1.3, 0, 0},
    {Op::asinh, std::asinh, 1.45, 0, 0},
    {Op::acosh, std::acosh, 1.45, 0, 0},
    {Op::atanh, std::atanh, 1.01, 0, 0},
    {Op::cbrt, std::cbrt, 0.51, 0, 0},
    {Op::erf, std::erf, 1.1, 0, 0}};
const Function<double, long double> doubles[] = {
    {Op::exp, std::exp, 0.84, -750, 712},
    {Op::log, std::log, 0.86, 0, 3},
    {Op::sin, std::sin, 1.15, -100, 100},
    {Op::cos, std::cos, 1.15, -100, 100},
    {Op::tanh, std::tanh, 1.37, -3, 3},
    {Op::atan, std::atan, 1.1, -4, 4},
    {Op::tan, std::tan, 1.5, -100, 100},
    {Op::exp2, std::exp2, 0.9, -1080, 1030},
    {Op::expm1, std::expm1, 1.3, -40, 40},
    {Op::log2, std::log2, 0.9, 0, 3},
    {Op::log10, std::log10, 0.8, 0, 3},
    {Op::log1p, std::log1p, 1.5, -1, 3},
    {Op::asin, std::asin, 0.95, -1, 1},
    {Op::acos, std::acos, 0.8, -1, 1},
    {Op::sinh, std::sinh, 1.3, -712, 712},
    {Op::cosh, std::cosh, 1.3, -712, 712},
    {Op::asinh, std::asinh, 1.3, -9, 9},
    {Op::acosh, std::acosh, 1.3, 1, 9},
    {Op::atanh, std::atanh, 1.1, -1, 1},
    {Op::cbrt, std::cbrt, 0.6, -9, 9},
    {Op::erf, std::erf, 1.01, -6, 6}};

void for_each_function(const auto& f) {
  for (const auto& function : singles) f(function);
  for (const auto& function : doubles) f(function);
}

template <class Real, class Wide>
std::string name_of(const Function<Real, Wide>& f) {
  return std::string(to_string(f.op)) + " of " + std::string(to_string(dtype_of<Real>));
}

/// How far `x` is from `exact`, in units of the last place of a number of that size; infinite if it is of another kind.
template <class Real, class Wide>
double error_in_ulp(Real x, Wide exact) {
  using Limits = std::numeric_limits<Real>;
  constexpr double never = std::numeric_limits<double>::infinity();
  const Real nearest = static_cast<Real>(exact);
  const auto ulp = [](int exponent) { return std::ldexp(Wide{1}, exponent - Limits::digits + 1); };
  if (std::isnan(exact) || std::isnan(x)) return std::isnan(exact) && std::isnan(x) ? 0 : never;
  if (std::isinf(x) || std::isinf(exact)) {
    if (x == nearest) return 0;
    if (std::isinf(exact)) return never;
    const Wide above = std::ldexp(Wide{1}, Limits::max_exponent);
    return static_cast<double>((above - std::abs(exact)) / ulp(Limits::max_exponent - 1));
  }
  if (exact == 0 || nearest == 0) return x == nearest && std::signbit(x) == std::signbit(exact) ? 0 : never;
  const int exponent = std::max(std::ilogb(exact), Limits::min_exponent - 1);
  return static_cast<double>(std::abs(x - exact) / ulp(exponent));
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
/// in eight is any number, one a neighbour of a multiple of pi / 2, and the others are between low and high, spread by
/// multiples of the golden ratio.
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
             : n % 8 == 4 ? static_cast<double>(n / 8 % (1 << 21)) * 1.5707963267948966 *
                                (1 + std::ldexp(static_cast<double>(spread >> 62), -52))
                          : f.low + (f.high - f.low) * std::ldexp(static_cast<double>(spread), -64);
    }
  }
  return x;
}

/// Describes the first argument whose value by native code is another than the scalar one; "" if there is none.
template <class Real, class Wide>
std::string difference(const Function<Real, Wide>& f, const CodegenOptions& options, int lanes, std::int64_t blocks) {
  const Compiled compiled = generate_code(kernel_of(f.op, dtype_of<Real>, lanes), options);
  std::vector<Real> native(block), scalar(block);
  for (std::int64_t k = 0; k < blocks; ++k) {
    std::vector<Real> in = arguments(f, k, blocks);
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
  std::vector<double> errors(static_cast<std::size_t>(blocks));
  parallel_for(blocks, 64, hardware_threads(), [&](std::int64_t begin, std::int64_t end) {
    std::vector<Real> out(block);
    for (std::int64_t k = begin; k < end; ++k) {
      std::vector<Real> in = arguments(f, k, blocks);
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

/// Bases and exponents for powers of all sizes, also subnormal ones and those that are out of range: any base, one near
/// 1, one at a border between the intervals of the tables, or one below 4, and an exponent that fits it; some exponents
/// are any numbers.
struct Powers {
  std::vector<float> x, y;
  explicit Powers(std::int64_t number) : x(block), y(block) {
    for (std::int64_t i = 0; i < block; ++i) {
      const auto n = static_cast<std::uint64_t>(number * block + i);
      const std::uint64_t spread = n * 0x9e3779b97f4a7c15u, other = (n + 1) * 0xd1342543de82ef95u;
      const float unit = std::ldexp(static_cast<float>(spread >> 40), -24);
      const auto border = static_cast<std::uint32_t>(0x3f340000 + ((spread >> 60) << 19));
      x[i] = n % 4 == 0   ? std::bit_cast<float>(static_cast<std::uint32_t>(spread >> 33))
             : n % 4 == 1 ? 1 + std::ldexp(unit - 0.5f, -static_cast<int>(spread % 20))
             : n % 4 == 2 ? std::bit_cast<float>(static_cast<std::uint32_t>(border + other % 64 - 32))
                          : 4 * unit;
      const double size = n % 7 == 0 ? 160 : n % 7 == 1 ? 126 : 20;  // of the binary logarithm of the power
      const double fitting = size * (std::ldexp(static_cast<double>(other >> 11), -52) - 1);
      y[i] = static_cast<float>(fitting / std::log2(static_cast<double>(x[i])));
      if (n % 11 == 0) y[i] = std::bit_cast<float>(static_cast<std::uint32_t>(other >> 32));
      if (n % 13 == 0) y[i] = std::round(y[i]);
      if (n % 17 == 0) x[i] = -x[i], y[i] = n % 34 == 0 ? std::round(y[i]) : y[i];
      if (n % 101 == 0) x[i] = 0;
    }
  }
};

TEST_CASE("powers of f32 are within their error of the true value") {
  double most = 0;
  for (std::int64_t k = 0; k < 500; ++k) {
    const Powers powers(k);
    for (std::int64_t i = 0; i < block; ++i) {
      const Scalar args[] = {Scalar::of(powers.x[i]), Scalar::of(powers.y[i])};
      const double exact = std::pow(static_cast<double>(powers.x[i]), static_cast<double>(powers.y[i]));
      const double error = error_in_ulp(evaluate(Op::pow, DType::f32, args).get<float>(), exact);
      most = std::max(most, error);
      if (error < 0.93) continue;
      CAPTURE(powers.x[i], powers.y[i]);
      CHECK(error < 0.93);
    }
  }
  CHECK(most > 0.8);  // the arguments are hard
}

TEST_CASE("powers of f32 that are numbers are exact") {
  const auto of = [](float x, float y) {
    const Scalar args[] = {Scalar::of(x), Scalar::of(y)};
    return evaluate(Op::pow, DType::f32, args).get<float>();
  };
  for (int n = 1; n <= 4096; ++n) {
    const auto x = static_cast<float>(n);
    CAPTURE(n);
    REQUIRE(of(x, 0) == 1);
    REQUIRE(of(x, 1) == x);
    REQUIRE(of(x, 2) == x * x);
    REQUIRE(of(x * x, 0.5f) == x);
    REQUIRE(of(1 / x, 1) == 1 / x);
    if (n <= 256) REQUIRE(of(x, 3) == x * x * x);
  }
  for (int n = -149; n <= 127; ++n) REQUIRE(of(2, static_cast<float>(n)) == std::ldexp(1.0f, n));
  CHECK(of(2, 128) == std::numeric_limits<float>::infinity());
  CHECK(of(2, -151) == 0);
  CHECK(of(1.5f, std::numeric_limits<float>::infinity()) == std::numeric_limits<float>::infinity());
  CHECK(of(1, std::numeric_limits<float>::quiet_NaN()) == 1);
  CHECK(of(-2, 3) == -8);
  CHECK(of(-3, 4) == 81);
  CHECK(std::isnan(of(-2, 0.5f)));
  CHECK(std::isnan(of(-2, std::numeric_limits<float>::denorm_min())));
  CHECK(of(-1.5f, 3e38f) == std::numeric_limits<float>::infinity());  // even
  CHECK(of(-1.5f, -16777215) == 0);
  CHECK(std::signbit(of(-1.5f, -16777215)));
  CHECK(of(0, 0) == 1);
  CHECK(of(-0.0f, 0) == 1);
  CHECK(of(0, 2.5f) == 0);
  CHECK((of(-0.0f, 3) == 0 && std::signbit(of(-0.0f, 3)) && !std::signbit(of(-0.0f, 2.5f))));
  CHECK(of(-0.0f, -3) == -std::numeric_limits<float>::infinity());
  CHECK(of(-0.0f, -2) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(of(0, std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("powers of f32 have the bits of their scalar meaning at every width") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const int lanes : {1, 2, 4, 8, 16, 32}) {
      CAPTURE(options.target.vector_bytes, lanes);
      LoopBuilder b;
      b.buffer(DType::f32), b.buffer(DType::f32), b.buffer(DType::f32, true);
      b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
        const loop::Value x = b.load(0, i, lanes), y = b.load(1, i, lanes);
        b.store(2, i, b.compute(Op::pow, DType::f32, {x, y}));
        return std::vector<loop::Value>{};
      });
      const Compiled compiled = generate_code(b.kernel, options);
      std::vector<float> native(block), scalar(block);
      for (std::int64_t k = 0; k < 16; ++k) {
        Powers powers(k);
        void* const buffers[] = {powers.x.data(), powers.y.data(), native.data()};
        call(compiled.code.phase(0), buffers, {}, 0, block);
        const void* const args[] = {powers.x.data(), powers.y.data()};
        evaluate_lanes(Op::pow, DType::f32, DType::f32, block, scalar.data(), args);
        for (std::int64_t i = 0; i < block; ++i) {
          if (std::isnan(native[i]) && std::isnan(scalar[i])) continue;
          CAPTURE(powers.x[i], powers.y[i]);
          REQUIRE(std::bit_cast<std::uint32_t>(native[i]) == std::bit_cast<std::uint32_t>(scalar[i]));
        }
      }
    }
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
