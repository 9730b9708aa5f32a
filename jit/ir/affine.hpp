#pragma once
// How an access moves in memory when one axis moves: what decides between a vector load, a broadcast and a gather.
#include <optional>
#include <set>

#include "ir/specialisation.hpp"
#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

enum class Motion : std::uint8_t {
  still,       // the same element for every value of the axis
  contiguous,  // the next element in memory
  reversed,    // the one before it
  strided,     // a constant distance that is not known to be one element
  irregular,   // data decides
};

/// How `tensor[subscripts]` moves with `axis`. Tables are row-major.
Motion motion(ir::Program&, const Specialisation&, ir::TensorId tensor, const std::vector<ir::Expr>& subscripts,
              ir::AxisId axis);

/// How many elements lie from one value of the axis to the next, where the kernel knows that.
std::optional<std::int64_t> known_step(ir::Program&, const Specialisation&, ir::TensorId tensor,
                                       const std::vector<ir::Expr>& subscripts, ir::AxisId axis);

/// The most values that the axis ever has, where the program says that.
std::optional<std::int64_t> known_extent(const ir::Program&, ir::AxisId);

/// Whether lanes are so few elements apart that whole vectors are loaded from the first to the last of them.
bool is_near(std::optional<std::int64_t> step);

/// What a kernel knows of the strides of a tensor. Those from 2 to 4 it knows where elements so far apart fill vectors:
/// along the nearest axis, and along others of which single `columns` are accessed.
std::vector<StrideClass> classes_of(const Layout&, const std::set<std::size_t>& columns);

/// How often the axis stands bare among the subscripts, and where if that is once.
std::ptrdiff_t count_bare(const std::vector<ir::Expr>& subscripts, ir::AxisId);
std::optional<std::size_t> bare_place(const std::vector<ir::Expr>& subscripts, ir::AxisId);

/// The stride class of one axis of a tensor or table.
StrideClass stride_class(const ir::Program&, const Specialisation&, ir::TensorId tensor, std::size_t axis);

}  // namespace ricci::jit
