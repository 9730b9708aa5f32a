#pragma once
// What the analyses of arguments ask of a program.
#include <set>
#include <vector>

#include "ir/interval.hpp"
#include "ricci/ir.hpp"

namespace ricci::jit {

/// One use of a tensor: a read, or the target of a statement.
struct Access {
  ir::TensorId tensor;
  std::vector<ir::Expr> subscripts;
  ir::Policy policy;
  ir::Expr guard;
};

/// Everything that the analyses ask of a program, collected in one walk.
struct Survey {
  std::vector<Access> accesses;
  std::vector<std::vector<ir::AxisId>> binders;  // domains and reduction axes
  std::set<ir::AxisId> values;                   // axes used other than as a bare subscript, or only in a range
  AxisRanges ranges;
  std::set<ir::AxisId> in_order;                 // of recurrences
  std::vector<ir::Expr> nodes;                   // every node once, children first

  explicit Survey(const ir::Program& program) {
    for (const ir::Statement& s : program.statements) {
      binders.push_back(s.domain);
      for (ir::AxisId axis : s.domain) add_range(axis, {});
      accesses.push_back({s.target, s.subscripts, s.policy, s.guard});
      if (s.in_order) in_order.insert(*s.in_order);
      for (ir::Expr e : s.subscripts) {
        walk(e);
        if (!e->as<ir::Axis>()) use_values(e);
      }
      walk(s.value);
      use_values(s.value);
      if (s.guard) {
        walk(s.guard);
        use_values(s.guard);
      }
    }
  }

 private:
  /// Marks `e` if it is an axis that stands where its value counts.
  void use_values(ir::Expr e) {
    if (const ir::Axis* axis = e->as<ir::Axis>()) values.insert(axis->axis);
    if (const ir::Extent* extent = e->as<ir::Extent>()) values.insert(extent->axis);
  }

  void walk(ir::Expr e) {
    if (!seen_.insert(e).second) return;
    const ir::Read* read = e->as<ir::Read>();
    for (ir::Expr child : ir::children(e)) {
      walk(child);
      if (!read || !child->as<ir::Axis>() || child == read->guard) use_values(child);
    }
    if (read) accesses.push_back({read->tensor, read->subscripts, read->policy, read->guard});
    if (const std::vector<ir::AxisId>* bound = ir::bound_axes(e)) {
      binders.push_back(*bound);
      const ir::Fold* fold = e->as<ir::Fold>();
      for (std::size_t i = 0; i < bound->size(); ++i)
        add_range((*bound)[i], fold && !fold->ranges.empty() ? fold->ranges[i] : ir::Range{});
    }
    nodes.push_back(e);
  }

  /// An axis that is bound in different ranges counts as whole.
  void add_range(ir::AxisId axis, ir::Range range) {
    const auto [it, fresh] = ranges.try_emplace(axis, range);
    if (!fresh && it->second != range) it->second = {};
    if (range != ir::Range{}) values.insert(axis);
  }

  std::set<ir::Expr> seen_;
};

}  // namespace ricci::jit
