#pragma once
// Aliasing between views: may a write through one be seen through another?
#include "ricci/tensor_view.hpp"

namespace ricci {

/// Whether the byte intervals of the two views meet. Conservative: interleaved views that share no element also
/// answer true. A view without elements overlaps nothing.
bool may_overlap(const TensorView& a, const TensorView& b);

/// Whether both views have the same dtype and shape and put every element at the same address.
bool same_elements(const TensorView& a, const TensorView& b);

}  // namespace ricci
