#include "rewrite/delta.hpp"

#include <map>

#include "rewrite/in_order.hpp"
#include "rewrite/ranges.hpp"
#include "rewrite/scatter.hpp"
#include "rewrite/solver.hpp"
#include "rewrite/tables.hpp"
#include "rewrite/winners.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

class Solver {
 public:
  Solver(Program& program, CanonicalAxes& axes, const Statement& s)
      : program_(program), g_(program.graph), axes_(axes), feedback_(s) {}

  /// What a reduction becomes; itself if there is nothing to solve.
  Expr solved(Expr e) {
    const Project* project = e->as<Project>();
    const Fold* fold = (project ? project->fold : e)->as<Fold>();
    const bool searches = fold && info(fold->reduction).results == Results::index;
    if (!fold || (searches && (!project || !fold->ranges.empty()))) return e;
    Selection s = take_apart(g_, *fold);
    // What earlier steps of a recurrence write is not known before it: nothing of it can be accumulated there.
    may_make_ = !feedback_.reaches(e);
    const bool narrowed = move_to_ranges(program_, s, fold->axes, !searches);
    if (const Expr value = reduced(s, fold->axes))
      return project && project->result == 1 ? winner(s, fold->axes, value) : value;
    if (!narrowed) return e;
    const Expr made = remaining(fold->reduction, s, fold->axes);
    return project ? ir::project(g_, made, project->result) : made;
  }

  std::vector<Statement> made;  // to run before the statement being solved

 private:
  /// The reduction of a selection over `bound`; null if there is no equality to solve.
  Expr reduced(Selection s, std::vector<AxisId> bound) {
    if (s.conditions.empty()) return nullptr;
    const Expr key = remaining(s.reduction, s, bound);
    if (const auto it = reduced_.find(key); it != reduced_.end()) return it->second;
    const bool changed = eliminate(program_, s, bound);
    Expr result = nullptr;
    if (bound.empty()) result = put_together(program_, s);
    else if (Expr read = may_make_ ? scattered(program_, axes_, s, bound, made) : nullptr) result = read;
    else if (changed) result = remaining(s.reduction, s, bound);
    return reduced_[key] = result;
  }

  /// The fold over what is left; of an arg-reduction the node itself. An axis with a range is of that range alone.
  Expr remaining(Reduction reduction, const Selection& s, const std::vector<AxisId>& bound) {
    Fold fold{reduction, bound, put_together(program_, s), {}};
    if (s.ranges.empty()) return fold_node(g_, fold);
    for (AxisId axis : bound) {
      const auto range = s.ranges.find(axis);
      fold.ranges.push_back(range == s.ranges.end() ? Range{} : range->second);
    }
    fold.axes = axes_.around(fold.body, bound, fold.ranges);
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < bound.size(); ++i) renamed.emplace(bound[i], axis(g_, fold.axes[i]));
    fold.body = substitute(g_, fold.body, renamed);
    return fold_node(g_, fold);
  }

  /// The position over `axes` of the first element that is `best`: what argmax and argmin give. Where nothing but the
  /// identity is selected all elements are equal, and 0 is the first.
  Expr winner(const Selection& s, const std::vector<AxisId>& axes, Expr best) {
    const Expr zero = constant(g_, std::int64_t{0}), none = constant(g_, identity(s.reduction, best->dtype));
    const Expr here = position(axes);
    std::vector<AxisId> bound = axes, same_bound = axes;
    Selection one = s, where{Reduction::min, s.conditions, here, s.ranges};
    eliminate(program_, one, bound);
    if (bound.empty()) {
      eliminate(program_, where, same_bound);  // the same steps
      one.conditions.push_back(apply(g_, Op::not_equal, {one.value, none}));
      return apply(g_, Op::select, {conjunction(program_, one.conditions), where.value, zero});
    }
    if (is_merge(program_, best)) best = stored_in_temporary(best);
    const Expr last = constant(g_, identity(Reduction::min, DType::i64));
    where.value = apply(g_, Op::select, {is_same(s.value, best), here, last});
    return apply(g_, Op::select, {apply(g_, Op::equal, {best, none}), zero, reduced(where, axes)});
  }

  /// The row-major position of the axes' values.
  Expr position(const std::vector<AxisId>& axes) {
    Expr p = axis(g_, axes[0]);
    for (std::size_t i = 1; i < axes.size(); ++i)
      p = apply(g_, Op::add, {apply(g_, Op::multiply, {p, extent(g_, axes[i])}), axis(g_, axes[i])});
    return p;
  }

  /// a == b, where NaN equals NaN.
  Expr is_same(Expr a, Expr b) {
    const Expr equal = apply(g_, Op::equal, {a, b});
    if (!is_float(a->dtype)) return equal;
    const auto is_nan = [&](Expr e) { return apply(g_, Op::not_equal, {e, e}); };
    return apply(g_, Op::logical_or, {equal, apply(g_, Op::logical_and, {is_nan(a), is_nan(b)})});
  }

  Expr stored_in_temporary(Expr e) {
    if (const auto it = stored_.find(e); it != stored_.end()) return it->second;
    Stored s = store(program_, axes_, e);
    made.push_back(std::move(s.filling));
    return stored_[e] = s.element;
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  Feedback feedback_;
  bool may_make_ = true;
  std::map<Expr, Expr> reduced_;  // by the fold as it was
  std::map<Expr, Expr> stored_;
};

}  // namespace

void solve_deltas(Program& program, CanonicalAxes& axes) {
  std::vector<Statement> old = std::move(program.statements), all;
  program.statements.clear();
  Memo shared;
  for (Statement& s : old) {
    Memo own;
    Memo& memo = s.in_order ? own : shared;  // equal reductions of a recurrence may mean something else
    Solver solver(program, axes, s);
    if (s.update) reduce_unused_axes(program, axes, s);
    replace_expressions(s, [&](Expr e) {
      return rewrite(program.graph, e, memo, [&](Expr, Expr rebuilt) { return solver.solved(rebuilt); });
    });
    for (Statement& made : solver.made) all.push_back(std::move(made));
    solver.made.clear();
    // What has been accumulated from its old elements is not what a later statement means.
    if (&s != &old.back()) std::erase_if(shared, [&](const auto& known) { return reads(known.first, s.target); });
    all.push_back(std::move(s));
  }
  program.statements = std::move(all);
  read_winners(program, axes);
}

}  // namespace ricci::jit
