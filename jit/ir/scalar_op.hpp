#pragma once
// The scalar semantics of the op table, applied to packed lanes: evaluate() is the one-lane case.
#include <cstddef>
#include <span>

#include "ricci/op.hpp"

namespace ricci {

/// out[i] = op(args[0][i], args[1][i], ...) for `lanes` packed elements each. `operand` is the dtype of the
/// arguments (for select: of its branches; its condition is b1), `result` that of the outcome; they fit the op's
/// typing. `out` may be one of the arguments. A b1 element is true when its byte is not zero.
void evaluate_lanes(Op op, DType result, DType operand, std::size_t lanes, void* out,
                    std::span<const void* const> args);

}  // namespace ricci
