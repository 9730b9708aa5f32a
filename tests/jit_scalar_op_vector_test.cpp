// The vector functions that kernels call give the bits of the scalar ones, lane by lane, at every width the CPU can
// run. Only the sign of a NaN differs (log of a negative number at 64 bytes), which is not part of an op's meaning.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "ricci/helpers.hpp"

using namespace ricci;

namespace {

// One caller per instruction set: passing a vector of its width needs the set to be enabled where the call stands.
#define RICCI_CALLER(name, set, bytes)                                                              \
  template <class T>                                                                                \
  [[gnu::target(set)]] void name(const void* function, int arity, const T* a, const T* b, T* out) { \
    using V [[gnu::vector_size(bytes)]] = T;                                                        \
    V x, y;                                                                                         \
    std::memcpy(&x, a, sizeof x);                                                                   \
    std::memcpy(&y, b, sizeof y);                                                                   \
    const V r = arity == 1 ? reinterpret_cast<V (*)(V)>(const_cast<void*>(function))(x)             \
                           : reinterpret_cast<V (*)(V, V)>(const_cast<void*>(function))(x, y);      \
    std::memcpy(out, &r, sizeof r);                                                                 \
  }
RICCI_CALLER(call_16, "avx2,fma", 16)
RICCI_CALLER(call_32, "avx2,fma", 32)
RICCI_CALLER(call_64, "avx512f", 64)
#undef RICCI_CALLER

/// Special values, all bit patterns at random, and random numbers of ordinary size; a multiple of 64 of them.
template <class T>
std::vector<T> inputs(unsigned seed) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> specials{T(0),
                                T(-0.0),
                                T(1),
                                T(-1),
                                T(0.5),
                                T(2),
                                T(-2),
                                T(3),
                                T(-3),
                                T(1e10),
                                T(-1e10),
                                Limits::infinity(),
                                -Limits::infinity(),
                                Limits::quiet_NaN(),
                                Limits::max(),
                                Limits::lowest(),
                                Limits::min(),
                                -Limits::min(),
                                Limits::denorm_min(),
                                Limits::epsilon(),
                                T(88.7),
                                T(-103.9),
                                T(709.7),
                                T(-745.1),
                                T(1.5707963267948966),
                                T(3.141592653589793)};
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<T> ordinary(-100, 100);
  std::vector<T> values;
  for (std::size_t i = 0; i < specials.size() * specials.size(); ++i)  // all pairs, seen from either side
    values.push_back(specials[seed == 1 ? i / specials.size() : i % specials.size()]);
  while (values.size() < 400'000) {
    values.push_back(Scalar{dtype_of<T>, random()}.get<T>());
    values.push_back(ordinary(random));
  }
  values.resize(400'000);
  return values;
}

/// The function of one lane.
template <class T>
T scalar(Op op, T x, T y) {
  const void* function = helper_table()[helper_slot(op, dtype_of<T>, 1)];
  return info(op).arity == 1 ? reinterpret_cast<T (*)(T)>(const_cast<void*>(function))(x)
                             : reinterpret_cast<T (*)(T, T)>(const_cast<void*>(function))(x, y);
}

/// Describes the first lane whose bits differ from the scalar function, or is empty.
template <class T>
std::string first_difference(Op op, int bytes) {
  const auto a = inputs<T>(1), b = inputs<T>(2);
  const std::size_t lanes = bytes / sizeof(T);
  const int arity = info(op).arity;
  const void* function = helper_table()[helper_slot(op, dtype_of<T>, static_cast<int>(lanes))];
  T out[64 / sizeof(T)];
  for (std::size_t i = 0; i < a.size(); i += lanes) {
    if (op == Op::fmod) {  // leaves its results in the first vector (remainders.hpp)
      std::copy_n(&a[i], lanes, out);
      reinterpret_cast<void (*)(T*, const T*)>(const_cast<void*>(function))(out, &b[i]);
    } else {
      (bytes == 16 ? call_16<T> : bytes == 32 ? call_32<T> : call_64<T>)(function, arity, &a[i], &b[i], out);
    }
    for (std::size_t k = 0; k < lanes; ++k) {
      const T expected = scalar(op, a[i + k], b[i + k]);
      if (std::isnan(out[k]) ? !std::isnan(expected) : Scalar::of(expected) != Scalar::of(out[k]))
        return std::to_string(a[i + k]) + ", " + std::to_string(b[i + k]) + ": " + std::to_string(out[k]) +
               " instead of " + std::to_string(expected);
    }
  }
  return "";
}

}  // namespace

TEST_CASE("the vector math functions give the bits of the scalar ones at every width") {
  for (const Op op : helper_ops)
    for (const int bytes : {16, 32, 64}) {
      if (!__builtin_cpu_supports("avx2") || (bytes == 64 && !__builtin_cpu_supports("avx512f"))) continue;
      INFO(to_string(op) << " at " << bytes << " bytes");
      CHECK(first_difference<float>(op, bytes) == "");
      CHECK(first_difference<double>(op, bytes) == "");
    }
}
