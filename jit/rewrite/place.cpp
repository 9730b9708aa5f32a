#include "rewrite/place.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "ir/functions.hpp"
#include "rewrite/guard.hpp"
#include "rewrite/in_order.hpp"
#include "rewrite/scan.hpp"
#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool is_result(Expr e) {
  return e->as<Project>() || (e->as<Fold>() && info(e->as<Fold>()->reduction).results == Results::value);
}

const Fold& fold_of(Expr result) {
  const Project* project = result->as<Project>();
  return *(project ? project->fold : result)->as<Fold>();
}

/// The reductions in these expressions that stand in no other reduction.
std::vector<Expr> outer_results(const std::vector<Expr>& roots) {
  std::vector<Expr> results;
  walk(roots, [&](Expr e) {
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
      to_store_.clear();
      place(std::move(s));
      std::erase_if(tabled_, [&](const auto& known) { return reads(known.first, written); });
      std::erase_if(stored_, [&](const auto& known) { return reads(known.first, written); });
    }
    program_.statements = std::move(done_);
  }

 private:
  using Path = std::vector<AxisId>;

  /// The statement at hand, as far as its reductions care.
  struct Surroundings {
    std::vector<AxisId> domain;
    Feedback feedback;
    std::optional<ScanLoop> in_order;
    TensorId target;
    std::vector<Expr> subscripts;
    std::size_t needed = 0;  // so many of its loops are around some reduction
    std::size_t tiled = 0;   // and so many around some product
  };

  /// Moves what must move out of `s`, then appends `s`.
  void place(Statement s) {
    const Path path = loop_order(s);
    done_for_.clear();
    surveyed_.clear();
    per_iteration_.clear();
    within_.clear();
    Surroundings outer = std::exchange(around_, {s.domain, Feedback(s), scan_loop(s), s.target, s.subscripts});
    survey(expressions(s), path);
    std::ranges::set_intersection(per_iteration_, within_, std::inserter(to_store_, to_store_.end()));
    for (Expr e : outer_results(expressions(s))) {
      const std::size_t level = stand(e, path).level;
      around_.needed = std::max(around_.needed, level);
      if (is_product(e) && !stored_for_others(e)) around_.tiled = std::max(around_.tiled, level);
    }
    surveyed_.clear();
    survey(expressions(s), path);
    replace_expressions(s, [&](Expr e) { return placed(e, path); });
    around_ = std::move(outer);
    done_.push_back(std::move(s));
  }

  /// How a reduction stands in the loops of a path.
  struct Stand {
    std::size_t level = 0;  // it runs in so many of them
    bool runs = false;      // along with the loop in order
    bool repeated = false;  // it would run again and again
    bool whole = false;     // it is over everything
  };

  Stand stand(Expr e, const Path& path) const {
    const Fold& f = fold_of(e);
    const auto& in_order = around_.in_order;
    Stand result;
    for (std::size_t i = 0; i < path.size(); ++i)
      if (uses_axis(e, path[i])) result.level = i + 1;
    const bool in_all_loops = uses_all(e, path, result.level);
    const bool scan = scan_of(f).has_value();
    const std::size_t loops = around_.domain.size();
    result.runs = in_order && runs_along(f, *in_order) && path.size() == loops && result.level == loops && in_all_loops;
    // The loops around the reduction that it stands in may yet change places, and those around others beside it. A tile
    // of a product goes through its rows again for each of its columns.
    const bool is_outer = path.size() == loops_in(path);
    const bool behind = is_outer ? result.level < around_.tiled || (result.level < around_.needed && nests(f))
                                 : result.level < loops_in(path);
    result.repeated = !in_all_loops || behind || (e->free.empty() && !path.empty()) || (scan && !result.runs) ||
                      (in_order && !uses_axis(e, in_order->axis));
    result.whole = e->free.empty() && info(f.reduction).results == Results::value;
    return result;
  }

  /// Whether a reduction runs others again and again, which are not stored.
  bool nests(const Fold& f) const {
    return std::ranges::any_of(outer_results({f.body}), [&](Expr e) {
      return std::ranges::any_of(f.axes, [&](AxisId axis) { return uses_axis(e, axis); }) && !stored_for_others(e);
    });
  }

  /// Whether a reduction is a sum of products of what moves with rows and with columns, as far as that can be told
  /// without knowing sizes and layouts: it may get a tile of registers.
  bool is_product(Expr e) const {
    const Fold& f = fold_of(e);
    const Apply* body = f.body->as<Apply>();
    if (f.reduction != Reduction::sum || !is_float(e->dtype) || !body || body->op != Op::multiply) return false;
    const auto moves_alone = [&](Expr factor, Expr other) {
      const auto is_own = [&](AxisId axis) { return uses_axis(factor, axis) && !uses_axis(other, axis); };
      return std::ranges::any_of(f.axes, [&](AxisId axis) { return uses_axis(factor, axis); }) &&
             std::ranges::any_of(around_.domain, is_own);
    };
    return moves_alone(body->args[0], body->args[1]) && moves_alone(body->args[1], body->args[0]);
  }

  static bool uses_all(Expr e, const Path& path, std::size_t level) {
    return std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(level),
                       [&](AxisId axis) { return uses_axis(e, axis); });
  }

  /// How many loops of a path are the statement's own: those around the outermost reduction in it.
  std::size_t loops_in(const Path& path) const {
    const auto is_own = [&](AxisId axis) { return std::ranges::count(around_.domain, axis) > 0; };
    const auto inner = std::ranges::find_if_not(path, is_own);
    return static_cast<std::size_t>(inner - path.begin());
  }

  /// What earlier steps write is not known before, and what no range reaches may be outside of a tensor.
  bool is_movable(Expr e) {
    return !around_.feedback.reaches(e) && !(varies_in_ranges(e) && may_fail(e)) &&
           std::ranges::none_of(outer_results({e}), [&](Expr f) { return program_.axes[fold_of(f).axes[0]].tables; });
  }

  bool moves(Expr e, const Stand& stand) {
    if (!is_movable(e)) return false;
    return stand.repeated || stand.whole || needs_old_values(e) || (!stand.runs && stored_for_others(e));
  }

  /// Whether it reads other elements of what the statement writes, and has one value for many of these: a statement
  /// before this one needs no copy of them, and its values are fewer. (The mean of each row that is taken off the row.)
  bool needs_old_values(Expr e) const {
    const auto is_used = [&](AxisId axis) { return uses_axis(e, axis); };
    if (scan_of(fold_of(e)) || std::ranges::all_of(around_.domain, is_used)) return false;
    return std::ranges::any_of(nodes({e}), [&](Expr n) {
      const Read* read = n->as<Read>();
      return read && read->tensor == around_.target && read->subscripts != around_.subscripts;
    });
  }

  bool stored_for_others(Expr e) const {
    const Expr key = over_own_axes(program_, axes_, e);
    return to_store_.contains(key) && !filling_.contains(key);
  }

  /// Whether to store it costs less than to compute it again.
  static bool is_costly(Expr e) {
    return std::ranges::any_of(nodes({e}), [](Expr n) {
      const Apply* apply = n->as<Apply>();
      return is_function(n) || (apply && (apply->op == Op::sqrt || (apply->op == Op::divide && is_float(n->dtype))));
    });
  }

  /// The reductions in an operation under a loop that it does not depend on, which it is better stored than: they have
  /// as many values, and a function of them costs more than to load its value.
  std::vector<Expr> stored_with(Expr e, const Path& path) {
    std::vector<Expr> results;
    if (!e->as<Apply>()) return results;
    std::size_t level = 0;
    for (std::size_t i = 0; i < path.size(); ++i)
      if (uses_axis(e, path[i])) level = i + 1;
    const bool again = !uses_all(e, path, level) || (path.size() == loops_in(path) && level < around_.tiled);
    if (!again || !is_costly(e) || !is_movable(e)) return results;
    for (Expr f : outer_results({e}))
      if (f->free == e->free && moves(f, stand(f, path)) && !stand(f, path).whole) results.push_back(f);
    return results;
  }

  /// Whether an operation is stored, for this use or for another one.
  bool is_stored_part(Expr e, const Path& path) {
    if (to_store_.empty() || !e->as<Apply>()) return false;
    return !stored_with(e, path).empty() || (is_costly(e) && is_movable(e) && stored_for_others(e));
  }

  /// Finds the reductions that will be stored, so that uses of the same with other axes of the same extents, which may
  /// come before, take the stored ones too. One with a value for each iteration that other reductions run over as well
  /// is stored too: they would compute all the values again, and the result is as large.
  void survey(const std::vector<Expr>& roots, const Path& path) {
    walk(roots, [&](Expr e) {
      if (const std::vector<Expr> with = stored_with(e, path); !with.empty()) {
        if (path.size() != loops_in(path))  // beside what is made of them, for all that runs over them
          for (Expr f : with) to_store_.insert(over_own_axes(program_, axes_, f));
        to_store_.insert(over_own_axes(program_, axes_, e));
        return false;
      }
      if (!is_result(e)) return true;
      const Stand at = stand(e, path);
      if (moves(e, at)) {
        if (!at.whole) to_store_.insert(over_own_axes(program_, axes_, e));
        return false;
      }
      const bool is_within = at.level > loops_in(path);
      if (!at.runs && is_movable(e)) (is_within ? within_ : per_iteration_).insert(over_own_axes(program_, axes_, e));
      const Path inner = path_in(e, at, path);
      if (surveyed_.insert({e, inner}).second) survey({fold_of(e).body}, inner);
      return false;
    });
  }

  /// The loops around the body of a reduction that stays.
  static Path path_in(Expr e, const Stand& stand, const Path& path) {
    const Fold& f = fold_of(e);
    Path inner = path_of_ranges(f, stand, path);
    inner.insert(inner.end(), f.axes.begin(), f.axes.end());
    return inner;
  }

  static Path path_of_ranges(const Fold& f, const Stand& stand, const Path& path) {
    Path inner(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(stand.level));
    if (stand.runs) std::erase(inner, scan_of(f)->along);  // its body runs once per position, not again and again
    return inner;
  }

  /// `e` as it stands inside the loops of `path`, outermost first.
  Expr placed(Expr e, const Path& path) {
    if (const auto it = done_for_.find({e, path}); it != done_for_.end()) return it->second;
    const Expr result = is_result(e)              ? placed_result(e, path)
                        : is_stored_part(e, path) ? in_temporary(e)
                                                  : with_placed_children(e, path);
    done_for_[{e, path}] = result;
    return result;
  }

  Expr placed_result(Expr e, const Path& path) {
    const Fold& f = fold_of(e);
    const Stand at = stand(e, path);
    if (moves(e, at)) return at.whole ? in_tables(e) : in_temporary(e);
    const Path outside = path_of_ranges(f, at, path), inner = path_in(e, at, path);
    const std::vector<Range> ranges = map_bounds(f.ranges, [&](Expr bound) { return placed(bound, outside); });
    for (std::size_t i = 0; i < ranges.size(); ++i)
      if (ranges[i] != Range{} && !takes_in_all(f)) in_range_.insert(f.axes[i]);
    const Expr made = fold_node(g_, {f.reduction, f.axes, placed(f.body, inner), ranges});
    return e->as<Project>() ? project(g_, made, e->as<Project>()->result) : made;
  }

  /// Whether all positions of the axis of a scan stand in the range of one that it runs along, and nothing else bounds
  /// it.
  bool takes_in_all(const Fold& f) const {
    return intake_of(program_, f) == Intake::own && (!f.ranges[0].low || !f.ranges[0].high) &&
           !in_range_.contains(scan_of(f)->along);
  }

  bool varies_in_ranges(Expr e) const {
    return std::ranges::any_of(e->free, [&](AxisId axis) { return in_range_.contains(axis); });
  }

  /// Whether some read is checked.
  bool may_fail(Expr e) const {
    return std::ranges::any_of(nodes({e}), [&](Expr n) {
      const Read* read = n->as<Read>();
      return read && read->policy == Policy::check && !always_fits(program_, *read);
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

  /// One value per choice of the axes that an expression depends on.
  Expr in_temporary(Expr e) {
    const Expr key = over_own_axes(program_, axes_, e);
    if (const auto it = stored_.find(key); it != stored_.end()) return stored_element(program_, it->second, e);
    Stored stored = store(program_, axes_, e);
    const TensorId tensor = stored.filling.target;
    const auto keep = std::move(done_for_);
    filling_.insert(key);
    place(std::move(stored.filling));
    filling_.erase(key);
    done_for_ = keep;
    stored_.emplace(key, tensor);
    return stored.element;
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
  Surroundings around_;
  std::set<AxisId> in_range_;  // of reductions that may not reach all of it
  std::vector<Statement> done_;
  std::map<std::pair<Expr, Path>, Expr> done_for_;
  std::set<std::pair<Expr, Path>> surveyed_;
  // Reductions of the statement over their own axes, where its iterations need them and where other reductions do.
  std::set<Expr> per_iteration_, within_;
  // Expressions over their own axes: what is stored for some use of a statement, and what is being stored.
  std::set<Expr> to_store_, filling_;
  // Until something that they read is written: the tables of what is reduced over everything, and what is stored, over
  // its own axes.
  std::map<Expr, Expr> tabled_;
  std::map<Expr, TensorId> stored_;
};

}  // namespace

std::vector<AxisId> loop_order(const Statement& s) {
  std::vector<AxisId> order = s.domain;
  const bool duplicates = !s.update && !(s.in_order ? is_injective_per_step(s) : is_injective(s));
  std::map<AxisId, int> uses;
  for (Expr e : outer_results(expressions(s)))
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
