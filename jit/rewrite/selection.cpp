#include "rewrite/selection.hpp"

#include <algorithm>

#include "ir/interval.hpp"
#include "rewrite/guard.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

Expr truth(Graph& g, bool value) { return constant(g, Scalar::of(value)); }

/// !condition, as a comparison where that is one: of floats neither a < b nor a >= b may hold.
Expr negated(Graph& g, Expr condition) {
  const Apply* apply = condition->as<Apply>();
  const bool ordered = apply && !is_float(apply->args[0]->dtype);
  const auto becomes = [&](Op op) { return ir::apply(g, op, apply->args); };
  switch (apply ? apply->op : Op::logical_not) {
    case Op::equal: return becomes(Op::not_equal);
    case Op::not_equal: return becomes(Op::equal);
    case Op::less: if (ordered) return becomes(Op::greater_equal); break;
    case Op::less_equal: if (ordered) return becomes(Op::greater); break;
    case Op::greater: if (ordered) return becomes(Op::less_equal); break;
    case Op::greater_equal: if (ordered) return becomes(Op::less); break;
    default: break;
  }
  return ir::apply(g, Op::logical_not, {condition});
}

/// The conjuncts of !condition: those of !a & !b for a | b.
std::vector<Expr> refuted(Graph& g, Expr condition) {
  const Apply* apply = condition->as<Apply>();
  if (!apply || apply->op != Op::logical_or) return conjuncts(negated(g, condition));
  std::vector<Expr> all = refuted(g, apply->args[0]);
  for (Expr c : refuted(g, apply->args[1])) all.push_back(c);
  return all;
}

class TakingApart {
 public:
  TakingApart(Graph& g, const Fold& fold) : g_(g), s_{by_value(fold.reduction), {}, fold.body} {
    for (std::size_t i = 0; i < fold.ranges.size(); ++i)
      if (fold.ranges[i] != Range{}) s_.ranges.emplace(fold.axes[i], fold.ranges[i]);
  }

  Selection result() && {
    while (step()) {}
    if (s_.reduction == Reduction::any || s_.reduction == Reduction::all) {
      const bool any = s_.reduction == Reduction::any;
      push(any ? conjuncts(s_.value) : refuted(g_, s_.value));
      s_.value = truth(g_, any);
    }
    return std::move(s_);
  }

 private:
  /// What stands beside a condition is evaluated wherever that is, so it may as well come later.
  void push(std::vector<Expr> conditions) {
    std::ranges::stable_partition(conditions, [](Expr c) { return c->as<Apply>() && c->as<Apply>()->op == Op::equal; });
    s_.conditions.insert(s_.conditions.end(), conditions.begin(), conditions.end());
  }

  /// Takes one op off the value.
  bool step() {
    const Apply* apply = s_.value->as<Apply>();
    if (!apply) return false;
    if (apply->op == Op::select) {
      if (is_identity(apply->args[2], s_.reduction)) {
        push(conjuncts(apply->args[0]));
        s_.value = apply->args[1];
        return true;
      }
      if (is_identity(apply->args[1], s_.reduction)) {
        push(refuted(g_, apply->args[0]));
        s_.value = apply->args[2];
        return true;
      }
      return false;
    }
    if (apply->op == Op::cast && apply->args[0]->dtype == DType::b1 && s_.reduction == Reduction::sum) {
      push(conjuncts(apply->args[0]));
      s_.value = ir::cast(g_, s_.value->dtype, truth(g_, true));
      return true;
    }
    return move_inside(*apply);
  }

  /// f(select(c, x, identity))  ->  select(c, f(x), f(identity)), where f(identity) is the identity for every other
  /// argument of f: a cast, negate, and of integers also a product.
  bool move_inside(const Apply& f) {
    const bool sums = s_.reduction == Reduction::sum;
    const bool keeps_zero = sums && (f.op == Op::negate || (f.op == Op::multiply && is_integer(s_.value->dtype)));
    if (f.op != Op::cast && !keeps_zero) return false;
    for (std::size_t i = 0; i < f.args.size(); ++i) {
      const Apply* inner = f.args[i]->as<Apply>();
      if (!inner || inner->op != Op::select) continue;
      const auto applied = [&](Expr argument) {
        if (f.op == Op::cast) return ir::cast(g_, s_.value->dtype, argument);
        std::vector<Expr> args = f.args;
        args[i] = argument;
        return apply(g_, f.op, std::move(args));
      };
      for (std::size_t branch : {1, 2}) {
        if (!is_identity(applied(inner->args[branch]), s_.reduction)) continue;
        std::vector<Expr> args = inner->args;
        args[branch] = constant(g_, identity(s_.reduction, s_.value->dtype));
        args[3 - branch] = applied(inner->args[3 - branch]);
        s_.value = apply(g_, Op::select, std::move(args));
        return true;
      }
    }
    return false;
  }

  Graph& g_;
  Selection s_;
};

}  // namespace

Reduction by_value(Reduction r) {
  return r == Reduction::argmax ? Reduction::max : r == Reduction::argmin ? Reduction::min : r;
}

Selection take_apart(Graph& g, const Fold& fold) { return TakingApart(g, fold).result(); }

Expr put_together(Program& program, const Selection& s) {
  Graph& g = program.graph;
  const Expr condition = conjunction(program, s.conditions);
  if (s.reduction == Reduction::any && s.value == truth(g, true)) return condition;
  return apply(g, Op::select, {condition, s.value, constant(g, identity(s.reduction, s.value->dtype))});
}

Expr conjunction(Program& program, const std::vector<Expr>& conditions) {
  Graph& g = program.graph;
  Expr all = truth(g, true);
  for (Expr c : conditions)
    all = may_fail(program, c) ? apply(g, Op::select, {all, c, truth(g, false)}) : apply(g, Op::logical_and, {all, c});
  return all;
}

bool may_fail(const Program& program, Expr e) {
  return std::ranges::any_of(nodes({e}), [&](Expr n) {
    const Read* read = n->as<Read>();
    return read && !always_fits(program, *read);
  });
}

bool is_identity(Expr e, Reduction r) {
  const Const* c = e->as<Const>();
  if (!c) return false;
  const bool sums_zero = r == Reduction::sum && is_float(e->dtype) && c->value.as_double() == 0;  // also -0
  return sums_zero || c->value == identity(r, e->dtype);
}

}  // namespace ricci::jit
