#pragma once
#include "ricci/ir.hpp"

namespace ricci::jit {

/// A program that stores one number: its last tensor, of rank 0, receives it. The tensors before it are some of another
/// program's, by their numbers there; the params are all of that program's.
struct CountingProgram {
  ir::Program program;
  std::vector<ir::TensorId> tensors;
};

/// The program that computes `count`, one of AxisDecl::counts, before the program that has it can be bound: the extents
/// of that one depend on it. It has a graph of its own, so the two may be compiled at the same time.
CountingProgram counting_program(const ir::Program&, ir::Expr count);

}  // namespace ricci::jit
