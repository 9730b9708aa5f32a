#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// Values at which ops of this dtype have their corners, and ordinary ones; 16 of them.
std::vector<Scalar> corners(DType dtype) {
  return visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
    using L = std::numeric_limits<T>;
    std::vector<Scalar> result;
    const auto add = [&](std::initializer_list<T> values) {
      for (const T value : values) result.push_back(Scalar::of(value));
    };
    if constexpr (std::is_same_v<T, bool>)
      add({false, true, true, false, true, false, false, true, true, true, false, false, true, false, true, false});
    else if constexpr (std::is_floating_point_v<T> || Float16<T>)
      add({T(0), T(-0.0), L::quiet_NaN(), L::infinity(), T(-L::infinity()), L::max(), L::denorm_min(), T(0.5), T(-0.5),
           T(1.5), T(2.5), T(-3), T(255.7), T(-1e10), T(3e19), T(1)});
    else
      add({T(0), T(1), T(2), T(3), T(-1), T(-2), T(-7), T(7), L::min(), L::max(), T(L::max() - 1), T(L::min() + 1),
           T(sizeof(T) * 8), T(sizeof(T) * 8 - 1), T(100), T(-100)});
    return result;
  });
}

/// All pairs of corners, as two arrays in the form of memory.
struct Operands {
  std::vector<std::uint64_t> first, second, condition;  // big enough for any dtype
  std::vector<Scalar> x, y, c;
};

Operands operands(DType dtype) {
  Operands o;
  const std::vector<Scalar> values = corners(dtype);
  const std::size_t n = values.size() * values.size(), size = size_of(dtype);
  o.first.resize(n), o.second.resize(n), o.condition.resize(n);
  for (const Scalar& x : values)
    for (const Scalar& y : values) {
      const std::size_t i = o.x.size();
      o.x.push_back(x), o.y.push_back(y), o.c.push_back(Scalar::of((i * 7 / 3) % 2 == 0));
      x.store(reinterpret_cast<std::byte*>(o.first.data()) + i * size);
      y.store(reinterpret_cast<std::byte*>(o.second.data()) + i * size);
      o.c.back().store(reinterpret_cast<std::byte*>(o.condition.data()) + i);
    }
  return o;
}

bool same(Scalar a, Scalar b) {
  return a == b || (is_float(a.dtype) && std::isnan(a.as_double()) && std::isnan(b.as_double()));
}

struct Case {
  Op op;
  DType result;
};

/// Every op that this dtype has, and every dtype it can be cast to.
std::vector<Case> cases(DType dtype) {
  std::vector<Case> all;
  for (std::size_t i = 0; i < std::size(op_table); ++i) {
    const Op op = static_cast<Op>(i);
    if (!accepts(op, dtype)) continue;
    if (op == Op::cast)
      for (int to = 0; to < dtype_count; ++to) all.push_back({op, static_cast<DType>(to)});
    else
      all.push_back({op, info(op).typing == Typing::compare ? DType::b1 : dtype});
  }
  return all;
}

/// result buffer k + 3 holds what case k makes of the buffers 0 and 1 (and the condition in 2).
loop::Kernel kernel_of(DType dtype, const std::vector<Case>& cases, int lanes) {
  LoopBuilder b;
  b.buffer(dtype), b.buffer(dtype), b.buffer(DType::b1);
  for (const Case& c : cases) b.buffer(c.result, true);
  b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
    const loop::Value x = b.load(0, i, lanes), y = b.load(1, i, lanes), condition = b.load(2, i, lanes);
    for (std::size_t k = 0; k < cases.size(); ++k) {
      std::vector<loop::Value> args = {x, y};
      if (info(cases[k].op).arity == 1) args.pop_back();
      if (cases[k].op == Op::fma) args.push_back(x);
      if (cases[k].op == Op::select) args = {condition, x, y};
      b.store(static_cast<loop::BufferId>(k + 3), i, b.compute(cases[k].op, cases[k].result, args));
    }
    return std::vector<loop::Value>{};
  });
  return b.kernel;
}

void check_ops(DType dtype, const CodegenOptions& options, int lanes) {
  const std::vector<Case> all = cases(dtype);
  const Operands in = operands(dtype);
  const std::size_t n = in.x.size();
  std::vector<std::vector<std::uint64_t>> outputs(all.size(), std::vector<std::uint64_t>(n));
  std::vector<void*> buffers = {const_cast<std::uint64_t*>(in.first.data()),
                                const_cast<std::uint64_t*>(in.second.data()),
                                const_cast<std::uint64_t*>(in.condition.data())};
  for (auto& output : outputs) buffers.push_back(output.data());

  const Compiled compiled = generate_code(kernel_of(dtype, all, lanes), options);
  REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(n)) == 0);

  for (std::size_t k = 0; k < all.size(); ++k)
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<Scalar> args = {in.x[i], in.y[i]};
      if (info(all[k].op).arity == 1) args.pop_back();
      if (all[k].op == Op::fma) args.push_back(in.x[i]);
      if (all[k].op == Op::select) args = {in.c[i], in.x[i], in.y[i]};
      const Scalar expected = evaluate(all[k].op, all[k].result, args);
      const Scalar actual =
          Scalar::load(all[k].result, reinterpret_cast<std::byte*>(outputs[k].data()) + i * size_of(all[k].result));
      if (same(expected, actual)) continue;
      FAIL(to_string(all[k].op) << " on " << to_string(dtype) << " to " << to_string(all[k].result) << ", " << lanes
                                << " lanes, vectors of " << options.target.vector_bytes << " bytes, optimise "
                                << options.optimise << ": of bits " << std::hex << in.x[i].bits << " and "
                                << in.y[i].bits << " expected " << expected.bits << ", got " << actual.bits);
    }
}

}  // namespace

TEST_CASE("native code computes every op on every dtype as the table of scalar semantics says") {
  for (const CodegenOptions& options : all_codegen_options())
    for (int dtype = 0; dtype < dtype_count; ++dtype)
      for (const int lanes : {1, 16}) check_ops(static_cast<DType>(dtype), options, lanes);
}

TEMPLATE_TEST_CASE("lanes that i32 holds and lanes that it does not are cast alike", "", float, double, std::int64_t) {
  constexpr auto below = static_cast<TestType>(2147483520), at = static_cast<TestType>(std::int64_t{1} << 31);
  std::vector<TestType> values(32, 5);  // vectors in which every lane is small, or one, or each
  for (const TestType value : {below, TestType(-below), at, TestType(-at), TestType(at + 256), TestType(-at - 256),
                               TestType(at * 16777216), TestType(7)})
    for (int lane = 0; lane < 8; ++lane) values.push_back(lane % 3 == 1 ? TestType(lane) : value);
  for (const TestType value : {at, TestType(-at - 1)}) {
    values.insert(values.end(), 16, 3);
    values.push_back(value);
    values.insert(values.end(), 15, -4);
  }
  if constexpr (std::is_floating_point_v<TestType>) {
    values.insert(values.end(), 13, -0.75);
    for (const TestType value : {NAN, INFINITY, -INFINITY}) values.push_back(value);
  }
  constexpr DType from = dtype_of<TestType>;
  for (const DType to : {DType::i64, DType::f32, DType::f64})
    for (const CodegenOptions& options : all_codegen_options()) {
      LoopBuilder b;
      b.buffer(from), b.buffer(to, true);
      b.loop(b.begin, b.end, 16, {}, [&](loop::Value i, std::vector<loop::Value>) {
        b.store(1, i, b.compute(Op::cast, to, {b.load(0, i, 16)}));
        return std::vector<loop::Value>{};
      });
      std::vector<std::uint64_t> result(values.size());
      const Compiled compiled = generate_code(b.kernel, options);
      REQUIRE(call(compiled.code.phase(0), std::vector<void*>{values.data(), result.data()}, {}, 0,
                   static_cast<std::int64_t>(values.size())) == 0);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Scalar expected = evaluate(Op::cast, to, std::vector{Scalar::of(values[i])});
        const auto* bytes = reinterpret_cast<const std::byte*>(result.data());
        INFO("of " << values[i] << " at " << i << " to " << to_string(to) << ", vectors of "
                   << options.target.vector_bytes << " bytes");
        REQUIRE(same(expected, Scalar::load(to, bytes + i * size_of(to))));
      }
    }
}

TEST_CASE("vectors of every number of lanes compute alike") {
  for (const DType dtype : {DType::b1, DType::i8, DType::f16, DType::bf16, DType::f32, DType::f64})
    for (const int lanes : {2, 4, 8, 32, 64}) check_ops(dtype, {host_target(), true}, lanes);
}

TEST_CASE("dividing by a constant zero gives zero") {
  LoopBuilder b;
  b.buffer(DType::i32);
  const loop::BufferId out = b.buffer(DType::i32, true);
  const loop::Value x = b.load(0, b.begin, 4), zero = b.constant(std::int32_t{0}, 4);
  b.store(out, b.begin, b.compute(Op::floor_divide, DType::i32, {x, zero}));
  b.store(out, b.end, b.compute(Op::remainder, DType::i32, {x, zero}));
  std::int32_t in[] = {7, -7, 0, std::numeric_limits<std::int32_t>::min()};
  for (const CodegenOptions& options : all_codegen_options()) {
    std::int32_t result[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    void* const buffers[] = {in, result};
    REQUIRE(call(generate_code(b.kernel, options).code.phase(0), buffers, {}, 0, 4) == 0);
    for (const std::int32_t value : result) CHECK(value == 0);
  }
}

TEST_CASE("dividing by constants rounds down, whatever the integers and the signs") {
  for (const DType dtype :
       {DType::i8, DType::u8, DType::i16, DType::u16, DType::i32, DType::u32, DType::i64, DType::u64})
    for (const CodegenOptions& options : all_codegen_options())
      for (const int lanes : {1, 8, 16}) visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          constexpr int width = 8 * sizeof(T);
          std::vector<T> divisors{1, 2, 3, 5, 6, 7, 10, 11, 64, 100, 125, 127, static_cast<T>(-1), static_cast<T>(-7)};
          for (int bit = 3; bit < width; bit += 5)
            for (int more : {-1, 0, 1})
              divisors.push_back(static_cast<T>((std::uint64_t{1} << bit) + static_cast<std::uint64_t>(more)));
          divisors.push_back(std::numeric_limits<T>::max());
          divisors.push_back(static_cast<T>(std::numeric_limits<T>::max() / 2 + 1));
          std::vector<T> x;
          for (const T d : divisors)
            for (const int factor : {1, 3, 64, -1, -5})
              for (const int more : {-1, 0, 1})
                x.push_back(static_cast<T>(static_cast<std::uint64_t>(d) * static_cast<std::uint64_t>(factor) +
                                           static_cast<std::uint64_t>(more)));
          x.insert(x.end(), {std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), T{0}});
          for (int n = 0; n < 256; ++n) x.push_back(static_cast<T>(n));  // all bytes
          for (std::uint64_t n = 1; x.size() % 64 != 0 || n < 200; ++n)
            x.push_back(static_cast<T>(n * 0x9e3779b97f4a7c15u >> n % 61));
          LoopBuilder b;
          b.buffer(dtype);
          for (std::size_t k = 0; k < 2 * divisors.size(); ++k) b.buffer(dtype, true);
          b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
            const loop::Value dividend = b.load(0, i, lanes);
            for (std::size_t k = 0; k < divisors.size(); ++k)
              for (const bool rest : {false, true}) {
                const loop::Value divisor = b.constant(divisors[k], lanes);
                b.store(static_cast<loop::BufferId>(1 + 2 * k + rest), i,
                        b.compute(rest ? Op::remainder : Op::floor_divide, dtype, {dividend, divisor}));
              }
            return std::vector<loop::Value>{};
          });
          std::vector<std::vector<T>> out(2 * divisors.size(), std::vector<T>(x.size()));
          std::vector<void*> buffers{x.data()};
          for (auto& of_divisor : out) buffers.push_back(of_divisor.data());
          const Compiled compiled = generate_code(b.kernel, options);
          REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(x.size())) == 0);
          std::string wrong;
          for (std::size_t k = 0; k < out.size(); ++k)
            for (std::size_t n = 0; n < x.size(); ++n) {
              const Scalar args[] = {Scalar::of(x[n]), Scalar::of(divisors[k / 2])};
              const T expected = evaluate(k % 2 ? Op::remainder : Op::floor_divide, dtype, args).template get<T>();
              if (out[k][n] != expected)
                wrong = std::to_string(x[n]) + (k % 2 ? " % " : " // ") + std::to_string(divisors[k / 2]);
            }
          INFO(to_string(dtype) << ", " << lanes << " lanes");
          CHECK(wrong == "");
        }
      });
}

TEST_CASE("dividing lane by lane rounds down, next to every multiple of the divisor") {
  for (const DType dtype :
       {DType::i8, DType::u8, DType::i16, DType::u16, DType::i32, DType::u32, DType::i64, DType::u64})
    for (const CodegenOptions& options : all_codegen_options())
      for (const int lanes : {4, 16, 32}) visit_dtype(dtype, [&]<class T>(std::type_identity<T>) {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          std::vector<T> x, y;
          for (std::uint64_t n = 0; n < (1 << 16); ++n) {
            const std::uint64_t spread = n * 0x9e3779b97f4a7c15u, other = (n + 1) * 0xd1342543de82ef95u;
            if constexpr (sizeof(T) == 1) {
              x.push_back(static_cast<T>(n)), y.push_back(static_cast<T>(n >> 8));
            } else {
              // Small and large divisors, and dividends next to any of their multiples.
              y.push_back(static_cast<T>(static_cast<T>(spread >> 7) >> n % (8 * sizeof(T))));
              const T any = static_cast<T>(other >> 5);
              const bool divides = y.back() != 0 && y.back() != static_cast<T>(-1);
              const T multiple = divides ? static_cast<T>(any - any % y.back()) : any;
              x.push_back(static_cast<T>(multiple + static_cast<T>(n % 3) - 1));
            }
          }
          LoopBuilder b;
          b.buffer(dtype), b.buffer(dtype), b.buffer(dtype, true), b.buffer(dtype, true);
          b.loop(b.begin, b.end, lanes, {}, [&](loop::Value i, std::vector<loop::Value>) {
            const loop::Value dividend = b.load(0, i, lanes), divisor = b.load(1, i, lanes);
            b.store(2, i, b.compute(Op::floor_divide, dtype, {dividend, divisor}));
            b.store(3, i, b.compute(Op::remainder, dtype, {dividend, divisor}));
            return std::vector<loop::Value>{};
          });
          std::vector<T> quotient(x.size()), rest(x.size());
          void* const buffers[] = {x.data(), y.data(), quotient.data(), rest.data()};
          const Compiled compiled = generate_code(b.kernel, options);
          REQUIRE(call(compiled.code.phase(0), buffers, {}, 0, static_cast<std::int64_t>(x.size())) == 0);
          std::string wrong;
          for (std::size_t n = 0; n < x.size(); ++n) {
            const Scalar args[] = {Scalar::of(x[n]), Scalar::of(y[n])};
            if (quotient[n] != evaluate(Op::floor_divide, dtype, args).template get<T>() ||
                rest[n] != evaluate(Op::remainder, dtype, args).template get<T>())
              wrong = std::to_string(x[n]) + " // " + std::to_string(y[n]);
          }
          INFO(to_string(dtype) << ", " << lanes << " lanes, vectors of " << options.target.vector_bytes << " bytes");
          CHECK(wrong == "");
        }
      });
}
