#pragma once
#include "rewrite/share.hpp"

namespace ricci::jit {

/// An accumulation table with private copies for each share of the parallel run, one or, where lanes may meet, several
/// that they take in turn: table[q, dimensions...].
struct Table {
  ir::TensorId tensor;
  std::vector<ir::AxisId> axes;  // q, then one per dimension
};

/// Declares a table whose dimensions have the extents of these axes. All tables of a program share the axis q.
Table make_table(ir::Program&, DType, const std::vector<ir::AxisId>& dimensions);

/// reduction(q, table[q, subscripts...]): the tables combined, in the order of their chunks.
ir::Expr combined(ir::Program&, const Table&, Reduction, std::vector<ir::Expr> subscripts);

/// table[q, subscripts...] (reduction)= value over `domain`.
ir::Statement accumulate(ir::Program&, const Table&, Reduction, std::vector<ir::Expr> subscripts, ir::Expr value,
                         std::vector<ir::AxisId> domain);

/// Whether an expression is one that combined() made.
bool is_merge(const ir::Program&, ir::Expr);

/// A statement that stores an expression for every choice of its free axes, and the element that then stands for it.
struct Stored {
  ir::Statement filling;
  ir::Expr element;
};
Stored store(ir::Program&, CanonicalAxes&, ir::Expr);

/// The element of what store() has made, for an expression that differs from the stored one in its free axes only.
ir::Expr stored_element(ir::Program&, ir::TensorId, ir::Expr);

/// An expression over the axes that store() gives it: the same one for all that differ only in the names of free axes.
ir::Expr over_own_axes(ir::Program&, CanonicalAxes&, ir::Expr);

/// Whether a subscript says which iteration of `axis` it belongs to, where those of all axes but `unknown` are given: it
/// is the axis, or linear in it.
bool tells(ir::Expr subscript, ir::AxisId axis, const std::vector<ir::AxisId>& unknown);

/// Whether no two iterations write the same element: the subscripts say which iteration it is, as those of
/// x[i, 2 * j + i].
bool is_injective(const ir::Statement&);

/// Whether the tensor is an accumulation table, rather than the user's or a temporary.
bool is_private(const ir::Program&, ir::TensorId);

/// Whether the statement accumulates its whole domain into one element of each table: a share of a full reduction.
bool folds_whole_domain(const ir::Program&, const ir::Statement&);

/// Moves the axes of an update that no subscript uses into a reduction of the value: out[c] += f(c, n) over c and n
/// becomes out[c] += sum(n, f(c, n)). Where a guard on them fails, the value is the neutral one.
void reduce_unused_axes(ir::Program&, CanonicalAxes&, ir::Statement&);

/// Turns every update whose iterations may meet in one element into private accumulation and a merge:
///
///     hist[e[n]] += v     ->     table[q, e[n]] += v;  hist[d] += sum(q, table[q, d])
///
/// so that it runs in parallel without atomics, gives the same bits for any number of threads, and leaves the target
/// as it was when a subscript turns out to be outside. Axes of the domain that the subscripts do not use become
/// reductions first: C[i,j] += A[i,k] * B[k,j] needs no table.
void privatise(ir::Program&, CanonicalAxes&);

}  // namespace ricci::jit
