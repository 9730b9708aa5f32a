#pragma once
// What the functions of this folder are written in. They are templates over the type of a number: `float` or `double`
// here, for the reference and the loop interpreter, and the vectors of a kernel that is being compiled in
// jit/llvm/number.hpp. Each operation rounds at most once, and both give the same bits. Hence these headers need
// -ffp-contract=off, and no two operands of one operation may both be made of operations: their order in a kernel would
// be the C++ compiler's.
//
// The error that the comment of a function states holds for every f32 argument: `build/test_jit "[exhaustive]"` finds
// it. For f64 it is the largest that the same test finds among a billion arguments. minimax.py finds the coefficients.
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>

namespace ricci::math {

/// The format of a number; vectors of numbers name that of their elements.
template <class Number>
struct Format : Format<typename Number::Element> {};
template <>
struct Format<float> {
  using Real = float;
  using Bits = std::uint32_t;
  using Signed = std::int32_t;
  static constexpr int fraction = 23;  // bits after the point
  static constexpr Bits bias = 127;    // of the exponent
};
template <>
struct Format<double> {
  using Real = double;
  using Bits = std::uint64_t;
  using Signed = std::int64_t;
  static constexpr int fraction = 52;
  static constexpr Bits bias = 1023;
};
template <class Number>
using RealOf = typename Format<Number>::Real;
template <class Number>
using BitsOf = typename Format<Number>::Bits;

template <class Number>
concept Single = std::same_as<RealOf<Number>, float>;
template <class Number>
concept Double = std::same_as<RealOf<Number>, double>;

/// a * b + c, rounded once.
template <std::floating_point Real>
Real fma(Real a, Real b, Real c) {
  return std::fma(a, b, c);
}

template <std::floating_point Real>
Real sqrt(Real x) {
  return std::sqrt(x);
}
template <std::floating_point Real>
Real floor(Real x) {
  return std::floor(x);
}
template <std::floating_point Real>
Real trunc(Real x) {
  return std::trunc(x);
}

template <std::floating_point Real>
Real choose(bool condition, Real a, Real b) {
  return condition ? a : b;
}

/// One of two constants; `like` is any number of the kind.
template <std::floating_point Real>
Real choose_constant(bool condition, Real a, Real b, Real) {
  return condition ? a : b;
}

inline std::uint32_t bits(float x) { return std::bit_cast<std::uint32_t>(x); }
inline std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }
inline float number(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline double number(std::uint64_t bits) { return std::bit_cast<double>(bits); }

/// The value of `x` as a signed integer, of which in f64 the lowest 32 bits must be 0.
inline float to_number(std::uint32_t x) { return static_cast<float>(static_cast<std::int32_t>(x)); }
inline double to_number(std::uint64_t x) { return static_cast<double>(static_cast<std::int64_t>(x)); }
/// Sixteen numbers, of which an instruction or two choose one for each lane. A table has several columns of them, from
/// which the same places choose.
template <class Real>
using Column = std::array<Real, 16>;
template <class Real, std::size_t count>
using Table = std::array<Column<Real>, count>;
/// The one at the place that the lowest four bits say.
template <std::size_t count>
float entry(const Table<float, count>& table, std::size_t column, std::uint32_t place) {
  return table[column][place % 16];
}
template <std::size_t count>
double entry(const Table<double, count>& table, std::size_t column, std::uint64_t place) {
  return table[column][place % 16];
}

/// One of 32 numbers of one column, by the lowest five bits.
using LongColumn = std::array<float, 32>;
inline float entry(const LongColumn& column, std::uint32_t place) { return column[place % 32]; }

/// `usual` where the condition holds, else what `rare` gives, which is computed only if it is needed.
template <std::floating_point Real, class Rare>
Real usually(bool condition, Real usual, Rare rare) {
  return condition ? usual : rare();
}

/// The smallest number that is not negative and differs from x in nothing but the sign; and x with that sign.
template <class Number>
constexpr BitsOf<Number> sign_bit = BitsOf<Number>{1} << (8 * sizeof(RealOf<Number>) - 1);
template <class Number>
Number magnitude(Number x) {
  return number(bits(x) & ~sign_bit<Number>);
}
template <class Number>
Number with_sign_of(Number x, Number magnitude) {
  const auto sign = bits(x) & sign_bit<Number>;
  return number(bits(magnitude) | sign);
}

/// A whole number, the same as a signed integer, and the lowest 22 bits of that in f32 or 51 in f64 with others above
/// them, for which nothing needs to be computed. Or a number of sixteenths, the integer below it, and the lowest bits
/// of sixteen times as much.
template <class Number, class Integer>
struct Whole {
  Number value;
  Integer integer, low_bits;
};

/// x * factor, rounded to the nearest whole number; it must be less than 2^22 in f32 and 2^51 in f64. The integer is
/// greater by `offset`, a small one, which costs nothing.
template <class Number>
auto nearest_whole(Number x, RealOf<Number> factor, int offset = 0) {
  // Added to 1.5 * 2^23 or 1.5 * 2^52, a number leaves what it is rounded to in the low bits.
  constexpr RealOf<Number> middle = 1.5 * static_cast<RealOf<Number>>(BitsOf<Number>{1} << Format<Number>::fraction);
  const RealOf<Number> shift = middle + static_cast<RealOf<Number>>(offset);
  const Number shifted = fma(x, factor, shift);
  const Number value = shifted - shift;
  const auto low_bits = bits(shifted);
  return Whole{value, low_bits - std::bit_cast<BitsOf<Number>>(middle), low_bits};
}

/// The nearest number of sixteenths to x * factor, which must be less than 2^47; of f64 only.
template <Double Number>
auto nearest_sixteenth(Number x, double factor) {
  constexpr double middle = 0x1.8p48;
  const Number shifted = fma(x, Number(factor), Number(middle));
  const Number value = shifted - middle;
  const auto low_bits = bits(shifted);
  return Whole{value, (low_bits >> std::uint64_t{4}) - (std::bit_cast<std::uint64_t>(middle) >> 4), low_bits};
}

/// x * 2^n, or with sixteenths times 2 to the integer below n, rounded once, for x in [1/2, 2] and n in [-200, 200] in
/// f32 and [-1200, 1200] in f64.
template <std::floating_point Real>
Real scale(Real x, Whole<Real, BitsOf<Real>> n) {
  using F = Format<Real>;
  const BitsOf<Real> half = static_cast<BitsOf<Real>>(static_cast<typename F::Signed>(n.integer) >> 1);
  return x * number((half + F::bias) << F::fraction) * number((n.integer - half + F::bias) << F::fraction);
}

/// |x| = significand * 2^exponent with 1 <= significand < 2, of subnormal numbers, too. Of 0, infinity and NaN they may
/// be any numbers.
template <class Number>
struct Binary {
  Number significand, exponent;
};
template <Single Number>
Binary<Number> binary_parts(Number x) {
  const Number size = magnitude(x);
  const auto subnormal = size < 0x1p-126f;
  // The bits of a subnormal number, put behind this one, are 2^150 times as much.
  const Number behind = number(bits(size) | bits(0x1p24f));
  const Number normal = choose(subnormal, behind - 0x1p24f, size);
  const Number exponent = to_number(bits(normal) >> std::uint32_t{23});
  const Number bias = choose_constant(subnormal, 277.0f, 127.0f, x);
  const auto fraction = bits(normal) & 0x007fffffu;
  return {number(fraction | bits(1.0f)), exponent - bias};
}

/// c0 + c1 * x + c2 * x^2 + ...
template <class Number, class... Coefficients>
Number polynomial(Number x, RealOf<Number> c0, RealOf<Number> c1, Coefficients... rest) {
  if constexpr (sizeof...(rest) == 0)
    return fma(x, Number(c1), Number(c0));
  else
    return fma(polynomial(x, c1, rest...), x, Number(c0));
}

}  // namespace ricci::math
