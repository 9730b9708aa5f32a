#include "instance.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ricci::jit {

using namespace ir;

namespace {

class Matching {
 public:
  Matching(const CanonicalAxes& axes, const std::vector<AxisId>& variables,
           std::vector<std::pair<AxisId, AxisId>> bound)
      : axes_(axes), variables_(variables), bound_(std::move(bound)) {}

  bool matches(Expr pattern, Expr e) {
    if (!pattern->as<Axis>() && (pattern->dtype != e->dtype || pattern->index() != e->index())) return false;
    if (seen_.contains({pattern, e, scope_})) return true;
    const bool same = visit(
        pattern, [&](const Axis& n) { return axis_matches(n.axis, e); },
        [&](const Extent& n) { return axes_.extent_class(n.axis) == axes_.extent_class(e->as<Extent>()->axis); },
        [&](const Apply& n) { return n.op == e->as<Apply>()->op && children_match(pattern, e); },
        [&](const Read& n) {
          const Read& other = *e->as<Read>();
          return n.tensor == other.tensor && n.policy == other.policy && !n.guard == !other.guard &&
                 children_match(pattern, e);
        },
        [&](const Fold& n) { return n.reduction == e->as<Fold>()->reduction && binder_matches(pattern, e); },
        [&](const Project& n) { return n.result == e->as<Project>()->result && children_match(pattern, e); },
        [&](const Nonzero&) { return pattern == e; },
        [&](const Sort& n) { return n.descending == e->as<Sort>()->descending && binder_matches(pattern, e); },
        [&](const auto&) { return pattern == e; });
    if (same) seen_.insert({pattern, e, scope_});
    return same;
  }

  Bindings bindings;

 private:
  bool axis_matches(AxisId axis, Expr e) {
    for (auto pair = bound_.rbegin(); pair != bound_.rend(); ++pair)
      if (pair->first == axis) return e->as<Axis>() && e->as<Axis>()->axis == pair->second;
    if (std::ranges::count(variables_, axis) == 0) return e->as<Axis>() && e->as<Axis>()->axis == axis;
    if (std::ranges::any_of(bound_, [&](const auto& pair) { return uses_axis(e, pair.second); })) return false;
    return bindings.try_emplace(axis, e).first->second == e;
  }

  bool children_match(Expr pattern, Expr e) {
    const std::vector<Expr> mine = children(pattern), others = children(e);
    return std::ranges::equal(mine, others, [&](Expr a, Expr b) { return matches(a, b); });
  }

  /// A binder binds its axes in its first child.
  bool binder_matches(Expr pattern, Expr e) {
    const std::vector<AxisId> &mine = *bound_axes(pattern), &others = *bound_axes(e);
    const std::vector<Expr> inner = children(pattern), other_inner = children(e);
    if (mine.size() != others.size() || inner.size() != other_inner.size()) return false;
    if (const Fold* fold = pattern->as<Fold>()) {
      const auto has_same_ends = [](const Range& a, const Range& b) { return !a.low == !b.low && !a.high == !b.high; };
      if (!std::ranges::equal(fold->ranges, e->as<Fold>()->ranges, has_same_ends)) return false;
    }
    for (std::size_t i = 1; i < inner.size(); ++i)
      if (!matches(inner[i], other_inner[i])) return false;
    const std::size_t outside = bound_.size();
    const int scope = scope_;
    scope_ = scopes_.try_emplace({scope, mine, others}, static_cast<int>(scopes_.size()) + 1).first->second;
    bool same = true;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      same &= axes_.extent_class(mine[i]) == axes_.extent_class(others[i]);
      bound_.emplace_back(mine[i], others[i]);
    }
    same = same && matches(inner[0], other_inner[0]);
    bound_.resize(outside);
    scope_ = scope;
    return same;
  }

  const CanonicalAxes& axes_;
  const std::vector<AxisId>& variables_;
  std::vector<std::pair<AxisId, AxisId>> bound_;
  int scope_ = 0;
  std::map<std::tuple<int, std::vector<AxisId>, std::vector<AxisId>>, int> scopes_;  // by that around, and the axes
  std::set<std::tuple<Expr, Expr, int>> seen_;  // that match, within the binders of a scope
};

}  // namespace

std::optional<Bindings> instance(const CanonicalAxes& axes, Expr pattern, Expr e, const std::vector<AxisId>& variables,
                                 std::vector<std::pair<AxisId, AxisId>> bound) {
  Matching matching(axes, variables, std::move(bound));
  if (!matching.matches(pattern, e)) return {};
  return std::move(matching.bindings);
}

}  // namespace ricci::jit
