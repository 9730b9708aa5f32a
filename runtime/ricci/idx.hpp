#pragma once
// IDX files, the format of the MNIST family of data sets (yann.lecun.com/exdb/mnist), plain or compressed by gzip.
#include <string>

#include "ricci/array.hpp"

namespace ricci {

/// Reads a row-major array of dtype u8, i8, i16, i32, f32 or f64; the file's big-endian elements become native ones.
/// Throws Error{file}, one sentence that starts with `path`, when magic, element type or rank are unknown, and when
/// the file has less or more data than its extents say.
Array load_idx(const std::string& path);

}  // namespace ricci
