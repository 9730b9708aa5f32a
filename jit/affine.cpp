#include "affine.hpp"

namespace ricci::jit {

using namespace ir;

std::optional<Affine> affine_in(Graph& g, Expr e, AxisId axis) {
  if (!uses_axis(e, axis)) return Affine{0, e};
  if (e->as<Axis>()) return Affine{1, constant(g, std::int64_t{0})};
  const Apply* apply = e->as<Apply>();
  if (!apply || e->dtype != DType::i64) return {};
  const auto part = [&](std::size_t i) { return affine_in(g, apply->args[i], axis); };
  switch (apply->op) {
    case Op::add:
    case Op::subtract: {
      const auto a = part(0), b = part(1);
      if (!a || !b) return {};
      const std::int64_t sign = apply->op == Op::add ? 1 : -1;
      return Affine{a->coefficient + sign * b->coefficient, ir::apply(g, apply->op, {a->rest, b->rest})};
    }
    case Op::negate: {
      const auto a = part(0);
      if (!a) return {};
      return Affine{-a->coefficient, ir::apply(g, Op::negate, {a->rest})};
    }
    case Op::multiply:
      for (std::size_t i : {0, 1}) {
        const Const* factor = apply->args[1 - i]->as<Const>();
        const auto a = factor ? part(i) : std::nullopt;
        if (!a) continue;
        return Affine{a->coefficient * factor->value.as_int(), ir::apply(g, Op::multiply, {a->rest, apply->args[1 - i]})};
      }
      return {};
    default: return {};
  }
}

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
    const bool by_one = affine->coefficient == 1 && stride == StrideClass::one;
    result = by_one && result == Motion::still ? Motion::contiguous : Motion::strided;
  }
  return result;
}

}  // namespace ricci::jit
