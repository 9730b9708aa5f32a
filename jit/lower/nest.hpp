#pragma once
// The parts of the lowering of nests: what stands inside the loops, and the nests that append. The loops of all other
// nests are in nest_lowering.hpp.
#include "lower/expression.hpp"

namespace ricci::jit {

/// The extents of the deepest loops of a nest, reductions included: an estimate of the scalar steps.
std::vector<std::uint32_t> work_of(ExpressionLowering&, const ir::Program&, const Nest&);

/// Computes `value` where the loops are and stores it as the statement says; lanes that meet in one element accumulate
/// one after another.
void lower_statement(ExpressionLowering&, const ir::Program&, const ir::Statement&, ir::Expr value);

/// The statement of a nest that sorts: some rows from where the loops are, along the last axis before that of positions,
/// or one if there is no other axis.
void lower_sort_rows(ExpressionLowering&, ir::Program&, const ir::Statement&, loop::Value rows);

/// The phase of a nest whose statements append:
///
///     for share: cursor = the values of the shares before it
///       for the iterations of the share, the last axis in lanes:
///         append the values of the lanes that the guard chooses at the cursor; the cursor moves by their number
loop::Phase lower_append(ir::Program&, const Specialisation&, const Schedule&, const Nest&, KernelInfo&,
                         std::string name);

}  // namespace ricci::jit
