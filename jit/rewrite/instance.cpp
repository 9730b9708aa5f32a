#include "rewrite/instance.hpp"

#include <algorithm>
#include <iterator>
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
    const std::tuple place{pattern, e, binders_of(pattern, e)};
    if (seen_.contains(place)) return true;
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
    if (same) seen_.insert(place);
    return same;
  }

  Bindings bindings;

 private:
  using Pairs = std::vector<std::pair<AxisId, AxisId>>;

  /// What an answer depends on of the binders around: there are many ways through binders that share what they bind in.
  Pairs binders_of(Expr pattern, Expr e) const {
    Pairs result;
    std::ranges::copy_if(bound_, std::back_inserter(result), [&](const auto& pair) {
      return uses_axis(pattern, pair.first) || uses_axis(e, pair.second);
    });
    return result;
  }

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
    bool same = true;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      same &= axes_.extent_class(mine[i]) == axes_.extent_class(others[i]);
      bound_.emplace_back(mine[i], others[i]);
    }
    same = same && matches(inner[0], other_inner[0]);
    bound_.resize(outside);
    return same;
  }

  const CanonicalAxes& axes_;
  const std::vector<AxisId>& variables_;
  Pairs bound_;
  std::set<std::tuple<Expr, Expr, Pairs>> seen_;  // that match, with what binds their axes
};

}  // namespace

std::optional<Bindings> instance(const CanonicalAxes& axes, Expr pattern, Expr e, const std::vector<AxisId>& variables,
                                 std::vector<std::pair<AxisId, AxisId>> bound) {
  Matching matching(axes, variables, std::move(bound));
  if (!matching.matches(pattern, e)) return {};
  return std::move(matching.bindings);
}

}  // namespace ricci::jit
