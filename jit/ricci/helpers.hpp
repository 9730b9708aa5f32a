#pragma once
// Functions that compiled kernels call through KernelArgs::helpers: vector math from SLEEF's deterministic family
// (names with `finz`), whose vector functions of every width give the bits of the scalar one, fmod, sorting of rows,
// and transposition.
// The slots are shared by the emitter, which compiles calls to them, and the host, which fills them.
#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "ricci/op.hpp"

namespace ricci {

/// The ops that are calls in native code, if only of some arguments: jit/math has the others in line.
inline constexpr Op helper_ops[] = {Op::log,   Op::sin,   Op::cos, Op::tan, Op::log2,
                                    Op::log10, Op::log1p, Op::erf, Op::pow, Op::fmod};

/// The ops of which all is in line, in long sequences.
inline constexpr Op long_ops[] = {Op::exp,  Op::exp2, Op::expm1, Op::asin,  Op::acos,  Op::atan,  Op::atan2,
                                  Op::sinh, Op::cosh, Op::tanh,  Op::asinh, Op::acosh, Op::atanh, Op::cbrt};

/// Whether an op takes much longer than one of the machine's.
constexpr bool is_long(Op op) {
  return std::ranges::find(helper_ops, op) != std::end(helper_ops) ||
         std::ranges::find(long_ops, op) != std::end(long_ops);
}

/// A function takes scalars or vectors of 16, 32 or 64 bytes; fmod takes the places of vectors (remainders.hpp).
inline constexpr int helper_widths = 4;
inline constexpr std::size_t math_helper_count = std::size(helper_ops) * 2 * helper_widths;
inline constexpr std::size_t transpose_helper_count = 4 * 3;
inline constexpr std::size_t helper_count = math_helper_count + 2 * dtype_count + transpose_helper_count;

/// The slot of `op` on f32 or f64 with one lane or as many as 16, 32 or 64 bytes hold.
constexpr std::size_t helper_slot(Op op, DType dtype, int lanes) {
  const std::size_t bytes = lanes * size_of(dtype);
  const std::size_t width = lanes == 1 ? 0 : bytes == 16 ? 1 : bytes == 32 ? 2 : 3;
  const std::size_t row = std::ranges::find(helper_ops, op) - std::begin(helper_ops);
  return (row * 2 + (dtype == DType::f64)) * helper_widths + width;
}

/// The slot of sort_rows_function (sort_rows.hpp) for keys of this dtype.
constexpr std::size_t sort_rows_slot(DType keys) {
  return math_helper_count + static_cast<std::size_t>(keys);
}

/// The slot of sort_keys_of_rows_function (sort_rows.hpp) for keys of this dtype.
constexpr std::size_t sort_keys_slot(DType keys) {
  return sort_rows_slot(keys) + dtype_count;
}

/// The slot of transpose_function (transpose.hpp) for these elements and vectors of 16, 32 or 64 bytes.
constexpr std::size_t transpose_slot(int element_bytes, int vector_bytes) {
  const int size = element_bytes == 8 ? 3 : element_bytes / 2, width = vector_bytes / 32;
  return math_helper_count + 2 * dtype_count + static_cast<std::size_t>(size * 3 + width);
}

/// Addresses by slot, for KernelArgs::helpers. Calling one needs a CPU with the vectors of its width (and FMA).
const std::array<const void*, helper_count>& helper_table();

}  // namespace ricci
