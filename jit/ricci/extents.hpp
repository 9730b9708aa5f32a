#pragma once
// What is decided when tensors are bound: their dtypes and ranks, the extent of every axis, empty reductions.
#include <cstdint>
#include <span>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci {

/// Throws Error{rank} or Error{dtype} for the first view that differs from its declaration. `tensors` parallels
/// program.tensors; another number of them is a fault of Ricci.
void check_tensors(const ir::Program&, std::span<const TensorView> tensors);

/// Whether a tensor takes no part in deciding extents: no data, and -1 for every extent.
bool is_unbound(const TensorView&);

/// The extent of every axis: its fixed one, else that of its first bound use; an axis that counts accumulation
/// tables and has neither gets 1. Throws Error{extent} when two uses disagree or an axis has no bound use.
std::vector<std::int64_t> axis_extents(const ir::Program&, std::span<const TensorView> tensors);

/// Throws Error{extent} when a reduction of the program that has no value for nothing (min, max, argmin, argmax)
/// runs over nothing, also when its result would never be used.
void check_reductions(const ir::Program&, std::span<const std::int64_t> extents);

}  // namespace ricci
