#include "rewrite/winners.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

void read_winners(Program& program, const CanonicalAxes& axes) {
  Graph& g = program.graph;
  Memo common;
  std::unordered_map<Expr, Expr> winners;
  for (const Statement& s : program.statements)
    for (Expr e : nodes(expressions(s))) {
      const Fold* fold = e->as<Fold>();
      if (!fold || info(fold->reduction).results != Results::index || !fold->ranges.empty()) continue;
      const bool varies = std::ranges::any_of(fold->axes, [&](AxisId axis) { return uses_axis(fold->body, axis); });
      if (!varies) continue;
      const auto at_winner = coordinates(g, project(g, e, 1), fold->axes);
      const Expr best = axes.with_common_extents(substitute(g, fold->body, at_winner), common);
      winners.emplace(best, project(g, e, 0));
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
