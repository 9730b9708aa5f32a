#pragma once
// Rows of a product that are those of several axes, as the places of a small picture under the filters of a
// convolution. What rows share goes to scratch for a block of them, and rows of one such axis would be small blocks, or
// vectors half empty. They are gone through as one axis, and where a read needs to know which row it is, divisions say
// so:
//
//     y[i, j, o] = sum(u, v, c, x[i + u, j + v, c] * w[u, v, c, o])
//     ->  y[0, p, o] = sum(u, v, c, x[p // J + u, p % J + v, c] * w[u, v, c, o]),     J the extent of j
#include <span>

#include "ir/survey.hpp"

namespace ricci::jit {

/// Whether two axes that follow each other are short rows of a product, or lanes of rows that fill no vectors: one read
/// in a reduction moves with both of them, another one with neither, but with an axis of the results that the first one
/// lacks, the columns.
bool pays_to_flatten(const ir::Program&, const Survey&, std::span<const std::int64_t> extents, ir::AxisId outer,
                     ir::AxisId inner);

/// Whether the axis is one of the subscripts, and in none of the others.
bool stands_bare(const std::vector<ir::Expr>& subscripts, ir::AxisId);

/// The value of group[k] at a position along all axes of a group, for which its last axis stands.
ir::Expr part_of_position(ir::Graph&, const std::vector<ir::AxisId>& group, std::size_t k);

}  // namespace ricci::jit
