#pragma once
// From a surface statement to the index IR: named indices become axes with scopes, unnamed axes are aligned, casts
// become explicit, boolean factors become selections, numbers become constants or params.
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ricci/ir.hpp"
#include "ricci/statement.hpp"

namespace ricci {

/// An integer subscript: its scalar must be normalised with the extent of this axis of this tensor.
struct IntegerSubscript {
  ir::ParamId param;
  ir::TensorId tensor;
  std::uint32_t axis;
  bool checked;  // it must be inside; otherwise the program decides what happens
};

/// A scalar leaf that the program has as a constant.
struct KnownScalar {
  int leaf;
  Scalar value;
};

/// A scalar leaf that is an exponent, and a param, because its number is not easy.
struct HardExponent {
  int leaf;
  DType dtype;
};
/// Whether a power with this exponent is a division, a root or a few products: those are compiled as such.
bool is_easy_exponent(const Scalar& number, DType dtype);

/// A scalar leaf that is a param: that of the first leaf with the same number in the same place.
struct SharedScalar {
  int leaf;
  DType dtype;
  std::optional<ir::TensorAxis> subscript;  // of an integer subscript: the axis at which it stands
  int first;                                // the first such leaf; it may be this one
};

/// The first tensors of the program are the target, or the new ones; the others follow in the order of
/// `Leaves::tensors`.
struct Resolved {
  ir::Program program;
  std::vector<std::vector<ir::AxisId>> result_axes;  // of each new tensor: the axis behind each of its dimensions
  std::vector<int> scalars;                // by param: its scalar leaf, to be converted to the declared dtype
  std::vector<IntegerSubscript> integers;
  std::vector<KnownScalar> known;
  std::vector<HardExponent> hard_exponents;
  std::vector<SharedScalar> shared;
  std::vector<std::pair<int, int>> repeats;  // scalar leaves that are the param of an earlier one with an equal number
};

/// What the tree of a statement leaves open until it runs.
struct Leaves {
  std::span<const std::uint8_t> tensors;   // by tensor leaf: its number; equal numbers are the same tensor
  std::span<const std::int64_t> axes;      // of each positional reduction its axes, not negative
  const std::string_view* names = nullptr; // by tensor leaf, for messages and dumps; may be null
  const Scalar* scalars = nullptr;         // by scalar leaf, or null; then numbers of integer arithmetic are constants,
                                           // because strides and bounds of subscripts follow from them
  const std::vector<KnownScalar>* lasting = nullptr;  // if not null, only those that are equal to these
  const Scalar* numbers = nullptr;         // by scalar leaf, or null; then those of equal parts share params, and those
                                           // beside a mask on the left, so that masks of the same numbers are the same
  bool repeats = true;                     // whether equal parts are looked for
};

/// The first of the leaves with which entry `k` may share a param; it may be its own.
int first_equal(std::span<const SharedScalar>, std::size_t k, const Scalar* numbers);

/// The statements must have passed check_assignment() or check_new_tensor(). There is one, or several that all make
/// new tensors: these run as one program.
Resolved resolve(std::span<const StatementSyntax>, const Leaves&);

}  // namespace ricci
