// f16 and bf16 in compiled code: every conversion at every number of lanes, and updates, which accumulate in f32.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "support/backends.hpp"
#include "support/loop_builder.hpp"
#include "support/naive.hpp"
#include "support/program_builder.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

constexpr DType both[] = {DType::f16, DType::bf16};

/// out = cast(in), `lanes` elements at a time.
loop::Kernel conversion(DType from, DType to, int lanes) {
  LoopBuilder b;
  b.buffer(from);
  b.buffer(to, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    b.store(1, i, b.compute(Op::cast, to, {b.load(0, i, lanes)}));
    return std::vector<loop::Value>{};
  });
  return b.kernel;
}

template <class From, class To>
void check_conversion(const std::vector<From>& in, int lanes) {
  for (const CodegenOptions& options : all_codegen_options()) {
    std::vector<To> out(in.size());
    void* const buffers[] = {const_cast<From*>(in.data()), out.data()};
    const Compiled compiled = generate_code(conversion(dtype_of<From>, dtype_of<To>, lanes), options);
    REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(in.size())) == 0);
    for (std::size_t k = 0; k < in.size(); ++k) {
      const To expected = static_cast<To>(in[k]);
      if (std::memcmp(&out[k], &expected, sizeof(To)) == 0 || (std::isnan(in[k]) && std::isnan(out[k]))) continue;
      FAIL(in[k] << " from " << to_string(dtype_of<From>) << " to " << to_string(dtype_of<To>) << " in " << lanes
                 << " lanes of vectors of " << options.target.vector_bytes << " bytes gave " << out[k]);
    }
  }
}

/// Floats near every value of T and in between, 16 times as many as T has.
template <class T>
std::vector<float> floats() {
  std::vector<float> all;
  std::mt19937 random(2);
  for (std::uint32_t bits = 0; bits < 0x10000; bits += 4) {
    const float x = T::from_bits(static_cast<std::uint16_t>(bits));
    const float next = T::from_bits(static_cast<std::uint16_t>(bits + 1));
    for (const float y : {x, x / 2 + next / 2})
      for (const float z : {y, std::nextafter(y, INFINITY), std::nextafter(y, -INFINITY)}) all.push_back(z);
    for (int n = 0; n < 2; ++n) all.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  }
  return all;
}

/// out[index[n]] (update)= x[n], with several iterations per element.
ir::Program scatter(DType out_dtype, Reduction update) {
  ProgramBuilder p;
  const ir::AxisId n = p.axis("n");
  const ir::TensorId x = p.tensor("x", DType::f32, 1), index = p.tensor("index", DType::i64, 1);
  const ir::TensorId out = p.tensor("out", out_dtype, 1);
  p.assign(out, {p.at(index, {p.index(n)})}, p.at(x, {p.index(n)}), {n}, update);
  return std::move(p.program);
}

}  // namespace

TEMPLATE_TEST_CASE("compiled code widens every value of 16 bits exactly", "[float16]", float16, bfloat16) {
  std::vector<TestType> all;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits)
    all.push_back(TestType::from_bits(static_cast<std::uint16_t>(bits)));
  for (const int lanes : {1, 2, 4, 8, 16}) check_conversion<TestType, float>(all, lanes);
}

TEMPLATE_TEST_CASE("compiled code rounds to 16 bits as the library does", "[float16]", float16, bfloat16) {
  for (const int lanes : {1, 2, 4, 8, 16}) check_conversion<float, TestType>(floats<TestType>(), lanes);
}

TEST_CASE("casts between elements of 16 bits and others go by way of f32", "[float16]") {
  ir::Graph g;
  const ir::Expr x = ir::param(g, 0, DType::f64), y = ir::param(g, 1, DType::f16);
  CHECK(ir::cast(g, DType::f16, x) == ir::cast(g, DType::f16, ir::cast(g, DType::f32, x)));
  CHECK(ir::cast(g, DType::i32, y) == ir::cast(g, DType::i32, ir::cast(g, DType::f32, y)));
  CHECK(ir::cast(g, DType::bf16, y) == ir::cast(g, DType::bf16, ir::cast(g, DType::f32, y)));
  CHECK(ir::cast(g, DType::f16, ir::cast(g, DType::f32, y)) == y);
}

TEST_CASE("updates of elements of 16 bits accumulate in f32 and round once", "[float16]") {
  const std::int64_t n = 3000;
  GuardedTensor x(DType::f32, std::vector<std::int64_t>{n}), index(DType::i64, std::vector<std::int64_t>{n});
  for (std::int64_t k = 0; k < n; ++k) {
    Scalar::of(1.0f).store(element(x.view(), k));
    Scalar::of(k % 3).store(element(index.view(), k));
  }
  for (const DType dtype : both) {
    GuardedTensor out(dtype, std::vector<std::int64_t>{3});
    const auto fill = [&](double value) {
      for (std::int64_t k = 0; k < 3; ++k) {
        const Scalar number = Scalar::of(value);
        evaluate(Op::cast, dtype, {&number, 1}).store(element(out.view(), k));
      }
    };
    fill(24);
    const TensorView views[] = {x.view(), index.view(), out.view()};
    const Ran sums = run_everywhere(scatter(dtype, Reduction::sum), views);
    CHECK(sums.fault == "");
    CHECK(sums.report.temporary_bytes == 0);
    for (const Scalar& total : elements(out.view())) CHECK(total.as_double() == 1024);  // bf16 alone would stop at 256
    fill(-7);
    CHECK(run_everywhere(scatter(dtype, Reduction::max), views).fault == "");
    for (const Scalar& total : elements(out.view())) CHECK(total.as_double() == 1);
  }
}
