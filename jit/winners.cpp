#include "winners.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

/// What the axes of an arg-reduction are at its winner.
std::unordered_map<AxisId, Expr> at_winner(Graph& g, const Fold& fold, Expr winner) {
  std::unordered_map<AxisId, Expr> at;
  Expr later = nullptr;  // the product of the extents of the axes further in
  for (std::size_t i = fold.axes.size(); i-- > 0;) {
    const Expr own = extent(g, fold.axes[i]);
    Expr coordinate = later ? apply(g, Op::floor_divide, {winner, later}) : winner;
    if (i > 0) coordinate = apply(g, Op::remainder, {coordinate, own});
    at.emplace(fold.axes[i], coordinate);
    later = later ? apply(g, Op::multiply, {own, later}) : own;
  }
  return at;
}

}  // namespace

void read_winners(Program& program) {
  Graph& g = program.graph;
  std::unordered_map<Expr, Expr> winners;
  for (const Statement& s : program.statements)
    for (Expr e : nodes(expressions(s))) {
      const Fold* fold = e->as<Fold>();
      if (!fold || info(fold->reduction).results != Results::index || !fold->ranges.empty()) continue;
      const bool varies = std::ranges::any_of(fold->axes, [&](AxisId axis) { return uses_axis(fold->body, axis); });
      if (varies) winners.emplace(substitute(g, fold->body, at_winner(g, *fold, project(g, e, 1))), project(g, e, 0));
    }
  Memo memo;
  const Rewrite replace = [&](Expr, Expr e) {
    const auto it = winners.find(e);
    return it == winners.end() ? e : it->second;
  };
  for (Statement& s : program.statements)
    replace_expressions(s, [&](Expr e) { return rewrite(g, e, memo, replace); });
}

}  // namespace ricci::jit
