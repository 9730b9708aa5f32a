#include "ir/affine.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>

namespace ricci::jit {

using namespace ir;

namespace {

// Elements for which it pays to know how far apart they are: those of some vectors, where rows lie between them.
constexpr std::int64_t many_apart = 16, many_in_column = 64;

constexpr StrideClass known_classes[] = {StrideClass::zero, StrideClass::one,   StrideClass::minus_one,
                                         StrideClass::two,  StrideClass::three, StrideClass::four};

}  // namespace

std::optional<std::int64_t> known_extent(const Program& program, AxisId axis) {
  const AxisDecl* decl = &program.axes[axis];
  while (decl->like) decl = &program.axes[*decl->like];
  if (decl->fixed >= 0) return decl->fixed;
  const Const* limit = decl->limit ? decl->limit->as<Const>() : nullptr;
  return limit ? std::optional(std::max(limit->value.as_int(), std::int64_t{0})) : std::nullopt;
}

std::vector<StrideClass> classes_of(const Layout& layout, const std::set<std::size_t>& columns) {
  std::int64_t nearest = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < layout.rank; ++i)
    if (layout.extents[i] > 1 && layout.strides[i] != 0) nearest = std::min(nearest, std::abs(layout.strides[i]));
  std::vector<StrideClass> classes;
  for (int i = 0; i < layout.rank; ++i) {
    const std::int64_t stride = layout.strides[i];
    const auto found = std::ranges::find_if(known_classes, [&](StrideClass c) { return known_stride(c) == stride; });
    const bool is_column = columns.contains(static_cast<std::size_t>(i)) && layout.extents[i] >= many_in_column;
    const bool fills_vectors = is_column || (stride == nearest && layout.extents[i] >= many_apart);
    const bool known = found != std::end(known_classes) && (stride <= 1 || fills_vectors);
    classes.push_back(known ? *found : StrideClass::any);
  }
  return classes;
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
    const std::int64_t step = known_stride(stride).value_or(0) * affine->coefficient;
    const Motion own = step == 1 ? Motion::contiguous : step == -1 ? Motion::reversed : Motion::strided;
    result = result == Motion::still ? own : Motion::strided;
  }
  return result;
}

std::optional<std::int64_t> known_step(Program& program, const Specialisation& s, TensorId tensor,
                                       const std::vector<Expr>& subscripts, AxisId axis) {
  std::int64_t step = 0;
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    const auto affine = affine_in(program.graph, subscripts[i], axis);
    if (!affine) return std::nullopt;
    if (affine->coefficient == 0) continue;
    const auto stride = known_stride(stride_class(program, s, tensor, i));
    if (!stride) return std::nullopt;
    step += *stride * affine->coefficient;
  }
  return step;
}

bool is_near(std::optional<std::int64_t> step) { return step && 2 <= std::abs(*step) && std::abs(*step) <= 4; }

std::ptrdiff_t count_bare(const std::vector<Expr>& subscripts, AxisId axis) {
  return std::ranges::count_if(subscripts, [&](Expr e) { return e->as<Axis>() && e->as<Axis>()->axis == axis; });
}

std::optional<std::size_t> bare_place(const std::vector<Expr>& subscripts, AxisId axis) {
  if (count_bare(subscripts, axis) != 1) return {};
  const auto is_axis = [&](Expr e) { return e->as<Axis>() && e->as<Axis>()->axis == axis; };
  return static_cast<std::size_t>(std::ranges::find_if(subscripts, is_axis) - subscripts.begin());
}

}  // namespace ricci::jit
