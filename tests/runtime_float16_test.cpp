#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <sstream>
#include <type_traits>

#include "ricci/dtype.hpp"

using namespace ricci;

namespace {

/// The nearest of the values of T, found by looking at all of them; of two equally near the one whose bits are even.
template <class T>
T nearest_by_search(float x) {
  if (std::isnan(x)) return std::numeric_limits<T>::quiet_NaN();
  std::uint16_t low = 0, high = std::numeric_limits<T>::infinity().bits;  // the values grow with their bits
  const double size = std::fabs(static_cast<double>(x));
  while (high - low > 1) {
    const auto middle = static_cast<std::uint16_t>((low + high) / 2);
    (T::from_bits(middle) <= size ? low : high) = middle;
  }
  const auto value = [](std::uint16_t bits) {  // infinity counts as the number after the largest
    const T before = T::from_bits(static_cast<std::uint16_t>(bits - 1)), v = T::from_bits(bits);
    if (!std::isinf(v)) return static_cast<double>(v);
    return 2.0 * before - T::from_bits(static_cast<std::uint16_t>(bits - 2));
  };
  const double below = size - value(low), above = value(high) - size;
  std::uint16_t bits = below < above || (below == above && low % 2 == 0) ? low : high;
  if (std::isinf(x)) bits = std::numeric_limits<T>::infinity().bits;
  return T::from_bits(static_cast<std::uint16_t>(bits | (std::signbit(x) ? 0x8000 : 0)));
}

template <class T>
bool same(T a, T b) {
  return a.bits == b.bits || (std::isnan(a) && std::isnan(b));
}

}  // namespace

TEMPLATE_TEST_CASE("every value of 16 bits is a float and back the same", "[float16]", float16, bfloat16) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const TestType x = TestType::from_bits(static_cast<std::uint16_t>(bits));
    const TestType back = static_cast<float>(x);
    if (!same(x, back)) FAIL("bits " << bits << " became " << back.bits);
  }
}

TEMPLATE_TEST_CASE("floats become the nearest value of 16 bits, halves the even one", "[float16]", float16, bfloat16) {
  const auto check = [](float x) {
    const TestType actual = x, expected = nearest_by_search<TestType>(x);
    if (!same(actual, expected)) FAIL(x << " became the bits " << actual.bits << ", expected " << expected.bits);
  };
  for (std::uint32_t bits = 0; bits < 0xffff; ++bits) {  // every value, the middle to the next, and their neighbours
    const auto at = [&](std::uint32_t b) {
      return static_cast<float>(TestType::from_bits(static_cast<std::uint16_t>(b)));
    };
    const float x = at(bits), middle = std::isfinite(x) && std::isfinite(at(bits + 1)) ? x / 2 + at(bits + 1) / 2 : x;
    for (const float y : {x, middle})
      for (const float z : {y, std::nextafter(y, INFINITY), std::nextafter(y, -INFINITY)}) check(z);
  }
  std::mt19937 random(1);
  for (int n = 0; n < 100000; ++n) check(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  for (const float x : {65519.996f, 65520.0f, 3.3895314e38f, 3.4e38f, INFINITY, -INFINITY, NAN, 0.0f, -0.0f}) check(x);
}

TEST_CASE("elements of 16 bits are used like numbers", "[float16]") {
  static_assert(std::is_trivially_copyable_v<float16> && std::is_trivial_v<bfloat16> && sizeof(float16) == 2);
  constexpr float16 half = 0.5;
  static_assert(half == 0.5f && half + 1 == 1.5f && -half < 0);
  const float16 list[] = {1, 2.5, -3.0f, half, bfloat16(7), true};
  CHECK(list[1] * list[2] == -7.5f);
  CHECK(list[4] == 7);
  CHECK(list[5] == list[0]);
  CHECK(std::numeric_limits<float16>::max() == 65504);
  CHECK(std::numeric_limits<float16>::epsilon() == 0x1p-10f);
  CHECK(std::numeric_limits<float16>::denorm_min() == 0x1p-24f);
  CHECK(std::numeric_limits<float16>::min() == 0x1p-14f);
  CHECK(std::numeric_limits<bfloat16>::min() == std::numeric_limits<float>::min());
  CHECK(std::numeric_limits<bfloat16>::epsilon() == 0x1p-7f);
  CHECK(std::isinf(float16(1e30)));
  CHECK(std::isinf(-std::numeric_limits<bfloat16>::infinity()));
  CHECK(float16{}.bits == 0);
  CHECK((std::ostringstream() << half << ' ' << bfloat16(3)).str() == "0.5 3");
  CHECK(dtype_of<float16> == DType::f16);
  CHECK(dtype_of<bfloat16> == DType::bf16);
  CHECK(size_of(DType::bf16) == 2);
  CHECK(dtype_from_string("bf16") == DType::bf16);
  CHECK(compute_dtype(DType::f16) == DType::f32);
  CHECK(compute_dtype(DType::f64) == DType::f64);
}
