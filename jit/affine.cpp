#include "affine.hpp"

namespace ricci::jit {

using namespace ir;

StrideClass stride_class(const Program& program, const Specialisation& s, TensorId tensor, std::size_t axis) {
  const auto& table = program.tensors[tensor].table;
  if (!table.empty()) return axis + 1 == table.size() ? StrideClass::one : StrideClass::any;
  return s.strides[tensor][axis];
}

Motion motion(Program& program, const Specialisation& s, TensorId tensor, const std::vector<Expr>& subscripts,
              AxisId axis) {
  Motion result = Motion::still;
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    const auto affine = affine_in(program.graph, subscripts[i], axis);
    if (!affine) return Motion::irregular;
    const StrideClass stride = stride_class(program, s, tensor, i);
    if (affine->coefficient == 0 || stride == StrideClass::zero) continue;
    const std::int64_t step = known_stride(stride).value_or(0) * affine->coefficient;
    const Motion own = step == 1 ? Motion::contiguous : step == -1 ? Motion::reversed : Motion::strided;
    result = result == Motion::still ? own : Motion::strided;
  }
  return result;
}

}  // namespace ricci::jit
