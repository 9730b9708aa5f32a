#pragma once
// NumPy's .npy files, versions 1.0 to 3.0 (numpy.lib.format). Files are read as hostile: the header has a grammar of
// its own, nothing is evaluated, and nothing is allocated before the file's length has confirmed the shape.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ricci/array.hpp"

namespace ricci {

/// What the front of a file says.
struct NpyHeader {
  Layout layout;             // row-major, or column-major when fortran_order is True
  std::uint64_t data_begin;  // bytes before the first element
};

/// The longest front, magic and padding included, that is read.
inline constexpr std::size_t npy_front_limit = 12 + 65536;

/// Reads a header from `front`, the first min(file_bytes, npy_front_limit) bytes of a file of `file_bytes` bytes.
/// Throws Error{file}, one sentence that starts with `name`, unless everything is as expected: magic, version, a
/// header of at most 64 KiB with exactly the three keys, a dtype of Ricci's in little-endian order, at most max_rank
/// extents, and a file length that equals header plus data.
NpyHeader parse_npy_header(std::span<const std::byte> front, std::uint64_t file_bytes, const std::string& name);

/// Reads an array. Throws Error{file} as above, also when a b1 element is neither 0 nor 1.
Array load_npy(const std::string& path);

/// Writes version 1.0 in row-major order, with data at a multiple of 64 bytes, whatever the strides. A failed save
/// (Error{file}) leaves an existing file as it was.
void save_npy(const std::string& path, const TensorView& view);

}  // namespace ricci
