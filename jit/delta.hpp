#pragma once
#include "share.hpp"

namespace ricci::jit {

/// Removes sums over deltas: the one-hot array of the textbook formula never exists.
///
///     sum(k, delta(k, e) * f[k])            ->  where(0 <= e < K, f[e], 0)                              read
///     out[c] = sum(n, delta(c, e[n]) * x)   ->  table[q, e[n]] += x; out[c] = sum(q, table[q, c])       scatter
///     f[argmax(k, f[k])]                    ->  max(k, f[k])                                            winner
///
/// A delta is any equality among the conjuncts of select(condition, x, 0), and of cast(condition) in a count. In the
/// scatter the axis q counts the private tables of the parallel run (TensorDecl::table, AxisDecl::tables).
void solve_deltas(ir::Program&, CanonicalAxes&);

}  // namespace ricci::jit
