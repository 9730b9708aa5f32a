#pragma once
#include <optional>
#include <unordered_map>
#include <vector>

#include "rewrite/share.hpp"
#include "ricci/ir.hpp"

namespace ricci::jit {

using Bindings = std::unordered_map<ir::AxisId, ir::Expr>;

/// What stands for the `variables` of `pattern` in `e`, if that is what substitution makes of it: of x[i, j] in
/// x[p[k], 3], p[k] stands for i and 3 for j. Binders may have other axes of the same extents: `bound` lists those
/// around the pattern, each with its counterpart around `e`. What stands for a variable uses none of these.
std::optional<Bindings> instance(const CanonicalAxes&, ir::Expr pattern, ir::Expr e,
                                 const std::vector<ir::AxisId>& variables,
                                 std::vector<std::pair<ir::AxisId, ir::AxisId>> bound = {});

}  // namespace ricci::jit
