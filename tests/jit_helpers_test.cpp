#include <immintrin.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ricci/helpers.hpp"
#include "ricci/target.hpp"

using namespace ricci;

namespace {

/// Calls a slot's function on one vector of T, given and returned in memory.
template <class T, class Vector>
void call(const void* function, Op op, const T* x, const T* y, T* out) {
  Vector a, b;
  std::memcpy(&a, x, sizeof a);
  std::memcpy(&b, y, sizeof b);
  const auto address = reinterpret_cast<std::uintptr_t>(function);
  a = info(op).arity == 2 ? reinterpret_cast<Vector (*)(Vector, Vector)>(address)(a, b)
                          : reinterpret_cast<Vector (*)(Vector)>(address)(a);
  std::memcpy(out, &a, sizeof a);
}

/// Vectors of 32 bytes. No conditional_t: g++ warns that template arguments lose the vector's attributes.
template <class T>
struct Vector32 {
  using Type = __m256;
};
template <>
struct Vector32<double> {
  using Type = __m256d;
};

template <class T>
__attribute__((target("avx2"))) void call_32(const void* function, Op op, const T* x, const T* y, T* out) {
  using Vector = typename Vector32<T>::Type;
  Vector a, b;
  std::memcpy(&a, x, sizeof a);
  std::memcpy(&b, y, sizeof b);
  const auto address = reinterpret_cast<std::uintptr_t>(function);
  a = info(op).arity == 2 ? reinterpret_cast<Vector (*)(Vector, Vector)>(address)(a, b)
                    : reinterpret_cast<Vector (*)(Vector)>(address)(a);
  std::memcpy(out, &a, sizeof a);
}

template <class T>
std::vector<T> inputs() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           T(-0.0),
                           1,
                           -1,
                           T(0.5),
                           T(-0.5),
                           T(1e-3),
                           T(1e-30),
                           10,
                           -10,
                           100,
                           -100,
                           1000,
                           T(1e6),
                           T(-1e8),
                           T(3e30),
                           L::denorm_min(),
                           L::min(),
                           L::max(),
                           L::lowest(),
                           L::infinity(),
                           -L::infinity(),
                           L::quiet_NaN(),
                           T(87.9)};
  for (int i = 0; i < 488; ++i) values.push_back(T((i * 37 % 488 - 244) * 0.173));
  return values;  // 512 of them
}

template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

/// fmod of vectors leaves its results in the first one (remainders.hpp).
template <class T>
void call_in_place(const void* function, int lanes, const T* x, const T* y, T* out) {
  std::copy_n(x, lanes, out);
  reinterpret_cast<void (*)(T*, const T*)>(reinterpret_cast<std::uintptr_t>(function))(out, y);
}

template <class T, class Vector16>
void check_agreement() {
  const std::vector<T> x = inputs<T>();
  const std::vector<T> y(x.rbegin(), x.rend());
  const int size = sizeof(T);
  for (const Op op : helper_ops) {
    const auto slot = [&](int lanes) { return helper_table()[helper_slot(op, dtype_of<T>, lanes)]; };
    for (std::size_t i = 0; i < x.size(); i += 32 / size) {
      T narrow[32 / sizeof(T)], wide[32 / sizeof(T)];
      for (int half = 0; half < 2; ++half) {
        const std::size_t at = half * 16 / size;
        if (op == Op::fmod)
          call_in_place(slot(16 / size), 16 / size, &x[i + at], &y[i + at], narrow + at);
        else
          call<T, Vector16>(slot(16 / size), op, &x[i + at], &y[i + at], narrow + at);
      }
      if (op == Op::fmod)
        call_in_place(slot(32 / size), 32 / size, &x[i], &y[i], wide);
      else
        call_32(slot(32 / size), op, &x[i], &y[i], wide);
      for (int k = 0; k < 32 / size; ++k) {
        T scalar;
        call<T, T>(slot(1), op, &x[i + k], &y[i + k], &scalar);
        INFO(to_string(op) << "(" << x[i + k] << ", " << y[i + k] << ") = " << scalar << ", " << narrow[k] << ", "
                           << wide[k]);
        REQUIRE(same(scalar, narrow[k]));
        REQUIRE(same(scalar, wide[k]));
      }
    }
  }
}

}  // namespace

TEST_CASE("vector math functions of 16 and 32 bytes give the bits of the scalar ones") {
  check_agreement<float, __m128>();
  check_agreement<double, __m128d>();
}

TEST_CASE("every helper has a slot of its own, and every slot a function") {
  std::vector<int> uses(helper_count);
  for (const Op op : helper_ops)
    for (const DType dtype : {DType::f32, DType::f64})
      for (const int bytes : {0, 16, 32, 64}) {
        const int lanes = bytes == 0 ? 1 : bytes / static_cast<int>(size_of(dtype));
        const std::size_t slot = helper_slot(op, dtype, lanes);
        REQUIRE(slot < helper_count);
        ++uses[slot];
        CHECK(helper_table()[slot] != nullptr);
      }
  for (int d = 0; d < dtype_count; ++d)
    for (const std::size_t slot : {sort_rows_slot(static_cast<DType>(d)), sort_keys_slot(static_cast<DType>(d))}) {
      REQUIRE(slot < helper_count);
      ++uses[slot];
      CHECK(helper_table()[slot] != nullptr);
    }
  for (const int element_bytes : {1, 2, 4, 8})
    for (const int vector_bytes : {16, 32, 64}) {
      const std::size_t slot = transpose_slot(element_bytes, vector_bytes);
      REQUIRE(slot < helper_count);
      ++uses[slot];
      CHECK(helper_table()[slot] != nullptr);
    }
  CHECK(uses == std::vector<int>(helper_count, 1));
}

TEST_CASE("helpers lie in the slots of their ops") {
  const auto f = [](Op op, double x, double y) {
    double result;
    call<double, double>(helper_table()[helper_slot(op, DType::f64, 1)], op, &x, &y, &result);
    return result;
  };
  CHECK(f(Op::log, 2, 0) == Approx(std::log(2.0)));
  CHECK(f(Op::sin, 2, 0) == Approx(std::sin(2.0)));
  CHECK(f(Op::cos, 2, 0) == Approx(std::cos(2.0)));
  CHECK(f(Op::tan, 2, 0) == Approx(std::tan(2.0)));
  CHECK(f(Op::log2, 2, 0) == Approx(1.0));
  CHECK(f(Op::log10, 2, 0) == Approx(std::log10(2.0)));
  CHECK(f(Op::log1p, 2, 0) == Approx(std::log1p(2.0)));
  CHECK(f(Op::erf, 2, 0) == Approx(std::erf(2.0)));
  CHECK(f(Op::fmod, 7, 2.5) == 2);
  CHECK(f(Op::pow, 2, 3.5) == Approx(std::pow(2.0, 3.5)));
}

TEST_CASE("the ops that take long are the calls and the sequences in line") {
  CHECK(is_long(Op::pow));
  CHECK(is_long(Op::cbrt));
  CHECK_FALSE(is_long(Op::sqrt));
  CHECK_FALSE(is_long(Op::add));
}
