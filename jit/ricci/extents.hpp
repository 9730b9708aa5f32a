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

/// The extent of every axis, as ir::AxisDecl says; an axis that counts accumulation tables and has no other gets 1.
/// `params` are needed by programs with extents that follow from them (see shaping_params). Throws Error{extent} when
/// two bare uses disagree, and when nothing gives an axis its extent.
std::vector<std::int64_t> axis_extents(const ir::Program&, std::span<const TensorView> tensors,
                                       std::span<const Scalar> params = {});

/// The params from which extents follow.
std::vector<ir::ParamId> shaping_params(const ir::Program&);

/// Throws Error{extent} when a reduction of the program that has no value for nothing (min, max, argmin, argmax)
/// runs over nothing, also when its result would never be used.
void check_reductions(const ir::Program&, std::span<const std::int64_t> extents);

}  // namespace ricci
