#pragma once
// Programs that are parts of another one.
#include <span>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// A program that computes something before the program that needs it can be bound: the extents of that one depend on
/// it. Its last tensor receives the result. Those before it are some of the other program's, by their numbers there;
/// the params are all of that program's, and the axes have the same numbers. It has a graph of its own, so the two may
/// be compiled at the same time.
struct Part {
  ir::Program program;
  std::vector<ir::TensorId> tensors;
};

/// The program that stores `value` for all values of `axes`, its only free axes.
Part computing(const ir::Program&, ir::Expr value, const std::vector<ir::AxisId>& axes, std::string name);

/// One statement of a program, over the same tensors, params and axes.
ir::Program alone(const ir::Program&, std::size_t statement);

/// Whether an earlier statement writes what decides an extent that a later one needs, in these tensors if there are any
/// also through another view of the same memory.
bool counts_anew(const ir::Program&, std::span<const TensorView> tensors = {});

}  // namespace ricci::jit
