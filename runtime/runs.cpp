#include "ricci/runs.hpp"

#include <cstring>
#include <vector>

namespace ricci {

void for_each_run(const TensorView& view, FunctionRef<void(std::span<const std::byte>)> visit) {
  const Layout& layout = view.layout;
  if (layout.size() == 0) return;
  const std::size_t size = size_of(layout.dtype);

  int outer = layout.rank;  // axes [outer, rank) form one contiguous run
  std::int64_t run = 1;
  while (outer > 0 && (layout.extents[outer - 1] == 1 || layout.strides[outer - 1] == run))
    run *= layout.extents[--outer];
  std::vector<std::byte> row;  // used when the last axis is strided
  if (run == 1 && outer > 0) row.resize(static_cast<std::size_t>(layout.extents[--outer]) * size);

  std::array<std::int64_t, max_rank> at{};
  const auto* element = static_cast<const std::byte*>(view.data);
  const auto stride_bytes = [&](int axis) { return layout.strides[axis] * static_cast<std::int64_t>(size); };
  for (;;) {
    if (row.empty()) {
      visit({element, static_cast<std::size_t>(run) * size});
    } else {
      for (std::int64_t i = 0; i < layout.extents[outer]; ++i)
        std::memcpy(row.data() + static_cast<std::size_t>(i) * size, element + i * stride_bytes(outer), size);
      visit(row);
    }
    int axis = outer - 1;
    for (; axis >= 0 && ++at[axis] == layout.extents[axis]; --axis) {
      element -= (layout.extents[axis] - 1) * stride_bytes(axis);
      at[axis] = 0;
    }
    if (axis < 0) return;
    element += stride_bytes(axis);
  }
}

}  // namespace ricci
