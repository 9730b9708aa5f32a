#pragma once
// Making and rearranging arrays: what Tensor does without knowing its type.
#include <span>

#include "ricci/array.hpp"
#include "ricci/scalar.hpp"

namespace ricci {

using Extents = std::span<const std::int64_t>;

/// Zeros. Throws Error{rank} unless there are `rank` extents, else as Array::zeros does.
Array make_zeros(DType dtype, int rank, Extents extents);
/// A row-major copy of `count` elements. Throws Error{extent} unless that is the product of the extents.
Array make_copy(DType dtype, int rank, Extents extents, const void* values, std::size_t count);
/// Memory that the caller keeps alive; no strides: row-major. Throws Error{rank} unless there are `rank` of each.
Array make_view(DType dtype, int rank, void* data, Extents extents, Extents strides);

/// The view whose axis i is axis `axes[i]`. Throws Error{rank} unless `axes` is a permutation of the axes.
Array permuted(const Array&, std::span<const int> axes);
/// The elements start, start + step, ... before `stop` along one axis, as NumPy's start:stop:step: negative bounds
/// count from the end, bounds outside the axis are clipped. Throws Error{rank} for a bad axis and Error{extent} for
/// step 0.
Array sliced(const Array&, int axis, std::int64_t start, std::int64_t stop, std::int64_t step);
/// The elements from the last to the first along one axis. Throws Error{rank}.
Array flipped(const Array&, int axis);
/// A row-major copy.
Array copied(const Array&);
void fill(const Array&, Scalar value);

/// Offset in elements; negative subscripts count from the end. Throws Error{bounds}.
std::int64_t element_offset(const Array&, const std::int64_t* subscripts);
/// Throws Error{dtype} or Error{rank} unless the array has this type.
void require_type(const Array&, DType dtype, int rank);
/// Throws Error{extent} unless a row of a nested list is as long as the first one.
void check_row(std::int64_t length, std::int64_t expected);

}  // namespace ricci
