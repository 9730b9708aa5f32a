#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Replaces every Nonzero: what runs over chosen iterations runs over all of them and does nothing where the condition
/// fails. With p = along(i, nonzero(i, m[i])):
///
///     out[n] = x[p[n]] over n           ->  out[append] = x[i] if m[i] over i              only `out` is stored
///     hist[x[p[n]]] += 1 over n         ->  hist[x[i]] += 1 if m[i] over i
///     sum(n, x[p[n]])                   ->  sum(i, where(m[i], x[i], 0))
///     out[n, c] = F[p[n], c] over n, c  ->  t[append] = i if m[i] over i;  out[n, c] = F[t[n], c]
///
/// The last form is for all that needs the position itself, or would run over more than the chosen iterations again and
/// again; the report counts t as temporary bytes.
void place_nonzeros(ir::Program&, CanonicalAxes&);

/// Gives every appending statement one before it that counts, chunk by chunk of the iterations, how many values there
/// are: Statement::starts. So the chunks append in parallel, each behind those before it.
void count_chunks(ir::Program&);

}  // namespace ricci::jit
