#include "ir/parts.hpp"

#include <algorithm>

#include "ricci/extents.hpp"
#include "ricci/overlap.hpp"

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
        e, [&](const Const& n) { return intern(n); }, [&](const Axis& n) { return intern(n); },
        [&](const Extent& n) { return intern(n); }, [&](const Param& n) { return intern(n); },
        [&](const Apply& n) { return intern(Apply{n.op, list(n.args)}); },
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
        [&](const Sort& n) {
          return intern(Sort{n.axes, copies_.at(n.key), copies_.at(n.position), n.descending});
        });
  }

  Graph& to_;
  const std::vector<TensorId>& tensors_;
  Memo copies_;
};

/// Axes, and all that their extents follow from.
struct Deciding {
  std::vector<AxisId> axes;
  std::vector<Expr> counts;
};

Deciding deciding(const Program& program, const std::vector<Expr>& expressions, const std::vector<AxisId>& domain) {
  Deciding found;
  const auto add = [](auto& list, const auto& item) {
    if (std::ranges::count(list, item) == 0) list.push_back(item);
  };
  const auto add_axes = [&](const std::vector<AxisId>& axes) {
    for (AxisId axis : axes) add(found.axes, axis);
  };
  add_axes(domain);
  add_axes(axes_within(expressions));
  for (Expr e : expressions) add_axes(e->free);
  for (std::size_t k = 0; k < found.axes.size(); ++k) {
    const AxisDecl& axis = program.axes[found.axes[k]];
    std::vector<Expr> limits = axis.counts;
    for (Expr count : axis.counts) add(found.counts, count);
    if (axis.limit) limits.push_back(axis.limit);
    for (const AffineUse& use : axis.inside) {
      limits.push_back(use.rest);
      add_axes(use.rest->free);
    }
    add_axes(axes_within(limits));
    if (axis.like) add(found.axes, *axis.like);
  }
  return found;
}

/// Tensors that give these axes an extent, for each axis of which the tensors `read` say nothing: a simplification, or
/// an array without subscripts that has extent 1 there, may leave none in the expression. Targets may not be made yet.
std::vector<TensorId> sizing(const Program& program, const std::vector<AxisId>& axes,
                             const std::vector<TensorId>& read) {
  std::vector<TensorId> found;
  for (AxisId id : axes) {
    const AxisDecl& axis = program.axes[id];
    const auto is_read = [&](const TensorAxis& use) { return std::ranges::count(read, use.tensor) > 0; };
    if (axis.fixed >= 0 || axis.like || std::ranges::any_of(axis.sizes, is_read)) continue;
    for (const TensorAxis& use : axis.sizes)
      if (std::ranges::count(program.statements, use.tensor, &Statement::target) == 0) found.push_back(use.tensor);
  }
  return found;
}

/// What stands for an axis that a part does not have.
AxisDecl no_axis(const AxisDecl& old) { return {.name = old.name, .sizes = {}, .fixed = 1}; }

Deciding deciding(const Program& program, const Statement& s) { return deciding(program, expressions(s), s.domain); }

}  // namespace

Part computing(const Program& program, Expr value, const std::vector<AxisId>& axes, std::string name) {
  Part made;
  const Deciding used = deciding(program, {value}, axes);
  std::vector<Expr> reading = used.counts;
  reading.push_back(value);
  for (Expr e : nodes(std::move(reading)))
    if (const Read* read = e->as<Read>(); read && std::ranges::count(made.tensors, read->tensor) == 0)
      made.tensors.push_back(read->tensor);
  for (TensorId tensor : sizing(program, used.axes, made.tensors))
    if (std::ranges::count(made.tensors, tensor) == 0) made.tensors.push_back(tensor);
  std::ranges::sort(made.tensors);
  Copy copy(made.program.graph, made.tensors);
  for (TensorId tensor : made.tensors) made.program.tensors.push_back(TensorDecl(program.tensors[tensor]));
  const auto target = static_cast<TensorId>(made.tensors.size());
  made.program.tensors.push_back({std::move(name), value->dtype, static_cast<int>(axes.size()), {}});
  made.program.params = program.params;
  for (AxisId id = 0; id < program.axes.size(); ++id) {
    const AxisDecl& old = program.axes[id];
    AxisDecl& axis = made.program.axes.emplace_back(no_axis(old));
    if (std::ranges::count(used.axes, id) == 0) continue;
    axis.fixed = old.fixed;
    const auto place = [&](TensorAxis use) -> std::optional<TensorAxis> {
      const auto at = std::ranges::find(made.tensors, use.tensor);
      if (at == made.tensors.end()) return std::nullopt;
      return TensorAxis{static_cast<TensorId>(at - made.tensors.begin()), use.axis};
    };
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
  Statement s{.target = target, .subscripts = {}, .update = {}, .value = copy.of(value), .domain = axes};
  for (std::uint32_t k = 0; k < axes.size(); ++k) {
    AxisDecl& axis = made.program.axes[axes[k]];
    axis.sizes.push_back({target, k});
    axis.left.push_back({target, k});
    s.subscripts.push_back(ir::axis(made.program.graph, axes[k]));
  }
  made.program.statements.push_back(std::move(s));
  return made;
}

Program alone(const Program& program, std::size_t statement) {
  Program part = program;
  part.statements = {program.statements[statement]};
  const Deciding used = deciding(program, part.statements[0]);
  for (AxisId id = 0; id < part.axes.size(); ++id)
    if (std::ranges::count(used.axes, id) == 0) part.axes[id] = no_axis(program.axes[id]);
  return part;
}

bool counts_anew(const Program& program, std::span<const TensorView> tensors) {
  std::vector<TensorId> written;
  const auto is_written = [&](Expr e) {
    const Read* read = e->as<Read>();
    return read && std::ranges::any_of(written, [&](TensorId w) {
      return w == read->tensor || (!tensors.empty() && may_overlap(tensors[w], tensors[read->tensor]));
    });
  };
  for (const Statement& s : program.statements) {
    const Deciding used = deciding(program, s);
    for (Expr count : used.counts)
      if (std::ranges::any_of(nodes({count}), is_written)) return true;
    written.push_back(s.target);
  }
  return false;
}

}  // namespace ricci::jit
