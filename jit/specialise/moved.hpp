#pragma once
// Axes that are moved against each other, as in a picture x[h + 1, w - 1, c]: short rows behind each other are gone
// through as one axis also where the outer one is moved or tested, as it is where values stand for what is outside:
//
//     w and c are z:   x[w - 1, c] if w - 1 >= 0     ->     x[-1, z] if z - C >= 0,     C the extent of c
#include <optional>

#include "ir/survey.hpp"

namespace ricci::jit {

inline constexpr std::int64_t longest_moved_row = 16;  // elements; longer ones fill vectors

/// Whether this is the axis plus or minus something that does not depend on it.
bool is_moved(ir::Expr, ir::AxisId);

/// Whether the axis, which is not just a subscript, is used in no other way than moved in a subscript, without `inner`,
/// or compared with what depends on no axis.
bool is_only_moved(const ir::Program&, const Survey&, ir::AxisId axis, ir::AxisId inner);

/// A comparison of a moved axis that another one, `inner`, swallowed, each value of it for `row` values: the same of
/// that; null if it is none.
ir::Expr test_of_rows(ir::Graph&, ir::Expr comparison, ir::AxisId axis, ir::AxisId inner, ir::Expr row);

}  // namespace ricci::jit
