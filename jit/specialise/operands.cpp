#include "specialise/operands.hpp"

#include <algorithm>

#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// So many uses of an element, and so many elements reduced in all, are worth a copy.
constexpr std::int64_t least_uses = 4, least_work = 1 << 10;
constexpr std::int64_t enough = std::int64_t{1} << 40;

std::int64_t elements_of(const std::vector<AxisId>& axes, std::span<const std::int64_t> extents) {
  std::int64_t elements = 1;
  for (AxisId axis : axes)
    elements = extents[axis] > enough / std::max<std::int64_t>(elements, 1) ? enough : elements * extents[axis];
  return elements;
}

/// An operand of a reduction: each of its subscripts is an axis of its own.
struct Operand {
  Expr read;
  std::vector<AxisId> axes;
  std::vector<std::int64_t> strides;
  std::int64_t elements;

  /// From one element to the next along an axis; 0: it does not move.
  std::int64_t stride(AxisId axis) const {
    const auto at = std::ranges::find(axes, axis);
    return at == axes.end() ? 0 : strides[static_cast<std::size_t>(at - axes.begin())];
  }
};

std::optional<Operand> operand(const Program& program, Expr e, std::span<const TensorView> tensors,
                               std::span<const std::int64_t> extents) {
  const Read* read = e->as<Read>();
  if (!read || read->guard || !program.tensors[read->tensor].table.empty()) return {};
  Operand made{e, {}, {}, 1};
  for (std::size_t i = 0; i < read->subscripts.size(); ++i) {
    const Axis* axis = read->subscripts[i]->as<Axis>();
    if (!axis || std::ranges::count(made.axes, axis->axis) > 0) return {};
    made.axes.push_back(axis->axis);
    made.strides.push_back(tensors[read->tensor].layout.strides[i]);
  }
  made.elements = elements_of(made.axes, extents);
  return made;
}

/// Whether `other` has its neighbours along another reduced axis than `own`, which then moves from line to line.
bool is_across(const Operand& own, const Operand& other, const Fold& fold) {
  const auto along = [&](const Operand& of) {
    return std::ranges::find_if(fold.axes, [&](AxisId axis) { return of.stride(axis) == 1; });
  };
  const auto mine = along(own), others = along(other);
  return mine != fold.axes.end() && others != fold.axes.end() && mine != others && own.stride(*others) != 0;
}

/// The axes of an operand as another one has them: those of the results first.
std::vector<AxisId> order_like(const Operand& own, const Operand& other, const Fold& fold) {
  std::vector<AxisId> order = own.axes;
  const auto place = [&](AxisId axis) {
    const bool is_reduced = std::ranges::count(fold.axes, axis) > 0;
    return std::pair(is_reduced, is_reduced ? -std::abs(other.stride(axis)) : 0);
  };
  std::ranges::stable_sort(order, {}, place);
  return order;
}

std::optional<Disordered> disordered(const Program& program, Expr e, std::span<const TensorView> tensors,
                                     std::span<const std::int64_t> extents) {
  const Fold& fold = *e->as<Fold>();
  if (fold.axes.size() < 2 || !fold.ranges.empty() || elements_of(e->free, extents) < least_uses) return {};
  if (elements_of(e->free, extents) * std::min(elements_of(fold.axes, extents), least_work) < least_work) return {};
  std::vector<Operand> operands;
  for (Expr n : nodes({fold.body})) {
    if (bound_axes(n)) return {};
    const auto is_reduced = [&](AxisId axis) { return uses_axis(n, axis); };
    if (!n->as<Read>() || std::ranges::none_of(fold.axes, is_reduced)) continue;
    auto made = operand(program, n, tensors, extents);
    if (!made) return {};
    operands.push_back(*std::move(made));
  }
  std::ranges::stable_sort(operands, {}, [](const Operand& o) { return std::pair(o.elements, o.read->id); });
  for (const Operand& own : operands) {
    std::vector<AxisId> others = e->free;
    std::erase_if(others, [&](AxisId axis) { return uses_axis(own.read, axis); });
    if (elements_of(others, extents) < least_uses) continue;
    for (const Operand& other : operands)
      if (is_across(own, other, fold)) return Disordered{own.read, order_like(own, other, fold)};
  }
  return {};
}

}  // namespace

std::vector<Disordered> find_disordered(const Program& program, std::span<const TensorView> tensors,
                                        std::span<const std::int64_t> extents) {
  std::vector<Disordered> found;
  for (const Statement& s : program.statements) {
    if (is_private(program, s.target) || s.in_order || s.stage || s.appends) continue;
    const auto is_own = [&](AxisId axis) { return std::ranges::count(s.domain, axis) > 0; };
    for (Expr e : nodes({s.value})) {
      const Fold* fold = e->as<Fold>();
      if (!fold || e->free.empty() || !std::ranges::all_of(e->free, is_own)) continue;
      if (program.axes[fold->axes[0]].tables) continue;
      const auto one = disordered(program, e, tensors, extents);
      if (one && std::ranges::count(found, one->read, &Disordered::read) == 0) found.push_back(*one);
    }
  }
  return found;
}

Program with_operands_in_order(Program program, const std::vector<Disordered>& all) {
  Graph& g = program.graph;
  std::vector<Statement> old = std::exchange(program.statements, {});
  for (Statement& s : old) {
    const std::vector<Expr> within = nodes({s.value});
    Memo memo;
    for (const Disordered& one : all) {
      if (std::ranges::count(within, one.read) == 0) continue;
      std::vector<AxisId> domain;
      std::vector<Expr> at, places;
      std::unordered_map<AxisId, Expr> renamed;
      for (AxisId axis : one.order) {
        program.axes.push_back({.name = program.axes[axis].name, .sizes = {}, .like = axis});
        domain.push_back(static_cast<AxisId>(program.axes.size() - 1));
        at.push_back(ir::axis(g, domain.back()));
        places.push_back(ir::axis(g, axis));
        renamed.emplace(axis, at.back());
      }
      const auto tensor = static_cast<TensorId>(program.tensors.size());
      const DType dtype = one.read->dtype;
      program.tensors.push_back({"ordered", dtype, static_cast<int>(domain.size()), domain});
      program.statements.push_back({.target = tensor,
                                    .subscripts = at,
                                    .update = {},
                                    .value = substitute(g, one.read, renamed),
                                    .domain = domain,
                                    .policy = Policy::assume_inside});
      memo.emplace(one.read, read(g, tensor, dtype, places, Policy::assume_inside));
    }
    s.value = replace(g, s.value, memo, [](Expr) -> Expr { return nullptr; });
    program.statements.push_back(std::move(s));
  }
  return program;
}

}  // namespace ricci::jit
