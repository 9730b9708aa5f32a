// Walks over expression graphs. Every walk keeps its own stack: a chain of 10^5 nodes is as good as a short one.
#include "ricci/ir.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>

namespace ricci::ir {

namespace {

/// `e` with its children replaced, simplified anew; `e` itself when they are the same.
template <class F>
Expr with_children(Graph& g, Expr e, const F& replacement) {
  const auto replaced = [&](const std::vector<Expr>& old) {
    std::vector<Expr> fresh(old.size());
    std::ranges::transform(old, fresh.begin(), replacement);
    return fresh;
  };
  if (std::ranges::all_of(children(e), [&](Expr child) { return replacement(child) == child; })) return e;
  return visit(
      e, [&](const Const&) { return e; }, [&](const Axis&) { return e; }, [&](const Extent&) { return e; },
      [&](const Param&) { return e; },
      [&](const Apply& n) {
        return n.op == Op::cast ? cast(g, e->dtype, replacement(n.args[0])) : apply(g, n.op, replaced(n.args));
      },
      [&](const Read& n) {
        return read(g, n.tensor, e->dtype, replaced(n.subscripts), n.policy, n.guard ? replacement(n.guard) : nullptr);
      },
      [&](const Fold& n) {
        return fold_node(g, {n.reduction, n.axes, replacement(n.body), map_bounds(n.ranges, replacement)});
      },
      [&](const Project& n) { return project(g, replacement(n.fold), n.result); },
      [&](const Nonzero& n) {
        return nonzero(g, n.axes, replacement(n.condition), replacement(n.position), n.which, n.along);
      },
      [&](const Sort& n) { return sort(g, n.axes, replacement(n.key), replacement(n.position), n.descending); });
}

/// Post-order over the graph below `root`: memo[e] = early(e), or where that is null, late(e, e rebuilt).
template <class Early, class Late>
Expr rebuild(Graph& g, Expr root, Memo& memo, const Early& early, const Late& late) {
  std::vector<Expr> stack{root};
  while (!stack.empty()) {
    Expr e = stack.back();
    if (memo.contains(e)) {
      stack.pop_back();
    } else if (Expr replacement = early(e)) {
      memo.emplace(e, replacement);
    } else {
      const std::size_t height = stack.size();
      for (Expr child : children(e))
        if (!memo.contains(child)) stack.push_back(child);
      if (stack.size() == height) memo.emplace(e, late(e, with_children(g, e, [&](Expr c) { return memo.at(c); })));
    }
  }
  return memo.at(root);
}

}  // namespace

std::vector<Expr> children(Expr e) {
  using List = std::vector<Expr>;
  return visit(
      e, [](const Const&) { return List{}; }, [](const Axis&) { return List{}; }, [](const Extent&) { return List{}; },
      [](const Param&) { return List{}; }, [](const Apply& n) { return n.args; },
      [](const Read& n) {
        List list = n.subscripts;
        if (n.guard) list.push_back(n.guard);
        return list;
      },
      [](const Fold& n) {
        List list{n.body};
        for (const Range& range : n.ranges)
          for (Expr bound : {range.low, range.high})
            if (bound) list.push_back(bound);
        return list;
      },
      [](const Project& n) { return List{n.fold}; },
      [](const Nonzero& n) { return List{n.condition, n.position}; },
      [](const Sort& n) { return List{n.key, n.position}; });
}

std::vector<Expr> expressions(const Statement& s) {
  std::vector<Expr> all = s.subscripts;
  all.push_back(s.value);
  if (s.guard) all.push_back(s.guard);
  return all;
}

void replace_expressions(Statement& s, const std::function<Expr(Expr)>& f) {
  for (Expr& subscript : s.subscripts) subscript = f(subscript);
  s.value = f(s.value);
  if (s.guard) s.guard = f(s.guard);
}

void walk(std::vector<Expr> roots, const std::function<bool(Expr)>& f) {
  std::unordered_set<Expr> seen;
  while (!roots.empty()) {
    const Expr e = roots.back();
    roots.pop_back();
    if (!seen.insert(e).second || !f(e)) continue;
    for (Expr child : children(e)) roots.push_back(child);
  }
}

std::vector<Expr> nodes(std::vector<Expr> roots) {
  std::vector<Expr> all;
  walk(std::move(roots), [&](Expr e) {
    all.push_back(e);
    return true;
  });
  return all;
}

Expr rewrite(Graph& g, Expr e, Memo& memo, const Rewrite& f) {
  return rebuild(g, e, memo, [](Expr) -> Expr { return nullptr; }, f);
}

Expr replace(Graph& g, Expr e, Memo& memo, const std::function<Expr(Expr)>& f) {
  return rebuild(g, e, memo, f, [](Expr, Expr rebuilt) { return rebuilt; });
}

namespace {

/// What a binder binds is another axis inside, so that there are several ways to replace an expression: by which of the
/// replaced axes are bound around it.
class Substitution {
 public:
  Substitution(Graph& g, const std::unordered_map<AxisId, Expr>& replacements) : g_(g), replacements_(replacements) {}

  Expr replaced(Expr e, const std::set<AxisId>& bound_around) {
    const auto is_replaced = [&](AxisId axis) { return replacements_.contains(axis) && !bound_around.contains(axis); };
    const auto early = [&](Expr n) -> Expr {
      if (std::ranges::none_of(n->free, is_replaced)) return n;
      if (const Axis* axis = n->as<Axis>()) return replacements_.at(axis->axis);
      if (const Nonzero* nonzero = n->as<Nonzero>()) {  // its condition has no free axes
        const Expr position = replaced(nonzero->position, bound_around);
        return with_children(g_, n, [&](Expr child) { return child == nonzero->condition ? child : position; });
      }
      const std::vector<AxisId>* bound = bound_axes(n);
      if (!bound || std::ranges::none_of(*bound, is_replaced)) return nullptr;
      std::set<AxisId> inner = bound_around;
      for (AxisId axis : *bound)
        if (is_replaced(axis)) inner.insert(axis);
      const Expr body = children(n)[0];
      return with_children(g_, n, [&](Expr child) { return replaced(child, child == body ? inner : bound_around); });
    };
    return rebuild(g_, e, memos_[bound_around], early, [](Expr, Expr rebuilt) { return rebuilt; });
  }

 private:
  Graph& g_;
  const std::unordered_map<AxisId, Expr>& replacements_;
  std::map<std::set<AxisId>, Memo> memos_;
};

}  // namespace

Expr substitute(Graph& g, Expr e, const std::unordered_map<AxisId, Expr>& replacements) {
  return Substitution(g, replacements).replaced(e, {});
}

std::optional<Affine> affine_in(Graph& g, Expr e, AxisId axis) {
  if (!uses_axis(e, axis)) return Affine{0, e};
  if (e->as<Axis>()) return Affine{1, constant(g, std::int64_t{0})};
  const Apply* n = e->as<Apply>();
  if (!n || e->dtype != DType::i64) return {};
  const auto part = [&](std::size_t i) { return affine_in(g, n->args[i], axis); };
  switch (n->op) {
    case Op::add:
    case Op::subtract: {
      const auto a = part(0), b = part(1);
      if (!a || !b) return {};
      const std::int64_t sign = n->op == Op::add ? 1 : -1;
      return Affine{a->coefficient + sign * b->coefficient, apply(g, n->op, {a->rest, b->rest})};
    }
    case Op::negate: {
      const auto a = part(0);
      if (!a) return {};
      return Affine{-a->coefficient, apply(g, Op::negate, {a->rest})};
    }
    case Op::multiply:
      for (std::size_t i : {0, 1}) {
        const Const* factor = n->args[1 - i]->as<Const>();
        const auto a = factor ? part(i) : std::nullopt;
        if (!a) continue;
        return Affine{a->coefficient * factor->value.as_int(), apply(g, Op::multiply, {a->rest, n->args[1 - i]})};
      }
      return {};
    default: return {};
  }
}

bool uses_axis(Expr e, AxisId axis) { return std::ranges::binary_search(e->free, axis); }

bool reads(Expr e, TensorId tensor) {
  return std::ranges::any_of(nodes({e}), [&](Expr n) { return n->as<Read>() && n->as<Read>()->tensor == tensor; });
}

std::unordered_map<AxisId, Expr> coordinates(Graph& g, Expr flat, const std::vector<AxisId>& axes) {
  std::unordered_map<AxisId, Expr> values;
  Expr later = constant(g, std::int64_t{1});  // elements from one value of the axis to the next
  for (std::size_t i = axes.size(); i-- > 0;) {
    const Expr value = apply(g, Op::floor_divide, {flat, later});
    values[axes[i]] = i == 0 ? value : apply(g, Op::remainder, {value, extent(g, axes[i])});
    later = apply(g, Op::multiply, {later, extent(g, axes[i])});
  }
  return values;
}

const std::vector<AxisId>* bound_axes(Expr e) {
  if (const Fold* fold = e->as<Fold>()) return &fold->axes;
  if (const Nonzero* nonzero = e->as<Nonzero>()) return &nonzero->axes;
  const Sort* sort = e->as<Sort>();
  return sort ? &sort->axes : nullptr;
}

}  // namespace ricci::ir
