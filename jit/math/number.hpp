#pragma once
// What the functions of this folder are written in. They are templates over the type of a number: `float` here, for the
// reference and the loop interpreter, and the vectors of a kernel that is being compiled in jit/llvm/number.hpp. Each
// operation rounds at most once, and both give the same bits. Hence these headers need -ffp-contract=off, and no two
// operands of one operation may both be made of operations: their order in a kernel would be the C++ compiler's.
//
// The error that the comment of a function states holds for every f32 argument: `build/test_jit "[exhaustive]"` finds
// it. minimax.py finds the coefficients.
#include <bit>
#include <cmath>
#include <cstdint>

namespace ricci::math {

/// a * b + c, rounded once.
inline float fma(float a, float b, float c) { return std::fma(a, b, c); }

inline float choose(bool condition, float a, float b) { return condition ? a : b; }

inline std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
inline float number(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// The value of `x` as a signed integer.
inline float to_number(std::uint32_t x) { return static_cast<float>(static_cast<std::int32_t>(x)); }

/// `usual` where the condition holds, else what `rare` gives, which is computed only if it is needed.
template <class Rare>
float usually(bool condition, float usual, Rare rare) {
  return condition ? usual : rare();
}

/// The smallest number that is not negative and differs from x in nothing but the sign; and x with that sign.
template <class Number>
Number magnitude(Number x) {
  return number(bits(x) & 0x7fffffffu);
}
template <class Number>
Number with_sign_of(Number x, Number magnitude) {
  const auto sign = bits(x) & 0x80000000u;
  return number(bits(magnitude) | sign);
}

/// A whole number, and the same as a signed integer.
template <class Number, class Integer>
struct Whole {
  Number value;
  Integer integer;
};

/// x * factor, rounded to the nearest whole number; it must be less than 2^22.
template <class Number>
auto nearest_whole(Number x, float factor) {
  // Added to 1.5 * 2^23, a number leaves what it is rounded to in the low bits.
  constexpr float shift = 12582912.0f;
  const Number shifted = fma(x, factor, shift);
  const Number value = shifted - shift;
  return Whole{value, bits(shifted) - std::bit_cast<std::uint32_t>(shift)};
}

/// x * 2^n, rounded once, for x in [1/2, 2] and n in [-200, 200].
inline float scale(float x, Whole<float, std::uint32_t> n) {
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(n.integer) >> 1);
  return x * number((half + 127) << 23) * number((n.integer - half + 127) << 23);
}

/// c0 + c1 * x + c2 * x^2 + ...
template <class Number, class... Coefficients>
Number polynomial(Number x, float c0, float c1, Coefficients... rest) {
  if constexpr (sizeof...(rest) == 0)
    return fma(x, c1, c0);
  else
    return fma(polynomial(x, c1, rest...), x, c0);
}

}  // namespace ricci::math
