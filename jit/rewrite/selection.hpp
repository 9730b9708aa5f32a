#pragma once
#include <map>
#include <optional>

#include "ricci/ir.hpp"

namespace ricci::jit {

/// The body of a reduction, taken apart: `value` where all conditions hold, elsewhere what changes nothing: the
/// identity of the reduction. Each condition is evaluated only where those before it hold, `value` where all hold.
struct Selection {
  Reduction reduction;  // by values: max for argmax
  std::vector<ir::Expr> conditions;
  ir::Expr value;
  std::map<ir::AxisId, ir::Range> ranges = {};  // of reduced axes that do not run over all of their extent
};

/// sum, prod, min, max, any or all: what a reduction does with values. That of argmax is max, of argmin min.
Reduction by_value(Reduction);

/// Takes the body of a reduction apart as far as it selects.
///
///     sum   select(c, x, 0), cast(c) of a b1 c, and whatever keeps 0: cast, integer * and negate
///     prod  select(c, x, 1)          max   select(c, x, -inf)          min   select(c, x, inf)
///     any   c & x                    all   !c | x
///
/// Equalities come first among the conditions of one conjunction.
Selection take_apart(ir::Graph&, const ir::Fold&);

/// The body that the selection is within its ranges.
ir::Expr put_together(ir::Program&, const Selection&);

/// a & b & c, where what may fail is evaluated only if those before it hold.
ir::Expr conjunction(ir::Program&, const std::vector<ir::Expr>& conditions);

/// Whether evaluating `e` may be an error: some read in it may be outside its tensor.
bool may_fail(const ir::Program&, ir::Expr e);

/// Whether `e` is the identity of the reduction.
bool is_identity(ir::Expr e, Reduction);

}  // namespace ricci::jit
