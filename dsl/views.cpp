#include "ricci/views.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "ricci/error.hpp"
#include "ricci/runs.hpp"
#include "ricci/shape.hpp"

namespace ricci {
namespace {

void require_rank(int expected, std::size_t given, const char* what) {
  if (given == static_cast<std::size_t>(expected)) return;
  throw Error(Error::Kind::rank, std::to_string(given) + " " + what + " for a tensor of rank " +
                                     std::to_string(expected));
}

int checked_axis(const Array& array, int axis) {
  if (axis >= -array.rank() && axis < array.rank()) return axis < 0 ? axis + array.rank() : axis;
  throw Error(Error::Kind::rank, "axis " + std::to_string(axis) + " is outside rank " + std::to_string(array.rank()));
}

/// `offset` in elements from the first element.
void* address(const Array& array, std::int64_t offset) {
  return static_cast<std::byte*>(array.data()) + offset * static_cast<std::int64_t>(size_of(array.dtype()));
}

}  // namespace

Array make_zeros(DType dtype, int rank, Extents extents) {
  require_rank(rank, extents.size(), "extents");
  return Array::zeros(dtype, extents);
}

Array make_copy(DType dtype, int rank, Extents extents, const void* values, std::size_t count) {
  require_rank(rank, extents.size(), "extents");
  Array array = Array::uninitialised(dtype, extents);
  if (array.size() != static_cast<std::int64_t>(count))
    throw Error(Error::Kind::extent, std::to_string(count) + " values for a tensor of shape " + shape_text(extents));
  if (count > 0) std::memcpy(array.data(), values, count * size_of(dtype));
  return array;
}

Array make_view(DType dtype, int rank, void* data, Extents extents, Extents strides) {
  require_rank(rank, extents.size(), "extents");
  checked_size(dtype, extents);
  TensorView view{row_major(dtype, extents), data, true};
  if (!strides.empty()) {
    require_rank(rank, strides.size(), "strides");
    std::copy(strides.begin(), strides.end(), view.layout.strides.begin());
  }
  return Array::borrow(view);
}

Array permuted(const Array& array, std::span<const int> axes) {
  require_rank(array.rank(), axes.size(), "axes");
  Layout layout = array.layout();
  bool used[max_rank]{};
  for (int i = 0; i < array.rank(); ++i) {
    const int from = checked_axis(array, axes[i]);
    if (used[from]) throw Error(Error::Kind::rank, "axis " + std::to_string(from) + " appears twice in a permutation");
    used[from] = true;
    layout.extents[i] = array.layout().extents[from];
    layout.strides[i] = array.layout().strides[from];
  }
  return array.rearranged(layout, array.data());
}

Array sliced(const Array& array, int axis, std::int64_t start, std::int64_t stop, std::int64_t step) {
  axis = checked_axis(array, axis);
  if (step == 0) throw Error(Error::Kind::extent, "the step of a slice is 0");
  Layout layout = array.layout();
  const std::int64_t n = layout.extents[axis];
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto clipped = [&](std::int64_t bound) { return std::clamp(bound < 0 ? bound + n : bound, low, high); };
  const std::int64_t first = clipped(start), last = clipped(stop);
  const std::int64_t distance = step > 0 ? last - first : first - last;
  const std::int64_t stride = step > 0 ? step : -step;
  layout.extents[axis] = distance > 0 ? (distance - 1) / stride + 1 : 0;
  const std::int64_t offset = layout.extents[axis] > 0 ? first * layout.strides[axis] : 0;
  layout.strides[axis] *= layout.extents[axis] > 1 ? step : 1;
  return array.rearranged(layout, address(array, offset));
}

Array flipped(const Array& array, int axis) {
  axis = checked_axis(array, axis);
  const std::int64_t n = array.layout().extents[axis];
  return sliced(array, axis, n - 1, -n - 1, -1);
}

Array copied(const Array& array) {
  Array copy = Array::uninitialised(array.dtype(), array.extents());
  auto* out = static_cast<std::byte*>(copy.data());
  for_each_run(array.view(), [&](std::span<const std::byte> run) { out = std::copy(run.begin(), run.end(), out); });
  return copy;
}

void fill(const Array& array, Scalar value) {
  const Layout& layout = array.layout();
  if (layout.size() == 0) return;
  std::int64_t at[max_rank]{}, offset = 0;
  for (;;) {
    value.store(address(array, offset));
    int axis = layout.rank - 1;
    for (; axis >= 0; --axis) {
      offset += layout.strides[axis];
      if (++at[axis] < layout.extents[axis]) break;
      offset -= layout.strides[axis] * layout.extents[axis];
      at[axis] = 0;
    }
    if (axis < 0) return;
  }
}

std::int64_t element_offset(const Array& array, const std::int64_t* subscripts) {
  std::int64_t offset = 0;
  for (int axis = 0; axis < array.rank(); ++axis) {
    const std::int64_t extent = array.layout().extents[axis], given = subscripts[axis];
    if (given < -extent || given >= extent)
      throw Error(Error::Kind::bounds, "subscript " + std::to_string(given) + " is outside axis " +
                                           std::to_string(axis) + " of extent " + std::to_string(extent));
    offset += (given < 0 ? given + extent : given) * array.layout().strides[axis];
  }
  return offset;
}

void require_type(const Array& array, DType dtype, int rank) {
  if (array.dtype() != dtype)
    throw Error(Error::Kind::dtype, "the elements are " + std::string(to_string(array.dtype())) + ", expected " +
                                        std::string(to_string(dtype)));
  if (array.rank() != rank)
    throw Error(Error::Kind::rank, "the array has rank " + std::to_string(array.rank()) + ", expected " +
                                       std::to_string(rank));
}

void check_row(std::int64_t length, std::int64_t expected) {
  if (length == expected) return;
  throw Error(Error::Kind::extent, "a row of " + std::to_string(length) + " items among rows of " +
                                       std::to_string(expected));
}

}  // namespace ricci
