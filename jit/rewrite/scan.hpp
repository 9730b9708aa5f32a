#pragma once
// Scans: reductions over all that stands before an axis, or behind it. In the loop of that axis each adds what has come
// in since the position before, and its state is carried on:
//
//     y[b, j] = sum(k(0, j + 1), x[b, k])   over b, j   ->   the same, j in order
//     for b: for j: { state += x[b, j]; y[b, j] = state; }
//
// Nothing is stored but the target. What stands behind, sum(k(j, n), x[b, k]), is added from the last position to the
// first. A float sum has the plain order, or where j is contiguous that of lower/scan_lanes.cpp.
#include "ricci/ir.hpp"

namespace ricci::jit {

/// How a reduction over one axis runs along with another one, which its body does not use.
struct Scan {
  ir::AxisId along;
  bool backwards;  // its range starts at along + shift, instead of ending before it
  std::int64_t shift;
};
std::optional<Scan> scan_of(const ir::Fold&);

/// The loop that the scans of a statement run along: that of the first one, outside of other reductions, which uses
/// every axis of the domain. Recurrences have theirs already. Nothing for statements that may write an element twice.
struct ScanLoop {
  ir::AxisId axis;
  bool backwards;
  bool operator==(const ScanLoop&) const = default;
};
std::optional<ScanLoop> scan_loop(const ir::Statement&);

/// Whether a reduction of a statement runs along with this loop around it.
bool runs_along(const ir::Fold&, const ScanLoop&);

/// The reductions of a statement that run along with its loop in order.
std::vector<ir::Expr> running_folds(const ir::Statement&);

/// Whether each position of the loop brings one element in: its own, or the one that it has just passed.
enum class Intake { own, passed };
std::optional<Intake> intake_of(const ir::Program&, const ir::Fold&);

/// Whether two axes have the extent of the same thing.
bool are_equally_long(const ir::Program&, ir::AxisId, ir::AxisId);

/// Lets statements with scans run in order.
void form_scans(ir::Program&);

}  // namespace ricci::jit
