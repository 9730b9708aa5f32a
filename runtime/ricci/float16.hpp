#pragma once
// The two float types of 16 bits, f16 and bf16: elements are stored in them, arithmetic is done in float. Each is its
// bits and the conversions, which round to the nearest (halves to even), keep infinities and NaN, and neither flush
// subnormals nor trap. They give the same bits as the conversions of compiled kernels.
#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>

namespace ricci {

namespace detail {

/// The nearest f16, as IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction.
constexpr std::uint16_t f16_bits(float value) {
  constexpr std::uint32_t infinity = 0x7f800000, first_beyond = 0x477ff000, smallest_normal = 0x38800000;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
  std::uint32_t result;
  if (size > infinity) {
    result = 0x7e00 | (size >> 13 & 0x1ff);  // a quiet NaN with what fits of its payload
  } else if (size >= first_beyond) {
    result = 0x7c00;
  } else if (size < smallest_normal) {  // the last place of 0.5f + x is the smallest subnormal
    result = std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
  } else {
    result = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
  }
  return static_cast<std::uint16_t>(sign | result);
}

constexpr float f16_value(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, fraction = bits & 0x3ffu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13 | (fraction ? 0x400000u : 0u));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | fraction << 13);
  const float size = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -size : size;
}

/// The nearest bf16: the upper half of a float.
constexpr std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

constexpr float bf16_value(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace detail

/// An element of dtype f16. It is made of any number by way of float (a double is rounded twice) and is a float in
/// every expression.
struct float16 {
  std::uint16_t bits;

  float16() = default;
  template <std::convertible_to<float> T>
  constexpr float16(T value) : bits(detail::f16_bits(static_cast<float>(value))) {}
  static constexpr float16 from_bits(std::uint16_t bits) {
    float16 x{};
    x.bits = bits;
    return x;
  }
  constexpr operator float() const { return detail::f16_value(bits); }
};

/// An element of dtype bf16: the range of a float with 8 bits of precision. Converts as float16 does.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  template <std::convertible_to<float> T>
  constexpr bfloat16(T value) : bits(detail::bf16_bits(static_cast<float>(value))) {}
  static constexpr bfloat16 from_bits(std::uint16_t bits) {
    bfloat16 x{};
    x.bits = bits;
    return x;
  }
  constexpr operator float() const { return detail::bf16_value(bits); }
};

template <class T>
concept Float16 = std::same_as<T, float16> || std::same_as<T, bfloat16>;

}  // namespace ricci

template <>
struct std::numeric_limits<ricci::float16> {
  static constexpr bool is_specialized = true, is_signed = true, is_integer = false, is_exact = false;
  static constexpr bool has_infinity = true, has_quiet_NaN = true, is_iec559 = true, is_bounded = true;
  static constexpr int digits = 11, radix = 2, max_exponent = 16, min_exponent = -13;
  static constexpr ricci::float16 min() { return ricci::float16::from_bits(0x0400); }
  static constexpr ricci::float16 max() { return ricci::float16::from_bits(0x7bff); }
  static constexpr ricci::float16 lowest() { return ricci::float16::from_bits(0xfbff); }
  static constexpr ricci::float16 epsilon() { return ricci::float16::from_bits(0x1400); }
  static constexpr ricci::float16 denorm_min() { return ricci::float16::from_bits(0x0001); }
  static constexpr ricci::float16 infinity() { return ricci::float16::from_bits(0x7c00); }
  static constexpr ricci::float16 quiet_NaN() { return ricci::float16::from_bits(0x7e00); }
};

template <>
struct std::numeric_limits<ricci::bfloat16> {
  static constexpr bool is_specialized = true, is_signed = true, is_integer = false, is_exact = false;
  static constexpr bool has_infinity = true, has_quiet_NaN = true, is_iec559 = true, is_bounded = true;
  static constexpr int digits = 8, radix = 2, max_exponent = 128, min_exponent = -125;
  static constexpr ricci::bfloat16 min() { return ricci::bfloat16::from_bits(0x0080); }
  static constexpr ricci::bfloat16 max() { return ricci::bfloat16::from_bits(0x7f7f); }
  static constexpr ricci::bfloat16 lowest() { return ricci::bfloat16::from_bits(0xff7f); }
  static constexpr ricci::bfloat16 epsilon() { return ricci::bfloat16::from_bits(0x3c00); }
  static constexpr ricci::bfloat16 denorm_min() { return ricci::bfloat16::from_bits(0x0001); }
  static constexpr ricci::bfloat16 infinity() { return ricci::bfloat16::from_bits(0x7f80); }
  static constexpr ricci::bfloat16 quiet_NaN() { return ricci::bfloat16::from_bits(0x7fc0); }
};
