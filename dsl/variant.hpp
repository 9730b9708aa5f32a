#pragma once
// Variant: one compiled form of a statement.
#include <cstdint>
#include <memory>
#include <vector>

#include "ricci/compile.hpp"
#include "ricci/resolve.hpp"
#include "ricci/statement.hpp"

namespace ricci {

/// For one set of positional axes, one pattern of equal tensors and some constants. A Site never destroys its own.
struct Variant {
  const Variant* next;
  std::vector<std::uint8_t> tensors;  // by leaf: the number of its tensor, by first appearance
  std::uint64_t code;                 // of these
  std::vector<std::int64_t> axes;
  std::shared_ptr<Executable> executable;
  Resolved plan;  // all but its program, which the executable has
};

/// Whether a variant is for the axes of these operands, and for their numbers.
bool has_axes(const Variant&, const Operands&);
bool has_constants(const Variant&, const Operands&);

/// The numbers as the params of the variant's program, for these tensors of it: null are those that are to be made.
/// Throws Error{dtype} for an integer that does not fit and Error{bounds} for a subscript outside its axis.
void convert_scalars(const Variant&, const Operands&, TensorPointers, Scalar* params);

}  // namespace ricci
