#pragma once
#include "rewrite/selection.hpp"

namespace ricci::jit {

/// What an equality says of one axis: it is `value` where `divisible` (b1; null: always), and nowhere else.
struct Solution {
  ir::AxisId axis;
  ir::Expr value;  // does not use `axis`
  ir::Expr divisible;
  std::int64_t coefficient;  // of the axis in the equality; nothing must be divisible by 1 and -1
};

/// A condition solved for every axis that it determines: none, unless it is an equality of two i64 that is linear in
/// the axis.
///
///     i == k + j     ->     i = k + j,  k = i - j,  j = i - k
///     i == 2 * k     ->     i = 2 * k,  k = i // 2 where i % 2 == 0
///
/// Exact for all data, also where it wraps: coefficients stay below 2^15, and no loop runs 2^48 times.
std::vector<Solution> solutions(ir::Graph&, ir::Expr condition);

/// Puts a solution of condition `i` in its place: the condition goes, the axis is `value` everywhere, and what is left
/// to ask is whether that divides and is inside the axis. Returns false and changes nothing where this would evaluate
/// what may fail before the conditions that protect it.
bool settle(ir::Program&, Selection&, std::size_t i, const Solution&);

/// Takes out of `bound` every axis that a condition determines, those with the smallest coefficients first, then in the
/// order of `bound`. Returns whether there was any.
bool eliminate(ir::Program&, Selection&, std::vector<ir::AxisId>& bound);

}  // namespace ricci::jit
