#include "specialise/unit_axes.hpp"

#include <algorithm>
#include <set>

#include "ir/survey.hpp"
#include "specialise/reuse.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool contains(const std::vector<AxisId>& axes, AxisId axis) { return std::ranges::count(axes, axis) > 0; }

/// Whether a reduction of one element is that element.
bool is_element(const Fold& fold, DType dtype) {
  return fold.reduction == Reduction::sum && fold.ranges.empty() && fold.body->dtype == dtype;
}

/// The subscripts that each dimension has somewhere.
std::map<std::pair<TensorId, std::size_t>, std::set<Expr>> subscripts_of(const Survey& survey) {
  std::map<std::pair<TensorId, std::size_t>, std::set<Expr>> found;
  for (const Access& access : survey.accesses)
    for (std::size_t i = 0; i < access.subscripts.size(); ++i) found[{access.tensor, i}].insert(access.subscripts[i]);
  return found;
}

/// Whether the dimension counts the private tables themselves.
bool is_counter(const Program& program, const std::pair<TensorId, std::size_t>& dimension) {
  const std::vector<AxisId>& table = program.tensors[dimension.first].table;
  return !table.empty() && program.axes[table[dimension.second]].tables;
}

/// Calls f with the axes that are needed as they are: that stand for a value, whose extents do not follow from tensors
/// alone, or that other things than sums bind.
template <class F>
void needed_axes(const Program& program, const Survey& survey, F f) {
  for (AxisId axis : survey.values) f(axis);
  for (AxisId id = 0; id < program.axes.size(); ++id) {
    const AxisDecl& axis = program.axes[id];
    if (axis.tables || axis.limit || !axis.inside.empty() || !axis.counts.empty()) f(id);
  }
  for (Expr e : survey.nodes) {
    const Fold* fold = e->as<Fold>();
    if (const std::vector<AxisId>* bound = bound_axes(e); bound && !(fold && is_element(*fold, e->dtype)))
      for (AxisId axis : *bound) f(axis);
  }
}

}  // namespace

std::vector<AxisId> may_be_dropped(const Program& program) {
  const auto is_special = [](const Statement& s) { return s.in_order || s.stage || s.appends; };
  if (std::ranges::any_of(program.statements, is_special)) return {};
  const Survey survey(program);
  std::set<AxisId> found;
  for (const Access& access : survey.accesses) {  // rows of memory
    const Axis* last = access.subscripts.empty() ? nullptr : access.subscripts.back()->as<Axis>();
    const auto is_computed = [](Expr e) { return !e->free.empty() && !e->as<Axis>(); };
    if (last && std::ranges::any_of(access.subscripts, is_computed)) found.insert(last->axis);
  }
  for (Expr e : survey.nodes) {
    const std::set<AxisId> reuse = axes_of_reuse(e, {});
    if (reuse.empty()) continue;
    found.insert(reuse.begin(), reuse.end());
    for (AxisId axis : e->as<Fold>()->axes) found.insert(axis);
  }
  const auto is_found = [&](Expr e) { return e->as<Axis>() && found.contains(e->as<Axis>()->axis); };
  const auto subscripts = subscripts_of(survey);
  for (std::size_t before = 0; before != found.size();) {  // with those that stand for the same dimension elsewhere
    before = found.size();
    for (const auto& [dimension, all] : subscripts)
      if (std::ranges::any_of(all, is_found))
        for (Expr e : all)
          if (const Axis* axis = e->as<Axis>()) found.insert(axis->axis);
  }
  needed_axes(program, survey, [&](AxisId axis) { found.erase(axis); });
  return {found.begin(), found.end()};
}

std::vector<AxisId> unit_axes(const Program& program, const std::vector<AxisId>& candidates,
                              std::span<const std::int64_t> extents) {
  std::vector<AxisId> unit;
  std::ranges::copy_if(candidates, std::back_inserter(unit), [&](AxisId axis) { return extents[axis] == 1; });
  if (unit.empty()) return unit;
  const auto is_unit = [&](Expr e) { return e->as<Axis>() && contains(unit, e->as<Axis>()->axis); };
  const auto subscripts = subscripts_of(Survey(program));
  for (std::size_t before = 0; before != unit.size();) {
    before = unit.size();
    std::map<TensorId, bool> keeps;  // an axis of elements: tables are what they are by having one
    for (const auto& [dimension, all] : subscripts)
      keeps[dimension.first] |= !is_counter(program, dimension) && !std::ranges::all_of(all, is_unit);
    for (const auto& [dimension, all] : subscripts) {  // either all of them are such axes, or none may be
      const bool is_table = !program.tensors[dimension.first].table.empty();
      if (std::ranges::all_of(all, is_unit) && (keeps[dimension.first] || !is_table)) continue;
      for (Expr e : all)
        if (is_unit(e)) std::erase(unit, e->as<Axis>()->axis);
    }
    for (const Statement& s : program.statements)  // what is accumulated, is along something
      if (s.update && std::ranges::all_of(s.domain, [&](AxisId axis) { return contains(unit, axis); }))
        for (AxisId axis : s.domain) std::erase(unit, axis);
  }
  return unit;
}

WithoutAxes without_axes(Program program, const std::vector<AxisId>& unit) {
  Graph& g = program.graph;
  Dimensions gone;
  for (const Access& access : Survey(program).accesses)
    for (std::size_t i = 0; i < access.subscripts.size(); ++i) {
      const Axis* axis = access.subscripts[i]->as<Axis>();
      std::vector<std::size_t>& dimensions = gone[access.tensor];
      if (axis && contains(unit, axis->axis) && std::ranges::count(dimensions, i) == 0) dimensions.push_back(i);
    }
  for (auto& [tensor, dimensions] : gone) std::ranges::sort(dimensions);
  const auto others = [&](std::vector<AxisId> axes) {
    std::erase_if(axes, [&](AxisId axis) { return contains(unit, axis); });
    return axes;
  };
  const auto kept = [&](TensorId tensor, const std::vector<Expr>& subscripts) {
    std::vector<Expr> result;
    for (std::size_t i = 0; i < subscripts.size(); ++i)
      if (std::ranges::count(gone[tensor], i) == 0) result.push_back(subscripts[i]);
    return result;
  };
  const auto is_gone = [&](TensorAxis use) { return std::ranges::count(gone[use.tensor], use.axis) > 0; };
  const auto place = [&](TensorAxis& use) {  // where its dimension is now
    const std::vector<std::size_t>& dimensions = gone[use.tensor];
    use.axis -= static_cast<std::uint32_t>(std::ranges::lower_bound(dimensions, use.axis) - dimensions.begin());
  };

  Memo memo;
  const Rewrite drop = [&](Expr, Expr e) -> Expr {
    if (const Read* read = e->as<Read>())
      return ir::read(g, read->tensor, e->dtype, kept(read->tensor, read->subscripts), read->policy, read->guard);
    if (const Fold* fold = e->as<Fold>(); fold && is_element(*fold, e->dtype)) {
      const std::vector<AxisId> axes = others(fold->axes);
      return axes.empty() ? fold->body : ir::fold(g, fold->reduction, axes, fold->body);
    }
    return e;
  };
  for (Statement& s : program.statements) {
    s.subscripts = kept(s.target, s.subscripts);
    for (Expr& e : s.subscripts) e = rewrite(g, e, memo, drop);
    s.value = rewrite(g, s.value, memo, drop);
    if (s.guard) s.guard = rewrite(g, s.guard, memo, drop);
    s.domain = others(s.domain);
  }
  for (AxisId id = 0; id < program.axes.size(); ++id) {
    AxisDecl& axis = program.axes[id];
    // A pass that gave the axis another name has left it, too.
    if (contains(unit, id) || std::ranges::any_of(axis.sizes, is_gone))
      axis = {.name = axis.name, .sizes = {}, .fixed = 1};
    for (TensorAxis& use : axis.sizes) place(use);
    for (TensorAxis& use : axis.left) place(use);
    for (AffineUse& use : axis.inside) {
      place(use.at);
      use.rest = rewrite(g, use.rest, memo, drop);
    }
    if (axis.limit) axis.limit = rewrite(g, axis.limit, memo, drop);
    for (Expr& e : axis.counts) e = rewrite(g, e, memo, drop);
  }
  for (auto& [id, dimensions] : gone) {
    TensorDecl& tensor = program.tensors[id];
    tensor.rank -= static_cast<int>(dimensions.size());
    for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d)
      if (!tensor.table.empty()) tensor.table.erase(tensor.table.begin() + static_cast<std::ptrdiff_t>(*d));
  }
  return {std::move(program), std::move(gone)};
}

TensorView without_dimensions(TensorView view, const std::vector<std::size_t>& dimensions) {
  Layout& layout = view.layout;
  for (auto d = dimensions.rbegin(); d != dimensions.rend(); ++d) {
    for (std::size_t i = *d; i + 1 < static_cast<std::size_t>(layout.rank); ++i) {
      layout.extents[i] = layout.extents[i + 1];
      layout.strides[i] = layout.strides[i + 1];
    }
    --layout.rank;
    layout.extents[static_cast<std::size_t>(layout.rank)] = layout.strides[static_cast<std::size_t>(layout.rank)] = 0;
  }
  return view;
}

}  // namespace ricci::jit
