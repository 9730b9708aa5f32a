#include "rewrite/nonzero.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool is_axis(Expr e, AxisId axis) { return e->as<Axis>() && e->as<Axis>()->axis == axis; }

/// Which iterations Nonzeros choose: they differ in the position and in the axis that is asked for.
bool same_choice(const Nonzero& a, const Nonzero& b) { return a.axes == b.axes && a.condition == b.condition; }

/// A Nonzero at position `axis` such that all uses of `axis` in these expressions are positions of its choice; null if
/// there is none.
const Nonzero* only_choice(std::vector<Expr> roots, AxisId axis) {
  const Nonzero* choice = nullptr;
  bool only = true;
  walk(std::move(roots), [&](Expr e) {
    if (!uses_axis(e, axis)) return false;
    const Nonzero* nonzero = e->as<Nonzero>();
    if (is_axis(e, axis)) only = false;
    if (!nonzero || !is_axis(nonzero->position, axis)) return true;
    if (!choice) choice = nonzero;
    only &= same_choice(*choice, *nonzero);
    return false;
  });
  return only ? choice : nullptr;
}

class Placement {
 public:
  Placement(Program& program, CanonicalAxes& axes) : program_(program), g_(program.graph), axes_(axes) {}

  void run() {
    std::vector<Statement> old = std::exchange(program_.statements, {});
    Memo memo;
    for (Statement& s : old) {
      const Rewrite select = [&](Expr, Expr e) { return selected(e); };
      for (Expr& subscript : s.subscripts) subscript = rewrite(g_, subscript, memo, select);
      s.value = rewrite(g_, s.value, memo, select);
      if (s.guard) s.guard = rewrite(g_, s.guard, memo, select);
      const TensorId written = s.target;
      place(std::move(s));
      std::erase_if(arrays_, [&](const auto& known) {
        return reads(known.first.first, written) || reads(known.first.second, written);
      });
    }
    program_.statements = std::move(done_);
  }

 private:
  /// The axes of a choice under names of their own, and what it says of them.
  struct Iteration {
    std::vector<AxisId> axes;
    Expr condition;
  };

  Iteration iteration_of(const Nonzero& choice, int depth) {
    Iteration it;
    std::unordered_map<AxisId, Expr> renamed;
    for (std::size_t k = 0; k < choice.axes.size(); ++k) {
      it.axes.push_back(axes_.get(choice.axes[k], depth, static_cast<int>(k)));
      renamed.emplace(choice.axes[k], axis(g_, it.axes.back()));
    }
    it.condition = substitute(g_, choice.condition, renamed);
    return it;
  }

  /// `e` at one iteration instead of at position `position`.
  Expr at(const Iteration& it, AxisId position, Expr e) {
    Memo memo;
    return rewrite(g_, e, memo, [&](Expr original, Expr rebuilt) {
      const Nonzero* nonzero = original->as<Nonzero>();
      return nonzero && is_axis(nonzero->position, position) ? axis(g_, it.axes[nonzero->which]) : rebuilt;
    });
  }

  bool is_counted(const std::vector<AxisId>& axes) const {
    return axes.size() == 1 && !program_.axes[axes[0]].counts.empty();
  }

  /// A reduction over positions, of nothing else, as one over all iterations. With other free axes it would meet the
  /// iterations that are not chosen again and again.
  Expr selected(Expr e) {
    const Fold* fold = e->as<Fold>();
    const bool whole = fold && fold->ranges.empty() && e->free.empty();
    if (!whole || !is_counted(fold->axes) || info(fold->reduction).empty == OnEmpty::error) return e;
    const Nonzero* choice = only_choice({fold->body}, fold->axes[0]);
    if (!choice) return e;
    FoldDepth depth;
    const Iteration it = iteration_of(*choice, depth.of(fold->body) + 1);
    const Expr neutral = constant(g_, identity(fold->reduction, e->dtype));
    const Expr body = apply(g_, Op::select, {it.condition, at(it, fold->axes[0], fold->body), neutral});
    return ir::fold(g_, fold->reduction, it.axes, body);
  }

  void place(Statement s) {
    while (is_counted(s.domain) && run_over_all(s)) {}  // it may have chosen among what another condition chooses
    replace_expressions(s, [&](Expr e) { return with_stored_positions(e); });
    done_.push_back(std::move(s));
  }

  /// Iterates all instead of the positions, if nothing but the target needs the number of a position.
  bool run_over_all(Statement& s) {
    const AxisId position = s.domain[0];
    std::vector<Expr> roots{s.value};
    if (s.guard) roots.push_back(s.guard);
    for (Expr subscript : s.subscripts)
      if (!is_axis(subscript, position)) roots.push_back(subscript);
    const bool appends = !s.appends && s.subscripts.size() == 1 && is_axis(s.subscripts[0], position);
    if (appends && (s.update || s.guard)) return false;
    if (!appends && std::ranges::any_of(s.subscripts, [&](Expr e) { return is_axis(e, position); })) return false;
    const Nonzero* choice = only_choice(std::move(roots), position);
    if (!choice) return false;
    const Iteration it = iteration_of(*choice, 0);
    s.value = at(it, position, s.value);
    if (s.guard) {
      // A select, not an `and`: what the guard reads is read only where the iteration is chosen.
      const Expr otherwise = constant(g_, Scalar::of(false));
      s.guard = apply(g_, Op::select, {it.condition, at(it, position, s.guard), otherwise});
    } else {
      s.guard = it.condition;
    }
    if (appends) s.subscripts.clear();
    for (Expr& subscript : s.subscripts) subscript = at(it, position, subscript);
    s.appends |= appends;
    s.domain = it.axes;
    return true;
  }

  /// Whether `e` is arithmetic on Nonzeros of one choice at one position, which is an axis. (What stands at a position
  /// that is computed may be outside, and nobody may ask for it.)
  bool is_of_positions(Expr e) const {
    if (e->dtype != DType::i64 || e->free.size() != 1 || !only_choice({e}, e->free[0])) return false;
    bool plain = true;
    walk({e}, [&](Expr n) {
      const Nonzero* nonzero = n->as<Nonzero>();
      plain &= !n->as<Read>() && !n->as<Fold>() && !n->as<Project>() && (!nonzero || nonzero->position->as<Axis>());
      return !nonzero;
    });
    return plain;
  }

  /// Reads what depends on positions alone from arrays of it. Elements of other tensors are read where they were.
  Expr with_stored_positions(Expr root) {
    std::set<Expr> largest;
    walk({root}, [&](Expr e) {
      const bool found = is_of_positions(e);
      if (found) largest.insert(e);
      return !found;
    });
    Memo memo;
    return rewrite(g_, root, memo, [&](Expr original, Expr rebuilt) {
      if (largest.contains(original)) {
        const AxisId position = original->free[0];
        return stored(*only_choice({original}, position), position, original, axis(g_, position));
      }
      const Nonzero* computed = rebuilt->as<Nonzero>();  // at a position that is an expression
      if (!computed || computed->position->as<Axis>()) return rebuilt;
      const Expr at_axis = nonzero(g_, computed->axes, computed->condition, axis(g_, computed->along), computed->which,
                                   computed->along);
      return stored(*computed, computed->along, at_axis, computed->position);
    });
  }

  /// `e`, a function of the position `position` in a choice, from an array of its values at `at`.
  Expr stored(const Nonzero& choice, AxisId position, Expr e, Expr at_position) {
    const Iteration it = iteration_of(choice, 0);
    const Expr value = at(it, position, e);
    const auto [known, fresh] =
        arrays_.try_emplace({value, it.condition}, static_cast<TensorId>(program_.tensors.size()));
    const TensorId array = known->second;
    if (fresh) {
      program_.tensors.push_back({"positions", e->dtype, 1, {choice.along}});
      place({.target = array, .subscripts = {}, .update = {}, .value = value, .guard = it.condition, .domain = it.axes,
             .policy = Policy::assume_inside, .appends = true});
    }
    return read(g_, array, e->dtype, {at_position}, at_position->as<Axis>() ? Policy::assume_inside : Policy::check);
  }

  Program& program_;
  Graph& g_;
  CanonicalAxes& axes_;
  std::vector<Statement> done_;
  std::map<std::pair<Expr, Expr>, TensorId> arrays_;  // by value and condition
};

}  // namespace

void place_nonzeros(Program& program, CanonicalAxes& axes) {
  const bool counts = std::ranges::any_of(program.axes, [](const AxisDecl& axis) { return !axis.counts.empty(); });
  if (counts) Placement(program, axes).run();
}

void count_chunks(Program& program) {
  std::vector<Statement> old = std::exchange(program.statements, {});
  std::map<std::pair<std::vector<AxisId>, Expr>, TensorId> counted;
  for (Statement& s : old) {
    if (s.appends) {
      const auto [known, fresh] = counted.try_emplace({s.domain, s.guard}, TensorId{0});
      if (fresh) {
        const Table table = make_table(program, DType::i64, {});
        known->second = table.tensor;
        const Expr one = cast(program.graph, DType::i64, s.guard);
        program.statements.push_back(accumulate(program, table, Reduction::sum, {}, one, s.domain));
      }
      s.starts = known->second;
    }
    std::erase_if(counted, [&](const auto& known) { return reads(known.first.second, s.target); });
    program.statements.push_back(std::move(s));
  }
}

}  // namespace ricci::jit
