#pragma once
// Overlap between what a statement writes and what it reads: proved harmless, or answered with a copy.
#include <span>
#include <utility>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Tensors by their numbers, with their elements.
using Copies = std::vector<std::pair<ir::TensorId, Array>>;

/// A row-major copy.
Array copy_of(const TensorView&);

/// Results that are still to be made, and copies, overlap nothing: until they are made, each is so many bytes from all
/// else. No memory of a process lies at a multiple of it.
inline constexpr std::int64_t apart = std::int64_t{1} << 56;
inline void* nowhere(std::size_t number) { return reinterpret_cast<void*>((number + 1) * apart); }

/// The tensors that a statement would overwrite before it has read them. A tensor read only at the element that is
/// being written is none of them, also where a scan takes it in and carries it on. Throws Error{limit} for a target
/// that is read-only or stores several elements in one place.
std::vector<ir::TensorId> find_overwritten(const ir::Program&, std::span<const TensorView> tensors);

/// The tensors that are read in subscripts and conditions: their elements decide which elements are touched.
std::vector<ir::TensorId> steering_tensors(const ir::Program&);

/// Copies of the tensors that share memory with a target; none unless a steering tensor is among them.
Copies copy_steering(std::span<const TensorView> tensors, std::span<const ir::TensorId> targets,
                     std::span<const ir::TensorId> steering);

}  // namespace ricci::jit
