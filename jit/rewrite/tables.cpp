#include "rewrite/tables.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "ir/linear.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The axis that counts private tables; there is one per program.
AxisId tables_axis(Program& program) {
  for (AxisId a = 0; a < program.axes.size(); ++a)
    if (program.axes[a].tables) return a;
  program.axes.push_back({.name = "table", .sizes = {}, .fixed = -1, .tables = true});
  return static_cast<AxisId>(program.axes.size() - 1);
}

std::vector<Expr> behind(Expr first, std::vector<Expr> rest) {
  rest.insert(rest.begin(), first);
  return rest;
}

}  // namespace

bool tells(Expr subscript, AxisId axis, const std::vector<AxisId>& unknown) {
  if (const Axis* bare = subscript->as<Axis>()) return bare->axis == axis;
  if (!uses_axis(subscript, axis) || subscript->dtype != DType::i64) return false;
  bool found = false;
  for (const auto& [atom, factor] : linear(subscript).terms) {
    const Axis* own = atom->as<Axis>();
    if (own && own->axis == axis)
      found = std::abs(factor) <= most_factor;
    else if (uses_axis(atom, axis) || std::ranges::any_of(unknown, [&](AxisId a) { return uses_axis(atom, a); }))
      return false;
  }
  return found;
}

bool is_injective(const Statement& s) {
  std::vector<AxisId> unknown = s.domain;
  while (!unknown.empty()) {
    const auto told = std::ranges::find_if(unknown, [&](AxisId axis) {
      return std::ranges::any_of(s.subscripts, [&](Expr e) { return tells(e, axis, unknown); });
    });
    if (told == unknown.end()) return false;
    unknown.erase(told);
  }
  return true;
}

bool is_private(const Program& program, TensorId tensor) {
  const std::vector<AxisId>& axes = program.tensors[tensor].table;
  return !axes.empty() && program.axes[axes[0]].tables;
}

bool folds_whole_domain(const Program& program, const Statement& s) {
  return is_private(program, s.target) && s.subscripts.size() == 1;
}

Table make_table(Program& program, DType dtype, const std::vector<AxisId>& dimensions) {
  Table table{static_cast<TensorId>(program.tensors.size()), {tables_axis(program)}};
  table.axes.insert(table.axes.end(), dimensions.begin(), dimensions.end());
  program.tensors.push_back({"table", dtype, static_cast<int>(table.axes.size()), table.axes});
  return table;
}

Expr combined(Program& program, const Table& table, Reduction reduction, std::vector<Expr> subscripts) {
  Graph& g = program.graph;
  const DType dtype = program.tensors[table.tensor].dtype;
  const Expr element = read(g, table.tensor, dtype, behind(axis(g, table.axes[0]), std::move(subscripts)));
  return fold(g, reduction, {table.axes[0]}, element);
}

bool is_merge(const Program& program, Expr e) {
  const Fold* fold = e->as<Fold>();
  return fold && program.axes[fold->axes[0]].tables;
}

Expr over_own_axes(Program& program, CanonicalAxes& axes, Expr e) {
  std::unordered_map<AxisId, Expr> renamed;
  for (std::size_t i = 0; i < e->free.size(); ++i)
    renamed.emplace(e->free[i], axis(program.graph, axes.get(e->free[i], 0, static_cast<int>(i))));
  return substitute(program.graph, e, renamed);
}

Expr stored_element(Program& program, TensorId tensor, Expr e) {
  std::vector<Expr> at;
  for (AxisId free : e->free) at.push_back(axis(program.graph, free));
  if (at.empty()) at.push_back(constant(program.graph, std::int64_t{0}));
  return read(program.graph, tensor, e->dtype, std::move(at), Policy::assume_inside);
}

Stored store(Program& program, CanonicalAxes& axes, Expr e) {
  Statement s;
  std::vector<AxisId> dimensions;
  for (std::size_t i = 0; i < e->free.size(); ++i) {
    dimensions.push_back(axes.get(e->free[i], 0, static_cast<int>(i)));
    s.domain.push_back(dimensions.back());
    s.subscripts.push_back(axis(program.graph, dimensions.back()));
  }
  if (dimensions.empty()) {
    program.axes.push_back({.name = "one", .sizes = {}, .fixed = 1, .tables = false});
    dimensions.push_back(static_cast<AxisId>(program.axes.size() - 1));
    s.subscripts.push_back(constant(program.graph, std::int64_t{0}));
  }
  s.target = static_cast<TensorId>(program.tensors.size());
  program.tensors.push_back({"temporary", e->dtype, static_cast<int>(dimensions.size()), dimensions});
  s.value = over_own_axes(program, axes, e);
  s.policy = Policy::assume_inside;
  const Expr element = stored_element(program, s.target, e);
  return {std::move(s), element};
}

Statement accumulate(Program& program, const Table& table, Reduction reduction, std::vector<Expr> subscripts,
                     Expr value, std::vector<AxisId> domain) {
  return {.target = table.tensor,
          .subscripts = behind(axis(program.graph, table.axes[0]), std::move(subscripts)),
          .update = reduction,
          .value = value,
          .guard = nullptr,
          .domain = std::move(domain),
          .policy = Policy::check};
}

void reduce_unused_axes(Program& program, CanonicalAxes& axes, Statement& s) {
  Graph& g = program.graph;
  std::vector<AxisId> kept, unused;
  for (AxisId axis : s.domain) {
    const bool used = std::ranges::any_of(s.subscripts, [&](Expr e) { return uses_axis(e, axis); });
    (used ? kept : unused).push_back(axis);
  }
  if (unused.empty()) return;
  Expr varying = nullptr;  // the guard, if it is not the same for all that is reduced
  if (s.guard && std::ranges::any_of(unused, [&](AxisId axis) { return uses_axis(s.guard, axis); })) {
    varying = std::exchange(s.guard, nullptr);
    s.value = apply(g, Op::select, {varying, s.value, constant(g, identity(*s.update, s.value->dtype))});
  }
  const std::vector<AxisId> bound = axes.around(s.value, unused);
  std::unordered_map<AxisId, Expr> renamed;
  for (std::size_t i = 0; i < unused.size(); ++i) renamed.emplace(unused[i], axis(g, bound[i]));
  // Where nothing is written, subscripts that may be outside are not evaluated either.
  bool may_fail = false;
  for (std::size_t i = 0; i < s.subscripts.size(); ++i) may_fail |= !is_sized_by(program, s.subscripts[i], s.target, i);
  if (varying && may_fail) s.guard = fold(g, Reduction::any, bound, substitute(g, varying, renamed));
  s.value = fold(g, *s.update, bound, substitute(g, s.value, renamed));
  s.domain = kept;
}

void privatise(Program& program, CanonicalAxes& axes) {
  Graph& g = program.graph;
  std::vector<Statement> old = std::move(program.statements), all;
  program.statements.clear();
  for (Statement& s : old) {
    const bool to_user = program.tensors[s.target].table.empty();
    if (s.update) reduce_unused_axes(program, axes, s);
    if (!s.update || !to_user || is_injective(s)) {
      all.push_back(std::move(s));
      continue;
    }
    std::vector<AxisId> dimensions, merged;
    std::vector<Expr> element;
    for (std::uint32_t i = 0; i < s.subscripts.size(); ++i) {
      // An axis that is the subscript measures the table too: it needs no check there, and collapses as it would
      // in the target.
      const Axis* bare = s.subscripts[i]->as<Axis>();
      const bool sized = is_sized_by(program, s.subscripts[i], s.target, i);
      // The merge has axes of its own, so that they collapse whatever the loops that fill the tables are.
      const std::string name = "d" + std::to_string(i);
      program.axes.push_back({.name = name, .sizes = {{s.target, i}}, .fixed = -1, .tables = false});
      merged.push_back(static_cast<AxisId>(program.axes.size() - 1));
      const bool own = !sized || std::ranges::count(dimensions, bare->axis) > 0;
      dimensions.push_back(own ? merged.back() : bare->axis);
      element.push_back(axis(g, merged.back()));
    }
    const Table table = make_table(program, s.value->dtype, dimensions);
    program.tensors[table.tensor].name = program.tensors[s.target].name;
    Statement filling = accumulate(program, table, *s.update, s.subscripts, s.value, s.domain);
    filling.guard = s.guard;
    filling.policy = s.policy;
    all.push_back(std::move(filling));
    all.push_back({.target = s.target,
                   .subscripts = element,
                   .update = s.update,
                   .value = combined(program, table, *s.update, element),
                   .guard = nullptr,
                   .domain = merged,
                   .policy = Policy::assume_inside});
  }
  program.statements = std::move(all);
}

}  // namespace ricci::jit
