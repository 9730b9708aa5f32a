#pragma once
// Products of a matrix by one of few columns: sum(k, a[i, k] * b[k, j]) with two to eight j. Lanes along j would be
// empty for the most part, and for lanes along i all of `a` would have to be transposed. Instead a vector has lanes
// for all columns by a few iterations of k, side by side: `a` is loaded as it lies in memory, the same few elements
// for each of the columns, and only `b`, which is small, is put in that order beforehand. What the lanes of a column
// have summed is added up in the end. These vectors have 64 bytes for two columns and 128 for more, whatever the
// registers have, so that sums have the same order everywhere. (Two registers multiply what is repeated once. A Zen 4
// repeats elements in the units that it multiplies in: with one register each product took 1.4 cycles.)
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "ricci/tensor_view.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// sum(along, a * b) with the reads of a[.., rows, along] and b[.., along, columns], by whatever names.
struct SlenderProduct {
  ir::Expr fold, a, b;
  ir::AxisId rows, columns, along;
  bool has_functions;  // somewhere in the statement: most of their lanes are empty
};

/// The only reduction of a statement, if it is such a product as far as that can be told without knowing sizes.
std::optional<SlenderProduct> slender_product(const ir::Statement&);

/// Notes those of few columns, by the length of their axes: for how many a vector has lanes where there are so many (2,
/// 4 or 8). What they store has no vectors down its columns: how far these are apart is not assumed, so that products
/// of many rows and of few share kernels.
void find_slender_products(const ir::Program&, std::span<const TensorView>,
                           const std::function<std::int64_t(ir::AxisId)>& length, Specialisation&);

/// The tile of a nest that is such a product of what is known to be few columns, and the axis of these.
std::optional<std::pair<RegisterTile, ir::AxisId>> find_slender(ir::Program&, const Specialisation&, const Target&,
                                                                const Nest&);

/// Items of a nest with this tile: blocks of its rows, by all columns that have lanes.
void order_slender(const ir::Program&, const RegisterTile&, ir::AxisId columns, Nest&);

}  // namespace ricci::jit
