#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// The order in which a statement's loops nest: axes that more reductions depend on are further out, so that a
/// reduction runs outside the loops it does not need. Statements whose duplicates count keep the order of the domain.
/// Recurrences run their independent axes, then the axis in order, then the others.
std::vector<ir::AxisId> loop_order(const ir::Statement&);

/// Gives a statement of its own to every reduction that would otherwise run again and again, under a loop it does not
/// depend on or in every chunk of a parallel loop:
///
///     y[i] = x[i] / sum(k, x[k])     ->     table[q] += x[k] over k;  y[i] = x[i] / sum(q, table[q])
///     y[i] = a[argmax(k, x[k]), i]   ->     t[0] = argmax(k, x[k]);   y[i] = a[t[0], i]
///     o[i, j] = sum(k, a[i,k]) * sum(k, b[j,k])   ->   t[j] = sum(k, b[j,k]);  o[i, j] = sum(k, a[i,k]) * t[j]
///     o[i, j] = sum(k, exp(sum(e, q[i,e] * x[k,e])) * v[k,j])   ->   s[i, k] = sum(e, q[i,e] * x[k,e]);
///                                      p[i, k] = exp(s[i,k]);  o[i, j] = sum(k, p[i,k] * v[k,j])
///
/// The first form runs in parallel and merges by chunks; the others store one value per choice of the axes they depend
/// on, which the report counts as temporary bytes. A function of a reduction is stored with it. What is stored serves
/// the same with other axes of the same extents: a maximum of s[i, k2], a sum of p[i, k3]. What a statement needs once
/// per iteration is stored too if other reductions in it run over all of it: y[i, k] = s(i, k) / max(l, s(i, l)). A
/// reduction of reductions never runs under a loop that only others beside it need, and none runs in the columns of a
/// product of matrices beside it, whose tile goes through its rows again for each block of them: the norms in
/// sum(k, a[i,k] * b[j,k]) / (norm(k, a[i,k]) * norm(k, b[j,k])). Sums over everything take the first form also when
/// they stand alone, to run in parallel.
void place_reductions(ir::Program&, CanonicalAxes&);

}  // namespace ricci::jit
