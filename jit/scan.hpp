#pragma once
// Scans: reductions over all that stands before an axis. In the loop of that axis each adds what has come in since the
// position before, with its state carried on:
//
//     y[b, j] = sum(k(0, j + 1), x[b, k])   over b, j   ->   the same, j in order:   for b: for j: state += x[b, j];
//     y[b, j] = state
//
// so that a float sum has the plain order, and nothing is stored but the target.
#include "ricci/ir.hpp"

namespace ricci::jit {

/// A reduction over one axis in the range [0, along + ahead), with a body that does not use `along`.
struct Prefix {
  ir::AxisId along;
  std::int64_t ahead;  // 1: the position itself is the last one; 0: it is not in it
};
std::optional<Prefix> prefix_of(const ir::Fold&);

/// The axis along which the scans of a statement can run: that of the first one, outside of other reductions, which
/// uses every axis of the domain. Of a recurrence, its axis in order. Nothing for statements that may write an element
/// twice.
std::optional<ir::AxisId> scan_axis(const ir::Statement&);

/// The reductions of a statement in order that run along with its axis.
std::vector<ir::Expr> running_folds(const ir::Statement&);

/// Lets statements with scans run in order.
void form_scans(ir::Program&);

}  // namespace ricci::jit
