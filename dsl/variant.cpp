#include "variant.hpp"

#include <algorithm>

#include "ricci/error.hpp"

namespace ricci {

/// Mostly there are one or two, for which the call of memcmp that std::equal makes takes too long.
bool has_axes(const Variant& v, const Operands& operands) {
  bool equal = v.axes.size() == static_cast<std::size_t>(operands.axis_count);
  for (std::size_t i = 0; equal && i < v.axes.size(); ++i) equal = v.axes[i] == operands.axes[i];
  return equal;
}

bool has_constants(const Variant& v, const Operands& operands) {
  for (std::size_t k = 0; k < v.plan.shared.size(); ++k)
    if (first_equal(v.plan.shared, k, operands.scalars) != v.plan.shared[k].first) return false;
  for (const auto& [leaf, first] : v.plan.repeats)
    if (!(operands.scalars[leaf] == operands.scalars[first])) return false;
  for (const HardExponent& exponent : v.plan.hard_exponents)
    if (is_easy_exponent(operands.scalars[exponent.leaf], exponent.dtype)) return false;
  return std::all_of(v.plan.known.begin(), v.plan.known.end(),
                     [&](const KnownScalar& known) { return operands.scalars[known.leaf] == known.value; });
}

Scalar converted(const Scalar& number, DType dtype) {
  if (number.dtype == dtype) return number;
  if (is_integer(number.dtype) && is_integer(dtype)) {
    const bool negative = is_signed_integer(number.dtype) && number.as_int() < 0;
    const Scalar result = evaluate(Op::cast, dtype, {&number, 1});
    const bool negative_result = is_signed_integer(dtype) && result.as_int() < 0;
    if (negative != negative_result || result.as_int() != number.as_int())
      throw Error(Error::Kind::dtype, "the number " + std::to_string(number.as_int()) + " does not fit " +
                                          std::string(to_string(dtype)));
    return result;
  }
  return evaluate(Op::cast, dtype, {&number, 1});
}

void convert_scalars(const Variant& v, const Operands& operands, TensorPointers tensors, Scalar* params) {
  const ir::Program& program = v.executable->program();
  for (std::size_t i = 0; i < v.plan.scalars.size(); ++i)
    params[i] = converted(operands.scalars[v.plan.scalars[i]], program.params[i].dtype);
  for (const IntegerSubscript& use : v.plan.integers) {
    const std::int64_t extent = tensors[use.tensor]->layout.extents[use.axis], given = params[use.param].as_int();
    if (use.checked && (given < -extent || given >= extent))
      throw Error(Error::Kind::bounds, "subscript " + std::to_string(given) + " is outside axis " +
                                           std::to_string(use.axis) + " of " + program.tensors[use.tensor].name +
                                           ", which has extent " + std::to_string(extent));
    params[use.param] = Scalar::of(given < 0 ? given + extent : given);
  }
}

}  // namespace ricci
