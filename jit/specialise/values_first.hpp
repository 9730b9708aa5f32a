#pragma once
// Few elements of a large array that are assigned from others of it, as two rows that change places. Its old values are
// needed, but not those of all of it: the values are computed first, and then stored.
//
//     x[to[i], j] = x[from[i], j]     ->     value[i, j] = x[from[i], j];  x[to[i], j] = value[i, j]
#include <optional>
#include <span>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// A normalised program that computes all values of its only result before it stores any; nothing if it has several, or
/// one that has no axes or is in some order.
std::optional<ir::Program> values_first(ir::Program);

/// Whether the values are less than half of these tensors, which would be copied, and none of these chooses a place.
bool are_values_few(const ir::Program&, std::span<const ir::TensorId> overwritten, std::span<const TensorView>,
                    std::span<const std::int64_t> extents);

}  // namespace ricci::jit
