#pragma once
// Operands of reductions that lie in another order than the rest of what is reduced. Lanes along the neighbours of one
// would gather the other, for each result again. One that is used for many results is put in order first, once:
//
//     y[a] = sum(b, c, x[a, b, c] * w[c, b])     ->     v[b, c] = w[c, b]; y[a] = sum(b, c, x[a, b, c] * v[b, c])
#include <span>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// A read of a reduction, and its axes in the order in which it should lie.
struct Disordered {
  ir::Expr read;
  std::vector<ir::AxisId> order;
  auto operator<=>(const Disordered&) const = default;
};

/// Those of a normalised program for which these extents, by axis, and layouts make it worth it.
std::vector<Disordered> find_disordered(const ir::Program&, std::span<const TensorView>,
                                        std::span<const std::int64_t> extents);

/// A program in which they are copied before they are read. Its further axes and tensors stand behind all others.
ir::Program with_operands_in_order(ir::Program, const std::vector<Disordered>&);

}  // namespace ricci::jit
