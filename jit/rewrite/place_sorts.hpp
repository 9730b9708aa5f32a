#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// Those whose keys cannot fail need no guard: they are placed before guards make keys differ that mean the same.
enum class Sorts : bool { that_cannot_fail, all };

/// Gives every sort a statement of its own, in which whole rows are put in order; its uses become reads:
///
///     y[i, p] = x[argsort(j, k[i,j])[p]]   ->   order[i, q] = argsort(j, k[i,j])[q];  y[i, p] = x[order[i, p]]
///
/// Keys that are an instance of others, for some values of an index for which all are there, are read from their table.
/// Keys that are not a plain read along one axis get a table, filled by a statement before. Where only the first few
/// positions are used, as by topk, `order` holds no more of them. Both tables count as temporary bytes. Afterwards such
/// a Sort stands only as the value of a statement, at the position of the last axis of its domain, over keys that are a
/// read which never misses and whose subscripts are bare axes.
void place_sorts(ir::Program&, CanonicalAxes&, Sorts);

/// Whether the statement puts rows in order: stores that order, or the keys in it (sorted_rows.hpp).
bool is_sort(const ir::Statement&);

}  // namespace ricci::jit
