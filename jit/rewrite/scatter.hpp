#pragma once
#include "rewrite/selection.hpp"
#include "rewrite/share.hpp"

namespace ricci::jit {

/// The reduction over `bound` of a selection some of whose conditions say what free axes must be, as a read of a table
/// that a statement fills in one pass over `bound`; null if there are no such conditions. The statement goes to
/// `before`.
///
///     sum(n, select(c == e[n], x[n], 0))     ->     table[q, e[n]] += x[n] over n;   sum(q, table[q, c])
///
/// The axis q counts the private tables of the parallel run (TensorDecl::table, AxisDecl::tables). Free axes that no
/// condition determines are dimensions of the table as they are.
ir::Expr scattered(ir::Program&, CanonicalAxes&, Selection, const std::vector<ir::AxisId>& bound,
                   std::vector<ir::Statement>& before);

}  // namespace ricci::jit
