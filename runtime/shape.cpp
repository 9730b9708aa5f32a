#include "ricci/shape.hpp"

#include <algorithm>

#include "ricci/error.hpp"

namespace ricci {

std::int64_t checked_size(DType dtype, std::span<const std::int64_t> extents) {
  const std::int64_t rank = std::ssize(extents);
  if (rank > max_rank)
    throw Error(Error::Kind::rank, "an array of shape " + shape_text(extents) + " has " + std::to_string(rank) +
                                       " axes, at most " + std::to_string(max_rank) + " are possible");
  auto bytes = static_cast<std::int64_t>(size_of(dtype));
  bool empty = false;
  for (const std::int64_t extent : extents) {
    if (extent < 0)
      throw Error(Error::Kind::extent, "an array of shape " + shape_text(extents) + " has the negative extent " +
                                           std::to_string(extent) + ", expected 0 or more");
    empty |= extent == 0;
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(extent, 1), &bytes) || bytes > max_bytes)
      throw Error(Error::Kind::limit, "an array of shape " + shape_text(extents) + " and dtype " +
                                          std::string(to_string(dtype)) + " is larger than 2^62 bytes");
  }
  return empty ? 0 : bytes / static_cast<std::int64_t>(size_of(dtype));
}

std::string shape_text(std::span<const std::int64_t> extents) {
  std::string text = "(";
  for (std::size_t i = 0; i < extents.size(); ++i) text += (i ? ", " : "") + std::to_string(extents[i]);
  return text + (extents.size() == 1 ? ",)" : ")");
}

OffsetRange offset_range(const Layout& layout) {
  OffsetRange range{0, 1};
  for (int i = 0; i < layout.rank; ++i) {
    if (layout.extents[i] == 0) return {0, 0};
    const std::int64_t reach = (layout.extents[i] - 1) * layout.strides[i];
    (reach < 0 ? range.low : range.high) += reach;
  }
  return range;
}

bool is_contiguous(const Layout& layout) {
  if (layout.size() == 0) return true;
  std::int64_t expected = 1;
  for (int i = layout.rank - 1; i >= 0; --i) {
    if (layout.extents[i] != 1 && layout.strides[i] != expected) return false;
    expected *= layout.extents[i];
  }
  return true;
}

}  // namespace ricci
