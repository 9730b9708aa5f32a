#include "rewrite/scatter.hpp"

#include <algorithm>
#include <set>

#include "rewrite/ranges.hpp"
#include "rewrite/solver.hpp"
#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// A free axis, and what it must be.
struct Key {
  AxisId axis;
  Expr value;
};

/// Takes one condition of the selection as a key.
bool take_key(Program& program, Selection& s, const std::vector<AxisId>& bound, std::vector<Key>& keys) {
  for (std::size_t i = 0; i < s.conditions.size(); ++i)
    for (const Solution& solution : solutions(program.graph, s.conditions[i])) {
      const bool is_free = std::ranges::count(bound, solution.axis) == 0;
      const auto varies = [&](AxisId axis) { return uses_axis(solution.value, axis); };
      if (!is_free || std::ranges::none_of(bound, varies) || !settle(program, s, i, solution)) continue;
      for (Key& key : keys) key.value = substitute(program.graph, key.value, {{solution.axis, solution.value}});
      keys.push_back({solution.axis, solution.value});
      return true;
    }
  return false;
}

}  // namespace

Expr scattered(Program& program, CanonicalAxes& axes, Selection s, const std::vector<AxisId>& bound,
               std::vector<Statement>& before) {
  Graph& g = program.graph;
  std::vector<Key> keys;
  while (take_key(program, s, bound, keys)) {}
  if (keys.empty()) return nullptr;

  // Bounds that may fail are looked at also where other ones leave nothing, as where the reduction stands.
  std::vector<Expr> within;
  for (const auto& [reduced, range] : s.ranges)
    for (Expr c : range_conditions(g, range, axis(g, reduced))) {
      if (!within.empty() && may_fail(program, c))
        within.back() = apply(g, Op::logical_and, {within.back(), c});
      else
        within.push_back(c);
    }
  s.conditions.insert(s.conditions.begin(), within.begin(), within.end());

  // The table's dimensions: the keys, then every other free axis, which the accumulation iterates like `bound`.
  std::set<AxisId> others(s.value->free.begin(), s.value->free.end());
  for (Expr c : s.conditions) others.insert(c->free.begin(), c->free.end());
  for (const Key& key : keys) others.insert(key.value->free.begin(), key.value->free.end());
  for (AxisId axis : bound) others.erase(axis);
  std::vector<AxisId> dimensions, old_domain = bound;
  std::vector<Expr> read_at, write_at;
  for (const Key& key : keys) {
    dimensions.push_back(key.axis);
    read_at.push_back(axis(g, key.axis));
    write_at.push_back(key.value);
  }
  for (AxisId other : others) {
    dimensions.push_back(other);
    read_at.push_back(axis(g, other));
    write_at.push_back(axis(g, other));
    old_domain.push_back(other);
  }
  std::vector<AxisId> domain;
  std::unordered_map<AxisId, Expr> renamed;
  for (std::size_t i = 0; i < old_domain.size(); ++i) {
    domain.push_back(axes.get(old_domain[i], 0, static_cast<int>(i)));
    renamed.emplace(old_domain[i], axis(g, domain.back()));
  }
  for (Expr& subscript : write_at) subscript = substitute(g, subscript, renamed);
  const Table table = make_table(program, s.value->dtype, dimensions);
  before.push_back(accumulate(program, table, s.reduction, write_at, substitute(g, s.value, renamed), domain));
  before.back().guard = substitute(g, conjunction(program, s.conditions), renamed);
  return combined(program, table, s.reduction, read_at);
}

}  // namespace ricci::jit
