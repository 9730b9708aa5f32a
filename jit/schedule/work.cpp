#include "schedule/work.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether elements of tensors decide how long the range is. It is then a small part of its axis: in offsets of rows,
/// the ranges of all rows make up the axis.
bool depends_on_data(const Range& range) {
  std::vector<Expr> bounds;
  for (Expr bound : {range.low, range.high})
    if (bound) bounds.push_back(bound);
  return std::ranges::any_of(nodes(std::move(bounds)), [](Expr e) { return e->as<Read>() != nullptr; });
}

}  // namespace

std::vector<AxisId> deepest_loops(const Program& program, const Nest& nest) {
  std::unordered_map<Expr, std::vector<AxisId>> chains;
  const auto chain = [&](const auto& self, Expr e) -> const std::vector<AxisId>& {
    if (const auto it = chains.find(e); it != chains.end()) return it->second;
    std::vector<AxisId> longest;
    for (Expr child : children(e)) {
      const std::vector<AxisId>& below = self(self, child);
      if (below.size() > longest.size()) longest = below;
    }
    const bool is_scan = std::ranges::count(nest.scans, e) > 0;  // its loop is that of the nest
    if (const Sort* sort = e->as<Sort>()) longest.insert(longest.begin(), sort->axes.begin(), sort->axes.end());
    if (const Fold* fold = e->as<Fold>(); fold && !is_scan)
      for (std::size_t i = 0; i < fold->axes.size(); ++i)
        if (fold->ranges.empty() || !depends_on_data(fold->ranges[i])) longest.insert(longest.begin(), fold->axes[i]);
    return chains.insert_or_assign(e, std::move(longest)).first->second;
  };
  std::vector<AxisId> loops;
  for (std::size_t i : nest.statements) {
    const std::vector<AxisId>& below = chain(chain, program.statements[i].value);
    if (below.size() > loops.size()) loops = below;
  }
  loops.insert(loops.end(), nest.order.begin(), nest.order.end());
  return loops;
}

}  // namespace ricci::jit
