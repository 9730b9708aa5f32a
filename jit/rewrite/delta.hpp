#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Removes reductions over deltas: the one-hot array of the textbook formula never exists.
///
///     sum(k, delta(k, e) * f[k])             ->   where(0 <= e < K, f[e], 0)                              read
///     sum(k, j, delta(i, k + j) * x[k] * w[j])   ->   sum(j, where(0 <= i - j < K, x[i - j] * w[j], 0))   read
///     max(k, where(2 * k == e, f[k], -inf))  ->   where(e % 2 == 0 & 0 <= e // 2 < K, f[e // 2], -inf)    read
///     out[c] = sum(n, delta(c, e[n]) * x)    ->   table[q, e[n]] += x; out[c] = sum(q, table[q, c])       scatter
///     argmax(n, where(c == e[n], x[n], -inf))    ->   the greatest x of every c, then the first n that has it
///     f[argmax(k, f[k])]                     ->   max(k, f[k])                                            winner
///
/// A delta is any equality of i64, linear in the axis, among the conditions under which the body of a reduction is not
/// its identity (selection.hpp). It selects: what it does not select is never evaluated, so that no NaN leaks from
/// there and no subscript fails there. Conditions beside it are evaluated only where it holds.
void solve_deltas(ir::Program&, CanonicalAxes&);

}  // namespace ricci::jit
