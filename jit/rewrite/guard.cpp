#include "rewrite/guard.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "rewrite/in_order.hpp"
#include "rewrite/ranges.hpp"
#include "rewrite/share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// A statement, the body of a fold or the key of a sort around an expression.
struct Scope {
  Expr guard = nullptr;                // where it is evaluated; null: always
  std::unordered_set<Expr> reads = {};  // that are evaluated whenever it is
  const Scope* outer = nullptr;
  const std::vector<AxisId>* bound = nullptr;  // what it binds; null: a statement
  // Of a fold over ranges. What its body does not vary along them is computed before the loop, so it needs to know
  // whether there will be an iteration.
  const Fold* fold = nullptr;
  std::vector<Range> ranges = {};  // guarded themselves
  Expr occupied = nullptr;         // whether none of them is empty; null: always
  /// An order is made before the loops around it: its guard knows of all their ranges.
  bool is_order() const { return bound && !fold; }
};

/// The reads that are evaluated whenever these expressions are: those in no branch and under no guard of their own.
std::unordered_set<Expr> certain_reads(std::vector<Expr> roots) {
  std::unordered_set<Expr> found;
  std::vector<Expr> inside;
  walk(std::move(roots), [&](Expr e) {
    const Read* read = e->as<Read>();
    if (read && !read->guard) found.insert(e);
    const bool chooses = e->as<Apply>() && e->as<Apply>()->op == Op::select;
    if (chooses || (read && read->guard)) inside.push_back(chooses ? e->as<Apply>()->args[0] : read->guard);
    return !chooses && !bound_axes(e) && !(read && read->guard);
  });
  if (!inside.empty()) found.merge(certain_reads(std::move(inside)));
  return found;
}

class Guards {
 public:
  explicit Guards(Program& program, CanonicalAxes& axes, const Statement* statement = nullptr)
      : program_(program), g_(program.graph), axes_(axes) {
    if (statement) feedback_ = Feedback(*statement);
  }

  /// The expressions of a statement as they must be evaluated where its guard holds.
  void attach(Statement& s) {
    const Scope* of_guard = s.guard ? &scopes_.emplace_back(Scope{.reads = certain_reads({s.guard})}) : nullptr;
    if (s.guard) s.guard = under(nullptr, s.guard, of_guard);
    std::vector<Expr> guarded = s.subscripts;
    guarded.push_back(s.value);
    const Scope& scope = scopes_.emplace_back(Scope{s.guard, certain_reads(guarded), of_guard});
    for (Expr& subscript : s.subscripts) subscript = under(s.guard, subscript, &scope);
    s.value = under(s.guard, s.value, &scope);
  }

  /// `e` as it must be evaluated where `guard` holds (null: always), within `scope`.
  Expr under(Expr guard, Expr e, const Scope* scope) {
    if (!may_miss(e)) return e;
    const auto key = std::tuple{guard, e, scope};
    if (auto it = done_.find(key); it != done_.end()) return it->second;
    const Expr result = visit(
        e,
        [&](const Apply& n) {
          if (n.op == Op::cast) return ir::cast(g_, e->dtype, under(guard, n.args[0], scope));
          std::vector<Expr> args;
          if (n.op == Op::select) {
            const Expr condition = under(guard, n.args[0], scope);
            args = {condition, under(both(guard, condition), n.args[1], scope),
                    under(both(guard, apply(g_, Op::logical_not, {condition})), n.args[2], scope)};
          } else {
            for (Expr arg : n.args) args.push_back(under(guard, arg, scope));
          }
          return apply(g_, n.op, std::move(args));
        },
        [&](const Read& n) {
          // What is read anyway needs no other condition here, and is then the same value.
          const Scope* certain = where_certain(e, guard, scope);
          if (certain && (certain != scope || certain->guard != guard)) return under(certain->guard, e, certain);
          const Expr given = n.guard ? under(guard, n.guard, scope) : nullptr;
          Expr own = given ? both(guard, given) : guard;
          for (const Scope* around = scope; around && !around->is_order(); around = around->outer)
            if (around->occupied && !varies(e, *around->fold)) own = both(own, around->occupied);
          std::vector<Expr> subscripts;
          for (Expr s : n.subscripts) subscripts.push_back(under(own, s, scope));
          return read(g_, n.tensor, e->dtype, std::move(subscripts), n.policy, always_fits(program_, n) ? given : own);
        },
        [&](const Fold& n) {
          const Expr own = where_needed(guard, e->free, scope, n.axes);
          const auto ranged = map_bounds(n.ranges, [&](Expr bound) { return under(own, bound, scope); });
          const Expr occupied = is_occupied(n.axes, ranged);
          const Scope of_body{own, certain_reads({n.body}), scope, &n.axes, &n, ranged, occupied};
          const Scope& inside = scopes_.emplace_back(of_body);
          return fold_node(g_, {n.reduction, n.axes, under(own, n.body, &inside), ranged});
        },
        [&](const Project& n) { return project(g_, under(guard, n.fold, scope), n.result); },
        [&](const Sort& n) {
          std::vector<AxisId> free = n.key->free;
          for (AxisId axis : n.axes) std::erase(free, axis);
          const Expr position = under(guard, n.position, scope);
          const Expr own = where_ordered(guard, free, scope, n.axes);
          const Scope& inside = scopes_.emplace_back(Scope{own, certain_reads({n.key}), scope, &n.axes});
          const Expr key = under(own, n.key, &inside);
          return sort(g_, n.axes, key, position, n.descending);
        },
        [&](const auto&) { return e; });
    done_.emplace(key, result);
    return result;
  }

 private:
  /// The outermost scope that evaluates this read whenever it is evaluated, in a condition on no more axes than `guard`
  /// is; null if there is none.
  static const Scope* where_certain(Expr read, Expr guard, const Scope* scope) {
    const auto used = [&](AxisId axis) { return guard && uses_axis(guard, axis); };
    const Scope* found = nullptr;
    for (; scope; scope = scope->outer) {
      const bool fits = !scope->guard || std::ranges::all_of(scope->guard->free, used);
      if (fits && scope->reads.contains(read)) found = scope;
      const auto bound_here = [&](AxisId axis) { return uses_axis(read, axis); };
      if (scope->bound && std::ranges::any_of(*scope->bound, bound_here)) break;
    }
    return found;
  }

  /// Whether the guard holds at some value of the axes on which a reduction or an order does not depend: it is computed
  /// once for all of them, not again for each. Null: always. Where they decide what ranges around it reach, it is
  /// needed for other values of the rest at each of them. `bound` are its own axes, which mean nothing around it.
  Expr where_needed(Expr guard, const std::vector<AxisId>& free, const Scope* scope, const std::vector<AxisId>& bound) {
    if (!guard) return nullptr;
    std::vector<AxisId> others = guard->free;
    const auto among = [](const std::vector<AxisId>& axes) {
      return [&](AxisId axis) { return std::ranges::count(axes, axis) > 0; };
    };
    std::erase_if(others, among(free));
    const auto is_own = among(bound);
    std::erase_if(others, [&](AxisId axis) { return !is_own(axis) && is_ranged(axis, scope); });
    if (feedback_.reaches(guard) || bounds_use(others, scope)) std::erase_if(others, std::not_fn(is_own));
    return somewhere(guard, others);
  }

  /// The same for an order, which is made before the loops around it: at every value that their ranges let through.
  Expr where_ordered(Expr guard, const std::vector<AxisId>& free, const Scope* scope,
                     const std::vector<AxisId>& bound) {
    const Expr ranges = within_ranges(scope);
    if (!ranges) return where_needed(guard, free, scope, bound);
    return where_needed(guard ? both(ranges, within(ranges, guard)) : ranges, free, nullptr, bound);
  }

  /// Whether the ranges of all loops around let their axes through, each looked at where those around it do; null:
  /// always.
  Expr within_ranges(const Scope* scope) {
    if (!scope) return nullptr;
    Expr all = within_ranges(scope->outer);
    for (std::size_t i = 0; i < scope->ranges.size(); ++i)
      for (Expr condition : range_conditions(g_, scope->ranges[i], axis(g_, scope->fold->axes[i])))
        all = both(all, all ? within(all, condition) : condition);
    return all;
  }

  /// `e`, guarded already, where another condition holds too. What a binder in it binds must not be what that is about:
  /// there it stays as it is.
  Expr within(Expr condition, Expr e) {
    const bool captured = std::ranges::any_of(nodes({e}), [&](Expr n) {
      const std::vector<AxisId>* bound = bound_axes(n);
      return bound && std::ranges::any_of(*bound, [&](AxisId axis) { return uses_axis(condition, axis); });
    });
    return captured ? e : guarded(program_, condition, e);
  }

  /// Whether a condition holds for some value of these axes.
  Expr somewhere(Expr condition, const std::vector<AxisId>& others) {
    if (others.empty()) return condition;
    const std::vector<AxisId> bound = axes_.around(condition, others);
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < others.size(); ++i) renamed.emplace(others[i], axis(g_, bound[i]));
    return fold(g_, Reduction::any, bound, substitute(g_, condition, renamed));
  }

  /// Whether the axis has a range that may leave out some of its values.
  static bool is_ranged(AxisId axis, const Scope* scope) {
    for (; scope; scope = scope->outer)
      for (std::size_t i = 0; scope->fold && i < scope->fold->ranges.size(); ++i)
        if (scope->fold->axes[i] == axis && scope->fold->ranges[i] != Range{}) return true;
    return false;
  }

  static bool bounds_use(const std::vector<AxisId>& axes, const Scope* scope) {
    const auto uses = [&](Expr bound) {
      return bound && std::ranges::any_of(axes, [&](AxisId axis) { return uses_axis(bound, axis); });
    };
    for (; scope; scope = scope->outer)
      if (scope->fold && std::ranges::any_of(scope->fold->ranges, [&](Range r) { return uses(r.low) || uses(r.high); }))
        return true;
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
  std::deque<Scope> scopes_;
  std::map<std::tuple<Expr, Expr, const Scope*>, Expr> done_;
  std::unordered_map<Expr, bool> may_miss_;
};

}  // namespace

Expr guarded(Program& program, Expr guard, Expr e) {
  Graph& g = program.graph;
  Memo memo;
  return rewrite(g, e, memo, [&](Expr original, Expr rebuilt) {
    if (const Sort* order = rebuilt->as<Sort>())  // its key has the guard of where it is made
      return sort(g, order->axes, original->as<Sort>()->key, order->position, order->descending);
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
    guards.attach(s);
  }
}

}  // namespace ricci::jit
