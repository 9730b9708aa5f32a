// The program as a kernel for certain arguments sees it: what was found about them (specialise.cpp) decides its
// comparisons and guards, and axes that are gone through as one are one.
#include <algorithm>
#include <unordered_map>

#include "ir/survey.hpp"
#include "schedule/flattened.hpp"
#include "schedule/packed_rows.hpp"
#include "specialise/moved.hpp"
#include "specialise/specialise.hpp"

namespace ricci::jit {

using namespace ir;

void apply_specialisation(Program& program, const Specialisation& s) {
  Graph& g = program.graph;
  const auto without_swallowed = [&](std::vector<AxisId> axes) {
    std::erase_if(axes, [&](AxisId axis) { return is_swallowed(s, axis); });
    return axes;
  };

  // The questions were asked of the original nodes, so that is whose answers count.
  const Survey survey(program);
  std::unordered_map<Expr, char> answers;
  std::size_t next = 0;
  for (Expr e : survey.nodes) {
    const Apply* apply = e->as<Apply>();
    if ((apply && info(apply->op).typing == Typing::compare) || e->as<Read>()) answers.emplace(e, s.answers[next++]);
  }

  // What a test compares with is a number of rows of the axes that the tested one is one with.
  const auto of_rows = [&](Expr comparison) -> Expr {
    const Apply* apply = comparison->as<Apply>();
    if (!apply || info(apply->op).typing != Typing::compare || comparison->free.size() != 1) return nullptr;
    const AxisId tested = comparison->free[0];
    if (!is_swallowed(s, tested)) return nullptr;
    const auto group = std::ranges::find_if(
        s.collapsed, [&](const std::vector<AxisId>& axes) { return std::ranges::count(axes, tested) > 0; });
    Expr row = constant(g, std::int64_t{1});
    for (std::size_t i = group->size(); (*group)[--i] != tested;)
      row = ir::apply(g, Op::multiply, {extent(g, (*group)[i]), row});
    return test_of_rows(g, comparison, tested, group->back(), row);
  };

  const auto value_of = [&](AxisId axis) -> Expr {
    for (AxisId last : s.flattened) {
      const std::vector<AxisId>& group = s.collapsed[last];
      if (const auto at = std::ranges::find(group, axis); at != group.end())
        return part_of_position(g, group, static_cast<std::size_t>(at - group.begin()));
    }
    for (const PackedRows& rows : s.packed)
      if (const Expr part = part_of_packed(g, s.collapsed[rows.axis], rows.elements, axis)) return part;
    return is_swallowed(s, axis) ? constant(g, std::int64_t{0}) : ir::axis(g, axis);
  };
  std::vector<AxisId> parted = s.flattened;
  for (const PackedRows& rows : s.packed) parted.push_back(rows.axis);
  // Where all the axes of such a group are subscripts, the one that stands for them is.
  const auto in_subscripts = [&](const std::vector<Expr>& original, std::vector<Expr> rewritten) {
    for (AxisId last : parted) {
      const std::vector<AxisId>& group = s.collapsed[last];
      if (!std::ranges::all_of(group, [&](AxisId axis) { return stands_bare(original, axis); })) continue;
      for (std::size_t i = 0; i < original.size(); ++i)
        if (const Axis* axis = original[i]->as<Axis>(); axis && std::ranges::count(group, axis->axis) > 0)
          rewritten[i] = axis->axis == last ? original[i] : constant(g, std::int64_t{0});
    }
    return rewritten;
  };

  Memo memo;
  const Rewrite use = [&](Expr original, Expr e) -> Expr {
    // A selection may have become a read; that one is done.
    const Read *read = e->as<Read>(), *before = original->as<Read>();
    if (read && before && !parted.empty()) {
      const std::vector<Expr> subscripts = in_subscripts(before->subscripts, read->subscripts);
      e = ir::read(g, read->tensor, e->dtype, subscripts, read->policy, read->guard);
    }
    if (const auto it = answers.find(original); it != answers.end()) {
      if ((it->second == 't' || it->second == 'f') && !e->may_fail) return constant(g, Scalar::of(it->second == 't'));
      if (const Read* read = e->as<Read>(); read && it->second != 'c') {
        if (it->second == 'g')
          return ir::read(g, read->tensor, e->dtype, read->subscripts, Policy::assume_inside, read->guard);
        const Expr always = ir::read(g, read->tensor, e->dtype, read->subscripts, Policy::assume_inside);
        if (!read->guard) return always;
        return ir::apply(g, Op::select, {read->guard, always, constant(g, Scalar{e->dtype, 0})});
      }
    }
    if (const Expr test = of_rows(original)) return test;
    if (const Axis* axis = e->as<Axis>()) return value_of(axis->axis);
    if (const Sort* sort = e->as<Sort>())
      return ir::sort(g, without_swallowed(sort->axes), sort->key, sort->position, sort->descending);
    if (const Fold* fold = e->as<Fold>()) {
      Fold kept{fold->reduction, {}, fold->body};
      for (std::size_t i = 0; i < fold->axes.size(); ++i) {
        if (is_swallowed(s, fold->axes[i])) continue;
        kept.axes.push_back(fold->axes[i]);
        if (!fold->ranges.empty()) kept.ranges.push_back(fold->ranges[i]);
      }
      return fold_node(g, std::move(kept));
    }
    return e;
  };
  for (Statement& statement : program.statements) {
    const std::vector<Expr> before = statement.subscripts;
    for (Expr& e : statement.subscripts) e = rewrite(g, e, memo, use);
    statement.subscripts = in_subscripts(before, std::move(statement.subscripts));
    statement.value = rewrite(g, statement.value, memo, use);
    if (statement.guard) statement.guard = rewrite(g, statement.guard, memo, use);
    if (statement.guard && statement.guard->as<Const>() && statement.guard->as<Const>()->value.get<bool>())
      statement.guard = nullptr;
    if (s.answers[next++] != 'c') statement.policy = Policy::assume_inside;
    statement.domain = without_swallowed(statement.domain);
  }
}

}  // namespace ricci::jit
