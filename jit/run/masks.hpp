#pragma once
#include "ir/parts.hpp"

namespace ricci::jit {

/// A condition that is computed once, into an array of its values.
struct Mask {
  std::vector<ir::AxisId> axes;
  Part part;  // its tensors are those of MaskedProgram::program
};

struct MaskedProgram {
  ir::Program program;      // with the masks behind its own tensors
  std::vector<Mask> masks;  // each may read those before it
  std::vector<std::pair<ir::Expr, ir::Expr>>
      counts;  // count_expressions() of the program without masks, and of this one
};

/// Conditions that decide extents are evaluated by several kernels: to count, and to choose. Each must find the same,
/// but a float sum has the order of its kernel's schedule. So conditions that contain one are read from a mask.
MaskedProgram with_masks(ir::Program);

}  // namespace ricci::jit
