#pragma once
// Extents as the user gives them: checked before anything is computed from them.
#include <cstdint>
#include <span>
#include <string>

#include "ricci/tensor_view.hpp"

namespace ricci {

inline constexpr std::int64_t max_bytes = std::int64_t{1} << 62;

/// The number of elements of an array with these extents. Throws Error{rank} above max_rank axes, Error{extent} for
/// a negative extent and Error{limit} when the array (an extent of 0 counted as 1, so that all of its row-major
/// strides fit as well) would take more than max_bytes.
std::int64_t checked_size(DType dtype, std::span<const std::int64_t> extents);

/// As Python writes a tuple: "(3, 4)", "(3,)", "()".
std::string shape_text(std::span<const std::int64_t> extents);

/// The extents of a layout, without the unused entries.
inline std::span<const std::int64_t> extents_of(const Layout& layout) {
  return {layout.extents.data(), static_cast<std::size_t>(layout.rank)};
}

/// The elements that a layout touches, as offsets from the address of the element whose subscripts are all zero.
struct OffsetRange {
  std::int64_t low = 0;   // 0 or negative
  std::int64_t high = 0;  // one past the highest; equal to `low` when there are no elements
};
OffsetRange offset_range(const Layout& layout);

/// Whether the elements lie one after another in row-major order, without gaps. Strides of axes with one element
/// do not matter; an empty layout is contiguous.
bool is_contiguous(const Layout& layout);

}  // namespace ricci
