#include "specialise/sums_first.hpp"

#include <algorithm>
#include <set>

#include "ir/functions.hpp"
#include "ricci/overlap.hpp"
#include "rewrite/tables.hpp"
#include "schedule/short_rows.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::size_t most_reductions = 4;
// Longer rows, which one reduction reads after another has been stored, are better read by both at once.
constexpr std::int64_t longest_of_several = 512;

/// The reductions in a value, inner ones first, if all of them have a result for each iteration.
std::vector<Expr> reductions_of(const Statement& s) {
  std::vector<Expr> found = nodes({s.value});
  std::erase_if(found, [](Expr e) { return !bound_axes(e); });
  std::ranges::sort(found, {}, &Node::id);
  const bool fits = std::ranges::all_of(found, [&](Expr e) {
    const Fold* fold = e->as<Fold>();
    return fold && info(fold->reduction).results == Results::value && fold->ranges.empty() &&
           e->free.size() == s.domain.size();
  });
  return fits && found.size() <= most_reductions ? found : std::vector<Expr>{};
}

/// Whether each element of the target is of one iteration, and nothing else can happen.
bool stores_each_once(const Program& program, const Statement& s) {
  if (s.guard || s.in_order || s.stage || s.appends || is_private(program, s.target)) return false;
  std::set<AxisId> axes;
  for (Expr e : s.subscripts)
    if (!e->as<Axis>() || !axes.insert(e->as<Axis>()->axis).second) return false;
  return axes.size() == s.domain.size() && !s.domain.empty() && !s.value->may_fail;
}

bool has_functions_outside(Expr value) {
  bool found = false;
  walk({value}, [&](Expr e) {
    found |= is_function(e);
    return !e->as<Fold>();
  });
  return found;
}

/// Whether a row is too long to be transposed, and short enough if it is read again where reductions stand `within`
/// others.
bool has_length(Expr reduction, std::span<const std::int64_t> extents, bool within) {
  std::int64_t length = 1;
  for (AxisId axis : reduction->as<Fold>()->axes) length = std::min(length * extents[axis], 2 * longest_of_several);
  return length > longest_short_row && (!within || length <= longest_of_several);
}

/// Whether what it reads lies in rows along its last axis, which are of one result or of many.
bool runs_along_rows(const Program& program, Expr reduction, std::span<const TensorView> tensors) {
  const AxisId last = reduction->as<Fold>()->axes.back();
  bool is_of_results = false;
  for (Expr e : nodes({reduction->as<Fold>()->body})) {
    const Read* read = e->as<Read>();
    if (!read || !uses_axis(e, last)) continue;
    if (read->guard || !program.tensors[read->tensor].table.empty()) return false;
    std::int64_t step = 0;
    for (std::size_t i = 0; i < read->subscripts.size(); ++i) {
      if (!uses_axis(read->subscripts[i], last)) continue;
      if (!read->subscripts[i]->as<Axis>()) return false;
      step += tensors[read->tensor].layout.strides[i];
    }
    if (step != 1) return false;
    const auto moves = [&](AxisId axis) { return uses_axis(e, axis); };
    is_of_results |= std::ranges::all_of(reduction->free, moves);  // or all is used again: a product of matrices
  }
  return is_of_results;
}

}  // namespace

std::vector<SumsFirst> find_sums_first(const Program& program, std::span<const TensorView> tensors,
                                       std::span<const std::int64_t> extents) {
  std::vector<SumsFirst> found;
  for (std::size_t i = 0; i < program.statements.size(); ++i) {
    const Statement& s = program.statements[i];
    if (!program.tensors[s.target].table.empty() || !stores_each_once(program, s)) continue;
    const std::vector<Expr> reductions = reductions_of(s);
    std::int64_t results = 1;
    for (AxisId axis : s.domain) results = std::min<std::int64_t>(results * extents[axis], 2);
    if (reductions.empty() || results < 2 || !has_functions_outside(s.value)) continue;
    const bool within = std::ranges::any_of(reductions, [](Expr e) {
      return std::ranges::any_of(nodes({e->as<Fold>()->body}), [](Expr n) { return n->as<Fold>() != nullptr; });
    });
    const auto fits = [&](Expr e) { return has_length(e, extents, within) && runs_along_rows(program, e, tensors); };
    if (!std::ranges::all_of(reductions, fits)) continue;
    const auto overlaps = [&](Expr e) {
      const Read* read = e->as<Read>();
      if (!read || !program.tensors[read->tensor].table.empty()) return false;
      return may_overlap(tensors[s.target], tensors[read->tensor]);
    };
    found.push_back({i, !s.update && std::ranges::none_of(nodes({s.value}), overlaps)});
  }
  return found;
}

Program with_sums_first(Program program, const std::vector<SumsFirst>& which) {
  Graph& g = program.graph;
  std::vector<Statement> old = std::exchange(program.statements, {});
  for (std::size_t i = 0; i < old.size(); ++i) {
    Statement& s = old[i];
    Memo stored;
    const auto with_stored = [&](Expr e) { return replace(g, e, stored, [](Expr) -> Expr { return nullptr; }); };
    const auto known = std::ranges::find(which, i, &SumsFirst::statement);
    const std::vector<Expr> reductions = known != which.end() ? reductions_of(s) : std::vector<Expr>{};
    for (Expr e : reductions) {
      Statement first = s;
      first.update.reset();
      first.value = with_stored(e);
      if (!known->in_target || e != reductions.back() || e->dtype != program.tensors[s.target].dtype) {
        first.target = static_cast<TensorId>(program.tensors.size());
        first.subscripts.clear();
        for (AxisId axis : s.domain) first.subscripts.push_back(ir::axis(g, axis));
        program.tensors.push_back({"results", e->dtype, static_cast<int>(s.domain.size()), s.domain});
      }
      stored.insert_or_assign(e, read(g, first.target, e->dtype, first.subscripts, Policy::assume_inside));
      program.statements.push_back(std::move(first));
    }
    s.value = with_stored(s.value);
    program.statements.push_back(std::move(s));
  }
  return program;
}

}  // namespace ricci::jit
