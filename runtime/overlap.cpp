#include "ricci/overlap.hpp"

#include "ricci/shape.hpp"

namespace ricci {
namespace {

struct ByteInterval {
  std::uintptr_t low, high;
};

ByteInterval bytes_of(const TensorView& view) {
  const OffsetRange range = offset_range(view.layout);
  const auto size = static_cast<std::int64_t>(size_of(view.layout.dtype));
  const auto base = reinterpret_cast<std::uintptr_t>(view.data);
  return {base + static_cast<std::uintptr_t>(range.low * size), base + static_cast<std::uintptr_t>(range.high * size)};
}

}  // namespace

bool may_overlap(const TensorView& a, const TensorView& b) {
  const ByteInterval x = bytes_of(a), y = bytes_of(b);
  return x.low < x.high && y.low < y.high && x.low < y.high && y.low < x.high;
}

bool same_elements(const TensorView& a, const TensorView& b) {
  if (a.data != b.data || a.layout.dtype != b.layout.dtype || a.layout.rank != b.layout.rank ||
      a.layout.extents != b.layout.extents)
    return false;
  for (int i = 0; i < a.layout.rank; ++i)
    if (a.layout.extents[i] > 1 && a.layout.strides[i] != b.layout.strides[i]) return false;
  return true;
}

}  // namespace ricci
