// The functions of jit/math: native code has the bits of the scalar meaning, and both are near the true value.
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

struct Function {
  Op op;
  double (*exact)(double);
  double most_ulp;  // over all f32 numbers, as the exhaustive test finds
};
const Function functions[] = {{Op::exp, std::exp, 0.9},  {Op::log, std::log, 0.95},   {Op::sin, std::sin, 1.49},
                              {Op::cos, std::cos, 1.49}, {Op::tanh, std::tanh, 1.37}, {Op::atan, std::atan, 1.34}};

/// How far `x` is from `exact`, in units of the last place of an f32 of that size; infinite if it is of another kind.
double error_in_ulp(float x, double exact) {
  constexpr double never = std::numeric_limits<double>::infinity();
  const float nearest = static_cast<float>(exact);
  if (std::isnan(exact) || std::isnan(x)) return std::isnan(exact) && std::isnan(x) ? 0 : never;
  if (std::isinf(x) || std::isinf(exact)) {
    if (x == nearest) return 0;
    return std::isinf(exact) ? never : (std::ldexp(1.0, 128) - std::abs(exact)) / std::ldexp(1.0, 104);
  }
  if (exact == 0 || nearest == 0) return x == nearest && std::signbit(x) == std::signbit(exact) ? 0 : never;
  const int exponent = std::max(std::ilogb(exact), -126);
  return std::abs(x - exact) / std::ldexp(1.0, exponent - 23);
}

float of_bits(std::uint32_t bits) { return Scalar{DType::f32, bits}.get<float>(); }

loop::Kernel kernel_of(Op op, int lanes) {
  LoopBuilder b;
  b.buffer(DType::f32), b.buffer(DType::f32, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    b.store(1, i, b.compute(op, DType::f32, {b.load(0, i, lanes)}));
    return std::vector<loop::Value>{};
  });
  return b.kernel;
}

constexpr std::int64_t block = 1 << 12;

/// The numbers with these bits, `apart` from one another, by native code and one by one.
struct Block {
  std::vector<float> in, native, scalar;
  Block(Op op, PhaseFunction function, std::uint32_t first, std::uint32_t apart)
      : in(block), native(block), scalar(block) {
    for (std::int64_t i = 0; i < block; ++i) in[i] = of_bits(first + static_cast<std::uint32_t>(i) * apart);
    void* const buffers[] = {in.data(), native.data()};
    call(function, buffers, {}, 0, block);
    const void* const args[] = {in.data()};
    evaluate_lanes(op, DType::f32, DType::f32, block, scalar.data(), args);
  }
};

/// Describes the first of all f32 numbers, `apart` from one another, whose value by native code is another than the
/// scalar one; "" if there is none.
std::string difference(Op op, const CodegenOptions& options, int lanes, std::uint32_t apart) {
  const Compiled compiled = generate_code(kernel_of(op, lanes), options);
  const std::uint64_t blocks = ((std::uint64_t{1} << 32) / apart + block - 1) / block;
  for (std::uint64_t k = 0; k < blocks; ++k) {
    const Block b(op, compiled.code.phase(0), static_cast<std::uint32_t>(k * block * apart), apart);
    for (std::int64_t i = 0; i < block; ++i) {
      const bool both_nan = std::isnan(b.native[i]) && std::isnan(b.scalar[i]);
      if (both_nan || Scalar::of(b.native[i]) == Scalar::of(b.scalar[i])) continue;
      char text[200];
      std::snprintf(text, sizeof text, "%s of %a with %d lanes and vectors of %d bytes: %a instead of %a",
                    std::string(to_string(op)).c_str(), b.in[i], lanes, options.target.vector_bytes, b.native[i],
                    b.scalar[i]);
      return text;
    }
  }
  return "";
}

/// The largest error of native code over all f32 numbers, `apart` from one another.
double largest_error(const Function& f, std::uint32_t apart) {
  const Compiled compiled = generate_code(kernel_of(f.op, 16), {host_target(), true});
  const auto blocks = static_cast<std::int64_t>(((std::uint64_t{1} << 32) / apart + block - 1) / block);
  std::vector<double> errors(static_cast<std::size_t>(blocks));
  parallel_for(blocks, 64, hardware_threads(), [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> in(block), out(block);
    for (std::int64_t k = begin; k < end; ++k) {
      for (std::int64_t i = 0; i < block; ++i) in[i] = of_bits(static_cast<std::uint32_t>((k * block + i) * apart));
      void* const buffers[] = {in.data(), out.data()};
      call(compiled.code.phase(0), buffers, {}, 0, block);
      for (std::int64_t i = 0; i < block; ++i)
        errors[k] = std::max(errors[k], error_in_ulp(out[i], f.exact(static_cast<double>(in[i]))));
    }
  });
  return *std::ranges::max_element(errors);
}

}  // namespace

TEST_CASE("functions in line have the bits of their scalar meaning at every width") {
  for (const Function& f : functions)
    for (const CodegenOptions& options : all_codegen_options())
      for (const int lanes : {1, 2, 4, 8, 16, 32}) CHECK(difference(f.op, options, lanes, 65537 * 3) == "");
  for (const Function& f : functions) CHECK(difference(f.op, {host_target(), true}, 16, 4099) == "");
}

TEST_CASE("functions in line are within their error of the true value") {
  for (const Function& f : functions) {
    INFO(to_string(f.op));
    CHECK(largest_error(f, 1999) < f.most_ulp);
  }
}

TEST_CASE("functions in line keep zeros, infinities and NaN as they should") {
  const auto of = [](Op op, float x) {
    const Scalar arg = Scalar::of(x);
    return evaluate(op, DType::f32, {&arg, 1}).get<float>();
  };
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const Op op : {Op::sin, Op::tanh, Op::atan}) CHECK(std::signbit(of(op, -0.0f)));
  for (const Op op : {Op::exp, Op::cos}) CHECK(of(op, -0.0f) == 1);
  for (const Function& f : functions) CHECK(std::isnan(of(f.op, nan)));
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

// build/test_jit "[exhaustive]": some twenty minutes on two processors.
TEST_CASE("every f32 number through the functions in line", "[.][exhaustive]") {
  for (const Function& f : functions) {
    const double error = largest_error(f, 1);
    std::printf("%-5s %.4f ulp\n", std::string(to_string(f.op)).c_str(), error);
    std::fflush(stdout);
    CHECK(error < f.most_ulp);
    CHECK(difference(f.op, {host_target(), true}, 16, 1) == "");
  }
}
