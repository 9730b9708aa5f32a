#include "delta.hpp"

#include <algorithm>
#include <set>

#include "in_order.hpp"
#include "interval.hpp"
#include "tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

Expr conjunction(Graph& g, const std::vector<Expr>& conditions) {
  Expr all = constant(g, Scalar::of(true));
  for (Expr c : conditions) all = apply(g, Op::logical_and, {all, c});
  return all;
}

bool is_zero(Expr e) {
  const Const* c = e->as<Const>();
  return c && c->value.bits == 0;
}

/// The body of a sum or any, taken apart: the value where all conditions hold, zero elsewhere.
struct Selection {
  std::vector<Expr> conditions;
  Expr value;
};

std::optional<Selection> take_apart(Graph& g, const Fold& fold) {
  if (fold.reduction == Reduction::any) return Selection{conjuncts(fold.body), constant(g, Scalar::of(true))};
  if (fold.reduction != Reduction::sum) return {};
  Selection found{{}, fold.body};
  while (const Apply* apply = found.value->as<Apply>()) {
    if (apply->op == Op::select && is_zero(apply->args[2])) {
      for (Expr c : conjuncts(apply->args[0])) found.conditions.push_back(c);
      found.value = apply->args[1];
    } else if (apply->op == Op::cast && apply->args[0]->dtype == DType::b1) {  // a count
      for (Expr c : conjuncts(apply->args[0])) found.conditions.push_back(c);
      found.value = ir::cast(g, found.value->dtype, constant(g, Scalar::of(true)));
    } else {
      break;
    }
  }
  return found.conditions.empty() ? std::nullopt : std::optional(found);
}

Expr put_together(Graph& g, const Selection& s) {
  const Expr condition = conjunction(g, s.conditions);
  if (s.value->dtype == DType::b1) return apply(g, Op::logical_and, {condition, s.value});
  return apply(g, Op::select, {condition, s.value, constant(g, Scalar{s.value->dtype, 0})});
}

/// An equality that says what one axis must be.
struct Solution {
  AxisId axis;
  Expr value;  // does not use `axis`
};

/// `condition` solved for an axis that `wanted` accepts.
template <class Wanted>
std::optional<Solution> solve(Expr condition, const Wanted& wanted) {
  const Apply* equality = condition->as<Apply>();
  if (!equality || equality->op != Op::equal || equality->args[0]->dtype != DType::i64) return {};
  for (int side : {0, 1}) {
    const Axis* axis = equality->args[side]->as<Axis>();
    const Expr other = equality->args[1 - side];
    if (axis && !uses_axis(other, axis->axis) && wanted(axis->axis, other)) return Solution{axis->axis, other};
  }
  return {};
}

class Solver {
 public:
  Solver(Program& program, CanonicalAxes& axes, const Statement& s)
      : program_(program), g_(program.graph), axes_(axes), feedback_(s) {}

  /// What a fold becomes; itself if there is nothing to solve.
  Expr solved(Expr e) {
    const Fold* fold = e->as<Fold>();
    std::optional<Selection> selection = fold ? take_apart(g_, *fold) : std::nullopt;
    if (!selection) return e;
    std::vector<AxisId> bound = fold->axes;
    if (!fold->ranges.empty()) add_ranges(*selection, *fold);
    bool changed = false;
    while (eliminate_one(*selection, bound)) changed = true;
    if (bound.empty()) return put_together(g_, *selection);
    // What earlier steps of a recurrence write is not known before it: it cannot be accumulated there.
    const Expr scattered = feedback_.reaches(e) ? nullptr : scatter(*selection, bound, fold->reduction);
    if (scattered) return scattered;
    return changed ? ir::fold(g_, fold->reduction, bound, put_together(g_, *selection)) : e;
  }

  std::vector<Statement> made;  // accumulations, to run before the statement being solved

 private:
  /// The ranges of the fold, as conditions.
  void add_ranges(Selection& s, const Fold& fold) {
    for (std::size_t i = 0; i < fold.ranges.size(); ++i) {
      const auto [low, high] = fold.ranges[i];
      const Expr at = axis(g_, fold.axes[i]);
      if (low) s.conditions.push_back(apply(g_, Op::less_equal, {low, at}));
      if (high) s.conditions.push_back(apply(g_, Op::less, {at, high}));
    }
  }

  /// 0 <= value < extent of axis, as conditions.
  void push_inside(std::vector<Expr>& conditions, const Solution& s) {
    conditions.push_back(apply(g_, Op::less_equal, {constant(g_, std::int64_t{0}), s.value}));
    conditions.push_back(apply(g_, Op::less, {s.value, extent(g_, s.axis)}));
  }

  void replace(Selection& s, const std::unordered_map<AxisId, Expr>& by) {
    for (Expr& c : s.conditions) c = substitute(g_, c, by);
    s.value = substitute(g_, s.value, by);
  }

  /// Takes one axis out of `bound` by an equality for it.
  bool eliminate_one(Selection& s, std::vector<AxisId>& bound) {
    for (std::size_t i = 0; i < s.conditions.size(); ++i) {
      const auto solution =
          solve(s.conditions[i], [&](AxisId axis, Expr) { return std::ranges::count(bound, axis) > 0; });
      if (!solution) continue;
      s.conditions.erase(s.conditions.begin() + static_cast<std::ptrdiff_t>(i));
      replace(s, {{solution->axis, solution->value}});
      push_inside(s.conditions, *solution);
      std::erase(bound, solution->axis);
      return true;
    }
    return false;
  }

  /// Turns equalities for free axes into the subscripts of an accumulation; null if there are none.
  Expr scatter(Selection s, const std::vector<AxisId>& bound, Reduction reduction) {
    std::vector<Solution> keys;
    std::vector<Expr> rest;
    const auto is_key = [&](AxisId axis, Expr value) {
      const bool taken = std::ranges::any_of(keys, [&](const Solution& k) { return k.axis == axis; });
      return !taken && std::ranges::any_of(bound, [&](AxisId b) { return uses_axis(value, b); });
    };
    for (Expr c : s.conditions) {
      if (auto key = solve(c, is_key))
        keys.push_back(*key);
      else
        rest.push_back(c);
    }
    if (keys.empty()) return nullptr;
    s.conditions = rest;
    for (const Solution& key : keys) {
      replace(s, {{key.axis, key.value}});
      push_inside(s.conditions, key);
    }

    // The table's dimensions: the keys, then every other free axis, which the accumulation iterates like `bound`.
    std::set<AxisId> others(s.value->free.begin(), s.value->free.end());
    for (Expr c : s.conditions) others.insert(c->free.begin(), c->free.end());
    for (const Solution& key : keys) others.insert(key.value->free.begin(), key.value->free.end());
    for (AxisId axis : bound) others.erase(axis);
    for (const Solution& key : keys) {
      if (others.contains(key.axis)) return nullptr;  // a key that another key's value needs
    }
    std::vector<AxisId> dimensions, old_domain = bound;
    std::vector<Expr> read_at, write_at;
    for (const Solution& key : keys) {
      dimensions.push_back(key.axis);
      read_at.push_back(axis(g_, key.axis));
      write_at.push_back(key.value);
    }
    for (AxisId other : others) {
      dimensions.push_back(other);
      read_at.push_back(axis(g_, other));
      write_at.push_back(axis(g_, other));
      old_domain.push_back(other);
    }
    std::vector<AxisId> domain;
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < old_domain.size(); ++i) {
      domain.push_back(axes_.get(old_domain[i], 0, static_cast<int>(i)));
      renamed.emplace(old_domain[i], axis(g_, domain.back()));
    }
    for (Expr& subscript : write_at) subscript = substitute(g_, subscript, renamed);
    const Table table = make_table(program_, s.value->dtype, dimensions);
    made.push_back(accumulate(program_, table, reduction, write_at, substitute(g_, s.value, renamed), domain));
    made.back().guard = substitute(g_, conjunction(g_, s.conditions), renamed);
    return combined(program_, table, reduction, read_at);
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  Feedback feedback_;
};

/// Calls f on every expression of the statement, to replace it.
template <class F>
void update_expressions(Statement& s, const F& f) {
  for (Expr& subscript : s.subscripts) subscript = f(subscript);
  s.value = f(s.value);
  if (s.guard) s.guard = f(s.guard);
}

/// f[argmax(k, f[k])] -> max: wherever an expression is the body of an arg-reduction at its own winner.
void read_winners(Program& program) {
  Graph& g = program.graph;
  std::unordered_map<Expr, Expr> winners;
  Memo seen;
  const Rewrite collect = [&](Expr, Expr e) {
    const Fold* fold = e->as<Fold>();
    if (fold && info(fold->reduction).results == Results::index && fold->axes.size() == 1 && fold->ranges.empty() &&
        uses_axis(fold->body, fold->axes[0])) {
      const Expr at_winner = substitute(g, fold->body, {{fold->axes[0], project(g, e, 1)}});
      winners.emplace(at_winner, project(g, e, 0));
    }
    return e;
  };
  for (Statement& s : program.statements) update_expressions(s, [&](Expr e) { return rewrite(g, e, seen, collect); });
  Memo memo;
  const Rewrite replace = [&](Expr, Expr e) {
    const auto it = winners.find(e);
    return it == winners.end() ? e : it->second;
  };
  for (Statement& s : program.statements) update_expressions(s, [&](Expr e) { return rewrite(g, e, memo, replace); });
}

}  // namespace

void solve_deltas(Program& program, CanonicalAxes& axes) {
  std::vector<Statement> old = std::move(program.statements), all;
  program.statements.clear();
  Memo shared;
  for (Statement& s : old) {
    Memo own;
    Memo& memo = s.in_order ? own : shared;  // equal reductions of a recurrence may mean something else
    Solver solver(program, axes, s);
    update_expressions(s, [&](Expr e) {
      return rewrite(program.graph, e, memo, [&](Expr, Expr rebuilt) { return solver.solved(rebuilt); });
    });
    for (Statement& m : solver.made) all.push_back(std::move(m));
    all.push_back(std::move(s));
  }
  program.statements = std::move(all);
  read_winners(program);
}

}  // namespace ricci::jit
