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

/// The value of one of the expressions of AxisDecl::counts.
struct Count {
  ir::Expr expression;
  std::int64_t value;
};
using Counts = std::vector<Count>;

/// The axes that these expressions bind or use the extent of, or have as many positions as.
std::vector<ir::AxisId> axes_within(const std::vector<ir::Expr>&);

/// The expressions of all AxisDecl::counts of a program, each once, and after those that its own axes have.
std::vector<ir::Expr> count_expressions(const ir::Program&);

/// The extent of every axis, as ir::AxisDecl says; an axis that counts accumulation tables and has no other gets 1, and
/// one whose counts are not known yet 0. `params` are needed by programs with extents that follow from them (see
/// shaping_params). Throws Error{extent} when two bare uses or counts disagree, and when nothing gives an axis its
/// extent.
std::vector<std::int64_t> axis_extents(const ir::Program&, std::span<const TensorView> tensors,
                                       std::span<const Scalar> params = {}, const Counts& = {});

/// The params from which extents follow.
std::vector<ir::ParamId> shaping_params(const ir::Program&);

/// Throws Error{extent} when a reduction of the program that has no value for nothing (min, max, argmin, argmax)
/// runs over nothing, also when its result would never be used, and when more elements than there are would be taken in
/// order.
void check_reductions(const ir::Program&, std::span<const std::int64_t> extents);

}  // namespace ricci
