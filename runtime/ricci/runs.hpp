#pragma once
// The elements of any view in row-major order, for writers of files and pictures.
#include <cstddef>
#include <span>

#include "ricci/function_ref.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci {

/// Calls `visit` with the bytes of the elements of `view` in row-major order, in contiguous pieces: the view's own
/// memory where its last axes are contiguous, otherwise a copy of one row at a time. Not called for an empty view.
void for_each_run(const TensorView& view, FunctionRef<void(std::span<const std::byte>)> visit);

}  // namespace ricci
