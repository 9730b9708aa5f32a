#pragma once
// Results in rows of two to four elements, such as points or pixels. Lanes along a row would be mostly empty. They run
// from row to row instead, for one element of the rows after another, and store a few elements apart:
//
//     y[n, c] = a[n, c] * b[n]     ->     for tiles of n: for c: for lanes of n: y[n.., c] = a[n.., c] * b[n..]
#include <map>
#include <set>

#include "schedule/schedule.hpp"

namespace ricci::jit {

struct ShortResult {
  ir::AxisId along, down;  // an element of a row, and the rows
  std::int64_t elements;   // from one row to the next
};

/// Axes of tensors.
using Columns = std::map<ir::TensorId, std::set<std::size_t>>;

/// Those along which columns of rows are read one by one, outside of reductions, as in x[n, 0]; all of targets, and all
/// that is read where nothing is reduced.
Columns axes_of_columns(const ir::Program&);

/// The axes of such rows, if all that the nest stores lies in them and nothing is reduced for a whole row, which would
/// be done again for each element.
std::optional<ShortResult> find_short_result(const ir::Program&, const Specialisation&, const Nest&);

/// The same where reductions run through long rows for it, each for one element.
std::optional<ShortResult> find_short_product(const ir::Program&, const Specialisation&, const Nest&);

/// Puts the elements of a row inside of a tile of rows, if the lanes run down.
void order_short_result(const ShortResult&, Nest&);

}  // namespace ricci::jit
