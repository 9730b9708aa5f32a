#include "counting.hpp"

#include <algorithm>

#include "ricci/extents.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Copies expressions into another graph, where tensors have other numbers.
class Copy {
 public:
  Copy(Graph& to, const std::vector<TensorId>& tensors) : to_(to), tensors_(tensors) {}

  Expr of(Expr root) {
    std::vector<Expr> all = nodes({root});
    std::ranges::sort(all, {}, &Node::id);  // children before parents
    for (Expr e : all)
      if (!copies_.contains(e)) copies_.emplace(e, copied(e));
    return copies_.at(root);
  }

 private:
  Expr copied(Expr e) {
    const auto list = [&](const std::vector<Expr>& old) {
      std::vector<Expr> fresh;
      for (Expr x : old) fresh.push_back(copies_.at(x));
      return fresh;
    };
    const auto intern = [&](Node::Kind kind) { return to_.intern(std::move(kind), e->dtype); };
    return visit(
        e, [&](const Apply& n) { return intern(Apply{n.op, list(n.args)}); },
        [&](const Read& n) {
          const auto tensor = static_cast<TensorId>(std::ranges::find(tensors_, n.tensor) - tensors_.begin());
          return intern(Read{tensor, list(n.subscripts), n.policy, n.guard ? copies_.at(n.guard) : nullptr});
        },
        [&](const Fold& n) {
          const auto copy = [&](Expr bound) { return copies_.at(bound); };
          return intern(Fold{n.reduction, n.axes, copies_.at(n.body), map_bounds(n.ranges, copy)});
        },
        [&](const Project& n) { return intern(Project{copies_.at(n.fold), n.result}); },
        [&](const Nonzero& n) {
          return intern(Nonzero{n.axes, copies_.at(n.condition), copies_.at(n.position), n.which, n.along});
        },
        [&](const auto& leaf) { return intern(leaf); });
  }

  Graph& to_;
  const std::vector<TensorId>& tensors_;
  Memo copies_;
};

/// The axes of these expressions and all that their extents follow from.
std::vector<AxisId> deciding_axes(const Program& program, std::vector<Expr> expressions) {
  std::vector<AxisId> axes;
  const auto add = [&](AxisId axis) {
    if (std::ranges::count(axes, axis) == 0) axes.push_back(axis);
  };
  std::ranges::for_each(axes_within(expressions), add);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const AxisDecl& axis = program.axes[axes[k]];
    std::vector<Expr> deciding;
    if (axis.limit) deciding.push_back(axis.limit);
    for (const AffineUse& use : axis.inside) {
      deciding.push_back(use.rest);
      std::ranges::for_each(use.rest->free, add);
    }
    std::ranges::for_each(axes_within(deciding), add);
    if (axis.like) add(*axis.like);
  }
  return axes;
}

}  // namespace

CountingProgram counting_program(const Program& program, Expr count) {
  CountingProgram made;
  const auto add_tensor = [&](TensorId tensor) {
    if (std::ranges::count(made.tensors, tensor) == 0) made.tensors.push_back(tensor);
  };
  std::vector<Expr> expressions{count};
  for (Expr e : count_expressions(program))  // those that the axes of the count have, and so on, stand before it
    if (e == count) break;
    else expressions.push_back(e);
  for (Expr e : nodes(expressions))
    if (const Read* read = e->as<Read>()) add_tensor(read->tensor);
  std::ranges::sort(made.tensors);
  const std::vector<AxisId> used = deciding_axes(program, expressions);
  Copy copy(made.program.graph, made.tensors);
  const auto place = [&](TensorAxis use) -> std::optional<TensorAxis> {
    const auto at = std::ranges::find(made.tensors, use.tensor);
    if (at == made.tensors.end()) return std::nullopt;
    return TensorAxis{static_cast<TensorId>(at - made.tensors.begin()), use.axis};
  };
  for (TensorId tensor : made.tensors) made.program.tensors.push_back(TensorDecl(program.tensors[tensor]));
  made.program.tensors.push_back({"count", DType::i64, 0, {}});
  made.program.params = program.params;
  for (AxisId id = 0; id < program.axes.size(); ++id) {
    const AxisDecl& old = program.axes[id];
    AxisDecl& axis = made.program.axes.emplace_back(AxisDecl{old.name, {}, old.fixed, false});
    if (std::ranges::count(used, id) == 0) {
      axis.fixed = 1;  // not an axis of this program
      continue;
    }
    const auto keep = [&](const std::vector<TensorAxis>& uses, std::vector<TensorAxis>& kept) {
      for (const TensorAxis& use : uses)
        if (const auto at = place(use)) kept.push_back(*at);
    };
    keep(old.sizes, axis.sizes);
    keep(old.left, axis.left);
    for (const AffineUse& use : old.inside)
      if (const auto at = place(use.at)) axis.inside.push_back({*at, use.coefficient, copy.of(use.rest)});
    if (old.limit) axis.limit = copy.of(old.limit);
    axis.like = old.like;
    for (Expr inner : old.counts) axis.counts.push_back(copy.of(inner));
  }
  made.program.statements.push_back({.target = static_cast<TensorId>(made.tensors.size()),
                                     .subscripts = {},
                                     .update = std::nullopt,
                                     .value = copy.of(count),
                                     .guard = nullptr,
                                     .domain = {}});
  return made;
}

}  // namespace ricci::jit
