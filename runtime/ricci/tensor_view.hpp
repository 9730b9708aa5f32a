#pragma once
// A strided view of memory that somebody else owns: what kernels read and write.
#include <array>
#include <cstdint>

#include "ricci/dtype.hpp"

namespace ricci {

inline constexpr int max_rank = 8;

/// Shape and strides of a view. Strides are counted in elements and may be zero or negative.
struct Layout {
  DType dtype = DType::f32;
  int rank = 0;
  std::array<std::int64_t, max_rank> extents{};  // entries from `rank` on are zero
  std::array<std::int64_t, max_rank> strides{};

  /// Every call compares layouts: one branch for an axis.
  bool operator==(const Layout& other) const {
    if (dtype != other.dtype || rank != other.rank) return false;
    for (int i = 0; i < rank; ++i)
      if (((extents[i] ^ other.extents[i]) | (strides[i] ^ other.strides[i])) != 0) return false;
    return true;
  }

  /// Number of elements: the product of the extents, 1 for rank 0.
  std::int64_t size() const {
    std::int64_t n = 1;
    for (int i = 0; i < rank; ++i) n *= extents[i];
    return n;
  }
};

/// `data` is the address of the element whose subscripts are all zero, also when strides are negative.
struct TensorView {
  Layout layout;
  void* data = nullptr;
  bool writable = true;
};

/// The row-major ("C order") layout of these extents.
template <class Extents>
Layout row_major(DType dtype, const Extents& extents) {
  Layout layout{dtype, static_cast<int>(extents.size()), {}, {}};
  std::int64_t stride = 1;
  for (int i = layout.rank - 1; i >= 0; --i) {
    layout.extents[i] = extents[i];
    layout.strides[i] = stride;
    stride *= extents[i] > 0 ? extents[i] : 1;
  }
  return layout;
}

}  // namespace ricci
