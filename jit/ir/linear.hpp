#pragma once
// Integer expressions as linear forms over axes: what solves an equality, or a comparison, for an axis.
#include <cstdint>
#include <utility>
#include <vector>

#include "ricci/ir.hpp"

namespace ricci::jit {

/// The sum of coefficient * atom over all terms, and a constant, in i64 that wraps. An atom is an axis, or whatever is
/// not linear itself: a read, an extent, a remainder.
struct Linear {
  std::vector<std::pair<ir::Expr, std::int64_t>> terms;  // in order of appearance, no coefficient 0
  std::int64_t constant = 0;
};

/// Times an axis, which a loop runs over, no larger factor comes near 2^63.
constexpr std::int64_t most_factor = 1 << 16;

/// An expression of dtype i64 as a linear form.
Linear linear(ir::Expr);
/// a - b, both of dtype i64, as a linear form.
Linear difference(ir::Expr a, ir::Expr b);
Linear negated(Linear);
/// The form as an expression: sums first, then what is subtracted.
ir::Expr expression(ir::Graph&, const Linear&);

}  // namespace ricci::jit
