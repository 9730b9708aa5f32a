// Axes of dynamic extent: where a condition holds.
#include <algorithm>

#include "resolver.hpp"

namespace ricci {

/// The values of `axes` where the condition holds, one after the other along `along`, which has as many elements. Equal
/// conditions are counted once: the axes become those of the first.
std::vector<ir::Expr> Resolver::chosen(Axes& axes, ir::Expr condition, ir::AxisId along) {
  ir::Graph& g = graph();
  std::vector<ir::Expr> values;
  const auto is_equal = [&](const Choice& known) {
    if (known.axes.size() != axes.size()) return false;
    std::unordered_map<ir::AxisId, ir::Expr> renamed;
    for (std::size_t k = 0; k < axes.size(); ++k) renamed.emplace(axes[k], ir::axis(g, known.axes[k]));
    return ir::substitute(g, condition, renamed) == known.condition;
  };
  for (const Written& mask : written_)
    if (mask.along == along && is_equal(mask.choice)) {
      axes = mask.choice.axes;
      for (ir::AxisId axis : axes) values.push_back(ir::axis(g, axis));
      return values;
    }
  auto known = std::ranges::find_if(choices_, is_equal);
  if (known == choices_.end()) known = choices_.insert(known, {axes, condition});
  for (std::size_t k = 0; k < axes.size(); ++k)
    for (const ir::TensorAxis& use : std::vector(out_.program.axes[axes[k]].sizes)) add_size(known->axes[k], use);
  axes = known->axes;
  const ir::Expr count = ir::count(g, axes, known->condition);
  std::vector<ir::Expr>& counts = out_.program.axes[along].counts;
  if (std::ranges::count(counts, count) == 0) counts.push_back(count);
  for (std::uint32_t k = 0; k < axes.size(); ++k)
    values.push_back(ir::nonzero(g, axes, known->condition, ir::axis(g, along), k, along));
  return values;
}

/// The choices of the axes that the node binds: the values of each.
std::vector<ir::Expr> Resolver::places(const Syntax& node, Axes& axes, ir::AxisId along) {
  const Syntax& child = *node.child[0];
  const std::size_t outside = scope_.size();
  for (int i = 0; i < node.bound.size; ++i) axes.push_back(open(node.bound[i]));
  for (int i = 0; i < child.rank && node.bound.size == 0; ++i) axes.push_back(new_axis("_"));
  const ir::Expr condition = lower_as(child, DType::b1, axes);
  scope_.resize(outside);
  return chosen(axes, condition, along);
}

/// Row-major numbers of the choices of the axes.
ir::Expr Resolver::nonzero(const Syntax& node, ir::AxisId along) {
  Axes axes;
  const std::vector<ir::Expr> values = places(node, axes, along);
  ir::Expr number = values[0];
  for (std::size_t k = 1; k < values.size(); ++k) {
    const ir::Expr rows = ir::apply(graph(), Op::multiply, {number, ir::extent(graph(), axes[k])});
    number = ir::apply(graph(), Op::add, {rows, values[k]});
  }
  return number;
}

Resolver::Axes Resolver::aligned(const Axes& unnamed, int rank) const {
  if (rank == 0 || rank == static_cast<int>(unnamed.size())) return unnamed;
  Axes axes = unnamed;
  for (const auto& [mask, along] : written_) {
    const auto first = std::ranges::find(axes, mask.axes[0]);
    *first = along;
    axes.erase(first + 1, first + static_cast<std::ptrdiff_t>(mask.axes.size()));
  }
  return axes;
}

void Resolver::check_written(ir::Expr value) {
  for (const auto& [mask, along] : written_) {
    if (mask.axes.size() == 1) continue;
    ir::AxisDecl& axis = out_.program.axes[along];
    if (ir::uses_axis(value, along) || !axis.sizes.empty()) require({Rule::not_of_the_same_mask, {}});
    axis.fixed = 1;
  }
  written_.clear();
}

}  // namespace ricci
