#include "guard.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "in_order.hpp"
#include "share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// A fold over ranges around an expression. What its body does not vary along the ranges is computed before the loop,
/// so it needs to know whether there will be an iteration.
struct RangeAround {
  const Fold* fold;
  Expr occupied;  // whether no range of the fold is empty; null: always
  const RangeAround* outer;
};

class Guards {
 public:
  explicit Guards(Program& program, CanonicalAxes& axes, const Statement* statement = nullptr)
      : program_(program), g_(program.graph), axes_(axes) {
    if (statement) feedback_ = Feedback(*statement);
  }

  /// `e` as it must be evaluated where `guard` holds (null: always), within `ranges` (null: none).
  Expr under(Expr guard, Expr e, const RangeAround* ranges = nullptr) {
    if (!may_miss(e)) return e;
    const auto key = std::tuple{guard, e, ranges};
    if (auto it = done_.find(key); it != done_.end()) return it->second;
    const Expr result = visit(
        e,
        [&](const Apply& n) {
          if (n.op == Op::cast) return ir::cast(g_, e->dtype, under(guard, n.args[0], ranges));
          std::vector<Expr> args;
          if (n.op == Op::select) {
            const Expr condition = under(guard, n.args[0], ranges);
            args = {condition, under(both(guard, condition), n.args[1], ranges),
                    under(both(guard, apply(g_, Op::logical_not, {condition})), n.args[2], ranges)};
          } else {
            for (Expr arg : n.args) args.push_back(under(guard, arg, ranges));
          }
          return apply(g_, n.op, std::move(args));
        },
        [&](const Read& n) {
          const Expr given = n.guard ? under(guard, n.guard, ranges) : nullptr;
          Expr own = given ? both(guard, given) : guard;
          for (const RangeAround* around = ranges; around; around = around->outer)
            if (!varies(e, *around->fold)) own = both(own, around->occupied);
          std::vector<Expr> subscripts;
          for (Expr s : n.subscripts) subscripts.push_back(under(own, s, ranges));
          return read(g_, n.tensor, e->dtype, std::move(subscripts), n.policy, always_fits(program_, n) ? given : own);
        },
        [&](const Fold& n) {
          const Expr own = where_needed(guard, e->free, ranges);
          const auto ranged = map_bounds(n.ranges, [&](Expr bound) { return under(own, bound, ranges); });
          if (ranged.empty()) return fold_node(g_, {n.reduction, n.axes, under(own, n.body, ranges), ranged});
          const RangeAround& around = around_.emplace_back(RangeAround{&n, is_occupied(n.axes, ranged), ranges});
          return fold_node(g_, {n.reduction, n.axes, under(own, n.body, &around), ranged});
        },
        [&](const Project& n) { return project(g_, under(guard, n.fold, ranges), n.result); },
        [&](const Sort& n) {
          std::vector<AxisId> free = n.key->free;
          for (AxisId axis : n.axes) std::erase(free, axis);
          const Expr position = under(guard, n.position, ranges);
          const Expr key = under(where_needed(guard, free, ranges), n.key, ranges);
          return sort(g_, n.axes, key, position, n.descending);
        },
        [&](const auto&) { return e; });
    done_.emplace(key, result);
    return result;
  }

 private:
  /// Whether the guard holds at some value of the axes on which a reduction or an order does not depend: it is computed
  /// once for all of them, not again for each. Null: always. Where they decide what ranges around it reach, it is needed
  /// for other values of the rest at each of them.
  Expr where_needed(Expr guard, const std::vector<AxisId>& free, const RangeAround* ranges) {
    if (!guard || feedback_.reaches(guard)) return guard;
    std::vector<AxisId> others;
    for (AxisId axis : guard->free)
      if (std::ranges::count(free, axis) == 0 && !is_ranged(axis, ranges)) others.push_back(axis);
    if (others.empty() || bounds_use(others, ranges)) return guard;
    const std::vector<AxisId> bound = axes_.around(guard, others);
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < others.size(); ++i) renamed.emplace(others[i], axis(g_, bound[i]));
    return fold(g_, Reduction::any, bound, substitute(g_, guard, renamed));
  }

  /// Whether the axis has a range that may leave out some of its values.
  static bool is_ranged(AxisId axis, const RangeAround* ranges) {
    for (; ranges; ranges = ranges->outer)
      for (std::size_t i = 0; i < ranges->fold->axes.size(); ++i)
        if (ranges->fold->axes[i] == axis && ranges->fold->ranges[i] != Range{}) return true;
    return false;
  }

  static bool bounds_use(const std::vector<AxisId>& axes, const RangeAround* ranges) {
    const auto uses = [&](Expr bound) {
      return bound && std::ranges::any_of(axes, [&](AxisId axis) { return uses_axis(bound, axis); });
    };
    for (; ranges; ranges = ranges->outer)
      for (const auto& [low, high] : ranges->fold->ranges)
        if (uses(low) || uses(high)) return true;
    return false;
  }

  Expr both(Expr a, Expr b) { return a && b ? apply(g_, Op::logical_and, {a, b}) : a ? a : b; }

  static bool varies(Expr e, const Fold& fold) {
    for (std::size_t i = 0; i < fold.axes.size(); ++i)
      if (fold.ranges[i] != Range{} && uses_axis(e, fold.axes[i])) return true;
    return false;
  }

  /// Whether `e` is an index plus a constant above 0.
  static bool is_positive(Expr e) {
    const Apply* sum = e->as<Apply>();
    if (!sum || sum->op != Op::add || !(sum->args[0]->as<Axis>() || sum->args[1]->as<Axis>())) return false;
    const Const* c = sum->args[sum->args[0]->as<Axis>() ? 1 : 0]->as<Const>();
    return c && c->value.as_int() > 0;
  }

  /// Whether some value of every axis is within its range; null without ranges.
  Expr is_occupied(const std::vector<AxisId>& axes, const std::vector<Range>& ranges) {
    Expr all = nullptr;
    const auto less = [&](Expr a, Expr b) { all = both(all, apply(g_, Op::less, {a, b})); };
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const auto [low, high] = ranges[i];
      if (low && high) less(low, high);
      if (low) less(low, extent(g_, axes[i]));
      if (high && !is_positive(high)) less(constant(g_, std::int64_t{0}), high);
    }
    return all;
  }

  /// Whether some read in `e` may be outside its tensor.
  bool may_miss(Expr e) {
    if (auto it = may_miss_.find(e); it != may_miss_.end()) return it->second;
    const Read* read = e->as<Read>();
    const bool result = (read && !always_fits(program_, *read)) ||
                        std::ranges::any_of(children(e), [&](Expr c) { return may_miss(c); });
    may_miss_.emplace(e, result);
    return result;
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  Feedback feedback_;
  std::deque<RangeAround> around_;
  std::map<std::tuple<Expr, Expr, const RangeAround*>, Expr> done_;
  std::unordered_map<Expr, bool> may_miss_;
};

}  // namespace

Expr guarded(Program& program, Expr guard, Expr e) {
  Graph& g = program.graph;
  Memo memo;
  return rewrite(g, e, memo, [&](Expr, Expr rebuilt) {
    const Read* n = rebuilt->as<Read>();
    if (!n || always_fits(program, *n)) return rebuilt;
    const Expr both = n->guard ? apply(g, Op::logical_and, {guard, n->guard}) : guard;
    return read(g, n->tensor, rebuilt->dtype, n->subscripts, n->policy, both);
  });
}

bool always_fits(const Program& program, const Read& read) {
  for (std::size_t i = 0; i < read.subscripts.size(); ++i)
    if (!is_sized_by(program, read.subscripts[i], read.tensor, i)) return false;
  return true;
}

void attach_guards(Program& program, CanonicalAxes& axes) {
  Guards shared(program, axes);
  for (Statement& s : program.statements) {
    Guards own(program, axes, &s);
    Guards& guards = s.in_order ? own : shared;
    if (s.guard) s.guard = guards.under(nullptr, s.guard);
    for (Expr& subscript : s.subscripts) subscript = guards.under(s.guard, subscript);
    s.value = guards.under(s.guard, s.value);
  }
}

}  // namespace ricci::jit
