#include "place.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "guard.hpp"
#include "in_order.hpp"
#include "scan.hpp"
#include "tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool is_result(Expr e) { return e->as<Project>() || (e->as<Fold>() && info(e->as<Fold>()->reduction).results == Results::value); }

const Fold& fold_of(Expr result) {
  const Project* project = result->as<Project>();
  return *(project ? project->fold : result)->as<Fold>();
}

/// The reductions of a statement that stand in no other reduction.
std::vector<Expr> outer_results(const Statement& s) {
  std::vector<Expr> results;
  walk(expressions(s), [&](Expr e) {
    if (is_result(e)) results.push_back(e);
    return !is_result(e);
  });
  return results;
}

class Placement {
 public:
  Placement(Program& program, CanonicalAxes& axes) : program_(program), g_(program.graph), axes_(axes) {}

  void run() {
    std::vector<Statement> old = std::move(program_.statements);
    program_.statements.clear();
    for (Statement& s : old) {
      const TensorId written = s.target;
      place(std::move(s));
      std::erase_if(tabled_, [&](const auto& known) { return reads(known.first, written); });
      std::erase_if(stored_, [&](const auto& known) { return reads(known.first, written); });
    }
    program_.statements = std::move(done_);
  }

 private:
  using Path = std::vector<AxisId>;

  /// Moves what must move out of `s`, then appends `s`.
  void place(Statement s) {
    const Path path = loop_order(s);
    done_for_.clear();
    const auto outer_feedback = std::exchange(feedback_, Feedback(s));
    const auto outer_in_order = std::exchange(in_order_, scan_loop(s));
    const auto outer_loops = std::exchange(loops_, path.size());
    for (Expr& subscript : s.subscripts) subscript = placed(subscript, path);
    s.value = placed(s.value, path);
    if (s.guard) s.guard = placed(s.guard, path);
    feedback_ = outer_feedback;
    in_order_ = outer_in_order;
    loops_ = outer_loops;
    done_.push_back(std::move(s));
  }

  /// `e` as it stands inside the loops of `path`, outermost first.
  Expr placed(Expr e, const Path& path) {
    if (const auto it = done_for_.find({e, path}); it != done_for_.end()) return it->second;
    const Expr result = is_result(e) ? placed_result(e, path) : with_placed_children(e, path);
    done_for_[{e, path}] = result;
    return result;
  }

  Expr placed_result(Expr e, const Path& path) {
    const Fold& f = fold_of(e);
    const bool merges_tables = program_.axes[f.axes[0]].tables;
    std::size_t level = 0;  // loops of `path` that the reduction stands in
    for (std::size_t i = 0; i < path.size(); ++i)
      if (uses_axis(e, path[i])) level = i + 1;
    const bool in_all_loops = std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(level),
                                          [&](AxisId axis) { return uses_axis(e, axis); });
    const auto scan = scan_of(f);
    const bool runs =
        in_order_ && runs_along(f, *in_order_) && path.size() == loops_ && level == loops_ && in_all_loops;
    const bool repeated = !in_all_loops || (e->free.empty() && !path.empty()) || (scan && !runs) ||
                          (in_order_ && !uses_axis(e, in_order_->axis));
    const bool whole = e->free.empty() && info(f.reduction).results == Results::value;
    // What earlier steps write is not known before, and what no range reaches may be outside of a tensor.
    const bool movable = !merges_tables && !feedback_.reaches(e) && !(varies_in_ranges(e) && may_fail(e));
    if (movable && (repeated || whole)) return whole ? in_tables(e) : in_temporary(e);
    Path inner(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(level));
    if (runs) std::erase(inner, scan->along);  // its body runs once per position, not again and again
    const std::vector<Range> ranges = map_bounds(f.ranges, [&](Expr bound) { return placed(bound, inner); });
    inner.insert(inner.end(), f.axes.begin(), f.axes.end());
    for (std::size_t i = 0; i < ranges.size(); ++i)
      if (ranges[i] != Range{} && !(scan && scan->shift == (scan->backwards ? 0 : 1))) in_range_.insert(f.axes[i]);
    const Expr made = fold_node(g_, {f.reduction, f.axes, placed(f.body, inner), ranges});
    return e->as<Project>() ? project(g_, made, e->as<Project>()->result) : made;
  }

  bool varies_in_ranges(Expr e) const {
    return std::ranges::any_of(e->free, [&](AxisId axis) { return in_range_.contains(axis); });
  }

  /// Whether some read is checked.
  bool may_fail(Expr e) const {
    return std::ranges::any_of(nodes({e}), [&](Expr n) {
      const Read* read = n->as<Read>();
      if (!read || read->policy != Policy::check) return false;
      for (std::size_t i = 0; i < read->subscripts.size(); ++i)
        if (!is_sized_by(program_, read->subscripts[i], read->tensor, i)) return true;
      return false;
    });
  }

  /// A reduction over everything: private tables of one element.
  Expr in_tables(Expr e) {
    if (const auto it = tabled_.find(e); it != tabled_.end()) return it->second;
    const Fold& f = fold_of(e);
    std::vector<AxisId> domain;
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t i = 0; i < f.axes.size(); ++i) {
      domain.push_back(axes_.get(f.axes[i], 0, static_cast<int>(i)));
      renamed.emplace(f.axes[i], axis(g_, domain.back()));
    }
    const Table table = make_table(program_, f.body->dtype, {});
    const auto keep = std::move(done_for_);
    place(accumulate(program_, table, f.reduction, {}, substitute(g_, in_ranges(f), renamed), domain));
    done_for_ = keep;
    return tabled_[e] = combined(program_, table, f.reduction, {});
  }

  /// The body where the axes are in their ranges, the neutral value elsewhere.
  Expr in_ranges(const Fold& f) {
    Expr inside = constant(g_, Scalar::of(true));
    for (std::size_t i = 0; i < f.ranges.size(); ++i) {
      const auto [low, high] = f.ranges[i];
      const Expr at = axis(g_, f.axes[i]);
      if (low) inside = apply(g_, Op::logical_and, {inside, apply(g_, Op::less_equal, {low, at})});
      if (high) inside = apply(g_, Op::logical_and, {inside, apply(g_, Op::less, {at, high})});
    }
    if (f.ranges.empty()) return f.body;
    const Expr neutral = constant(g_, identity(f.reduction, f.body->dtype));
    return apply(g_, Op::select, {inside, guarded(program_, inside, f.body), neutral});
  }

  /// One value per choice of the axes that the reduction depends on.
  Expr in_temporary(Expr e) {
    if (const auto it = stored_.find(e); it != stored_.end()) return it->second;
    Stored stored = store(program_, axes_, e);
    const auto keep = std::move(done_for_);
    place(std::move(stored.filling));
    done_for_ = keep;
    return stored_[e] = stored.element;
  }

  Expr with_placed_children(Expr e, const Path& path) {
    const auto all = [&](const std::vector<Expr>& list) {
      std::vector<Expr> result;
      for (Expr x : list) result.push_back(placed(x, path));
      return result;
    };
    return visit(
        e,
        [&](const Apply& n) {
          return n.op == Op::cast ? ir::cast(g_, e->dtype, placed(n.args[0], path)) : apply(g_, n.op, all(n.args));
        },
        [&](const Read& n) {
          return read(g_, n.tensor, e->dtype, all(n.subscripts), n.policy, n.guard ? placed(n.guard, path) : nullptr);
        },
        [&](const auto&) { return e; });
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  Feedback feedback_;                // of the statement at hand
  std::optional<ScanLoop> in_order_;
  std::size_t loops_ = 0;
  std::set<AxisId> in_range_;          // of reductions that may not reach all of it
  std::vector<Statement> done_;
  std::map<std::pair<Expr, Path>, Expr> done_for_;
  std::map<Expr, Expr> tabled_, stored_;  // until something that they read is written
};

}  // namespace

std::vector<AxisId> loop_order(const Statement& s) {
  std::vector<AxisId> order = s.domain;
  const bool duplicates = !s.update && !(s.in_order ? is_injective_per_step(s) : is_injective(s));
  std::map<AxisId, int> uses;
  for (Expr e : outer_results(s))
    for (AxisId axis : e->free) ++uses[axis];
  if (!duplicates) std::ranges::stable_sort(order, std::greater{}, [&](AxisId axis) { return uses[axis]; });
  if (s.in_order) {
    const std::vector<AxisId> independent = independent_axes(s);
    std::ranges::stable_sort(order, {}, [&](AxisId axis) {
      return std::ranges::count(independent, axis) > 0 ? 0 : axis == *s.in_order ? 1 : 2;
    });
  }
  return order;
}

void place_reductions(Program& program, CanonicalAxes& axes) { Placement(program, axes).run(); }

}  // namespace ricci::jit
