#pragma once
// Axes of one element. Lanes along one would be empty but for one, and where they run elsewhere, blocks for reuse along
// it are in the way: a product of matrices one of which is a row or a column is done fastest as what it is. So a
// contraction, a stencil, or what gathers or scatters rows is compiled without its axes that have one element, and its
// tensors are bound without these dimensions:
//
//     c[i, j] = sum(k, a[i, k] * b[k, j])     ->     c[i] = sum(k, a[i, k] * b[k])       where j has one element
//                                                    c[i, j] = a[i] * b[j]               where k has one
//     y[i, j] = x[at[i], j]                   ->     y[i] = x[at[i]]                     where j has one
#include <map>
#include <span>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// Those of sums that use what they read for several results, and of such results, and those beside computed
/// subscripts, as far as they stand nowhere but as subscripts: where they have one element, a normalised program can do
/// without them.
std::vector<ir::AxisId> may_be_dropped(const ir::Program&);

/// By tensor: the dimensions, ascending, whose only subscripts are these axes.
using Dimensions = std::map<ir::TensorId, std::vector<std::size_t>>;

/// Those of `candidates` that have one element, where no tensor has another subscript beside them.
std::vector<ir::AxisId> unit_axes(const ir::Program&, const std::vector<ir::AxisId>& candidates,
                                  std::span<const std::int64_t> extents);

/// A program without axes of one element, and what its tensors lack.
struct WithoutAxes {
  ir::Program program;
  Dimensions dimensions;
};
WithoutAxes without_axes(ir::Program, const std::vector<ir::AxisId>& unit);

/// The same elements without these dimensions, each of which has one.
TensorView without_dimensions(TensorView, const std::vector<std::size_t>& dimensions);

}  // namespace ricci::jit
