#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Gives the statements of place_sorts what is asked for. Where only the keys are read at an order, they themselves are
/// put in order; and what is assigned as a whole needs no table:
///
///     order[i, q] = argsort(j, k[i,j])[q];  y[i, p] = k[i, order[i, p]]   ->   y[i, p] = k[i, argsort(j, k[i,j])[p]]
///
/// Afterwards the value of a statement that puts rows in order may be such a read, too.
void store_sorted(ir::Program&, CanonicalAxes&);

/// The order of the rows, if that is what the statement stores, or the keys in that order; else null.
const ir::Sort* sort_of(const ir::Statement&);

}  // namespace ricci::jit
