#pragma once
#include <limits>

#include "math/number.hpp"

namespace ricci::math {

/// A number c for each of 32 equal intervals from 1 to 2, of which |m * c - 1| < 1/60 for the m in it; and a number of
/// 17 bits whose cube is 1 / c to 2^-30.8 of it.
inline constexpr LongColumn cube_of_inverse{
    0.985807776f, 0.956404984f, 0.927000463f, 0.902691483f, 0.877223134f, 0.8551144f, 0.831913114f, 0.81144619f,
    0.788235605f, 0.773652434f, 0.74958533f, 0.734153271f, 0.716405988f, 0.701076031f, 0.684714079f, 0.673997819f,
    0.663239181f, 0.646245897f, 0.632157028f, 0.620117903f, 0.611009479f, 0.598970771f, 0.583614469f, 0.577781916f,
    0.563078761f, 0.558590412f, 0.546818256f, 0.541187286f, 0.532578468f, 0.52131772f, 0.509551585f, 0.501988769f};
inline constexpr LongColumn root_of_middle{
    1.004776f, 1.01496887f, 1.02558899f, 1.03471375f, 1.04463196f, 1.05355835f, 1.06326294f, 1.0721283f,
    1.08255005f, 1.08930969f, 1.10084534f, 1.10850525f, 1.11758423f, 1.12567139f, 1.13456726f, 1.14054871f,
    1.14668274f, 1.15664673f, 1.16517639f, 1.17266846f, 1.1784668f, 1.18630981f, 1.19662476f, 1.20063782f,
    1.21099854f, 1.2142334f, 1.22288513f, 1.22711182f, 1.23368835f, 1.24250793f, 1.2519989f, 1.258255f};

/// 2^(k / 3) by four times k / 3, rounded, as the lowest two bits: in a part of seven bits and what is missing, and a
/// third of it.
constexpr Column<float> by_quarters(float none, float third, float two_thirds) {
  Column<float> column;
  for (std::size_t place = 0; place < column.size(); ++place)
    column[place] = place % 4 == 0 ? none : place % 4 == 1 ? third : two_thirds;
  return column;
}
inline constexpr Table<float, 3> cube_roots_of_powers{by_quarters(1.0f, 1.265625f, 1.59375f),
                                                      by_quarters(0.0f, -0.0057039503f, -0.00634894799f),
                                                      by_quarters(0.333333343f, 0.419973671f, 0.529133677f)};

/// The cube root within 0.51 ulp. |x| = 2^(3n + k) * m, and m^(1/3) is that of 1 / c times (1 + r)^(1/3) for
/// r = m * c - 1. The product of the former and of the first part of 2^(k / 3) is exact.
template <Single Number>
Number cbrt(Number x) {
  const auto parts = binary_parts(x);
  const Number quarters = fma(parts.exponent, 1 / 3.0f, Number(0x1.8p21f));  // of n + k / 3: the lowest bits
  const auto place = bits(parts.significand) >> std::uint32_t{18};
  const Number r = fma(parts.significand, entry(cube_of_inverse, place), Number(-1.0f));
  // 3 * ((1 + r)^(1/3) - 1) = r + r^2 * p(r), to 2^-36.3.
  const Number p = polynomial(r, -0.333333343f, 0.185204253f, -0.123433299f);
  const Number beyond = fma(r * r, p, r);
  const auto of = [&](std::size_t column) { return entry(cube_roots_of_powers, column, bits(quarters)); };
  const Number high = of(0);
  const Number low = of(1);
  const Number rest = fma(of(2), beyond, low);
  const auto exponent = (bits(quarters) & ~std::uint32_t{3}) << std::uint32_t{21};
  const Number factor = number(bits(entry(root_of_middle, place)) + exponent);
  const Number root = fma(factor, rest, factor * high);
  const auto usual = bits(magnitude(x)) - 1u < 0x7f7fffffu;
  return choose(usual, with_sign_of(x, root), x);
}

/// size^(-1/3) within 3.4 %, from the bits of a normal number as a logarithm: a constant less a third of them.
template <Double Number>
Number inverse_cube_root_start(Number size) {
  const auto behind = (bits(size) >> std::uint64_t{32}) | 0x4330000000000000u;  // as a number 2^52 more than the bits
  const Number third = fma(number(behind), Number(-1 / 3.0), Number(0x1p52 + 0x1p52 / 3 + 1430186545));
  return number(bits(third) << std::uint64_t{32});
}

/// The cube root of a normal positive number, or of 0.
template <Double Number>
Number cube_root(Number size) {
  const Number start = inverse_cube_root_start(size);
  const Number square_of_start = start * start;
  const Number product = size * start;
  const Number e = fma(-product, square_of_start, Number(1.0));
  // (1 - e)^(-1/3) on |e| <= 0.103, to 2^-18.9.
  const Number p = polynomial(e, 0.99999796048020528, 0.33332829193231112, 0.22375910348699526, 0.17458405813262709);
  const Number first = start * p;
  // size^(-1/3) with so few bits that the square is exact.
  const Number inverse = number(bits(first) & 0xffffffffe0000000u);
  const Number square = inverse * inverse;
  // The root is size * inverse^2 * (1 - lacks)^(-2/3).
  const Number near_root = size * square;
  const Number rest = fma(size, square, -near_root);
  const Number without_rest = fma(-near_root, inverse, Number(1.0));
  const Number lacks = fma(-rest, inverse, without_rest);
  const Number part = near_root * lacks;
  // (1 - e)^(-2/3) = 1 + e * p(e), the first terms of the series.
  return near_root + fma(part, polynomial(lacks, 2 / 3.0, 5 / 9.0, 40 / 81.0), rest);
}

/// The cube root within 0.51 ulp. No step has a subnormal number, for which processors may need a hundred cycles.
template <Double Number>
Number cbrt(Number x) {
  const Number size = magnitude(x);
  const auto subnormal = size < std::numeric_limits<double>::min();
  // The bits of a subnormal number, put behind this one, are 2^1074 times as much.
  const Number behind = number(bits(size) | bits(0x1p52));
  const Number root = cube_root(choose(subnormal, behind - 0x1p52, size));
  const Number result = choose(subnormal, root * 0x1p-358, root);
  const auto finite = size < std::numeric_limits<double>::infinity();
  return choose(finite, with_sign_of(x, result), x);
}

}  // namespace ricci::math
