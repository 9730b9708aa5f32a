#include "rewrite/solver.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "ir/linear.hpp"
#include "rewrite/ranges.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool is_small(std::int64_t coefficient) { return -(1 << 15) < coefficient && coefficient < 1 << 15; }

/// A form over axes alone, without the factor that all of it has: 2 * i - 2 * k is 0 where i - k is. Nothing wraps
/// there.
void divide_by_common_factor(Linear& sum) {
  std::int64_t factor = 0;
  for (const auto& [atom, coefficient] : sum.terms) {
    if (!atom->as<Axis>() || !is_small(coefficient)) return;
    factor = std::gcd(factor, coefficient);
  }
  if (factor <= 1 || sum.constant % factor != 0) return;
  for (auto& term : sum.terms) term.second /= factor;
  sum.constant /= factor;
}

/// coefficient * axis + rest == 0, solved for the axis.
Solution solved(Graph& g, AxisId axis, std::int64_t coefficient, Linear rest) {
  const std::int64_t divisor = std::abs(coefficient);
  if (coefficient > 0) rest = negated(rest);
  const Expr numerator = expression(g, rest), by = constant(g, divisor);
  if (divisor == 1) return {axis, numerator, nullptr, coefficient};
  const Expr remainder = apply(g, Op::remainder, {numerator, by});
  return {axis, apply(g, Op::floor_divide, {numerator, by}),
          apply(g, Op::equal, {remainder, constant(g, std::int64_t{0})}), coefficient};
}

}  // namespace

std::vector<Solution> solutions(Graph& g, Expr condition) {
  const Apply* equality = condition->as<Apply>();
  if (!equality || equality->op != Op::equal || equality->args[0]->dtype != DType::i64) return {};
  Linear form = difference(equality->args[0], equality->args[1]);
  divide_by_common_factor(form);

  std::vector<Solution> all;
  for (std::size_t i = 0; i < form.terms.size(); ++i) {
    const auto [atom, coefficient] = form.terms[i];
    const Axis* axis = atom->as<Axis>();
    if (!axis || !is_small(coefficient)) continue;
    Linear rest = form;
    rest.terms.erase(rest.terms.begin() + static_cast<std::ptrdiff_t>(i));
    const bool within =
        std::ranges::any_of(rest.terms, [&](const auto& term) { return uses_axis(term.first, axis->axis); });
    if (!within) all.push_back(solved(g, axis->axis, coefficient, std::move(rest)));
  }
  return all;
}

bool settle(Program& program, Selection& s, std::size_t i, const Solution& solution) {
  Graph& g = program.graph;
  const auto before = std::span(s.conditions).first(i);
  const bool needed_before = std::ranges::any_of(before, [&](Expr c) { return uses_axis(c, solution.axis); });
  const auto range = s.ranges.find(solution.axis);
  const auto fails = [&](Expr e) { return e && may_fail(program, e); };
  // A range is evaluated whatever is selected in it: as a condition it would be behind others.
  if (range != s.ranges.end() && (fails(range->second.low) || fails(range->second.high))) return false;
  const bool ranged_before = range != s.ranges.end() && std::ranges::any_of(before, fails);
  const bool first = needed_before || ranged_before;
  if (first && may_fail(program, solution.value)) return false;
  const Expr zero = constant(g, std::int64_t{0}), size = extent(g, solution.axis);
  std::vector<Expr> inside{apply(g, Op::less_equal, {zero, solution.value}),
                           apply(g, Op::less, {solution.value, size})};
  if (range != s.ranges.end()) {
    if (may_fail(program, solution.value)) {  // nor is that looked at where the range is empty
      const auto [low, high] = range->second;
      std::vector<Expr> occupied;
      if (low && high) occupied.push_back(apply(g, Op::less, {low, high}));
      if (low) occupied.push_back(apply(g, Op::less, {low, size}));
      if (high) occupied.push_back(apply(g, Op::less, {zero, high}));
      inside.insert(inside.begin(), occupied.begin(), occupied.end());
    }
    for (Expr c : range_conditions(g, range->second, solution.value)) inside.push_back(c);
    s.ranges.erase(range);
  }
  if (solution.divisible) inside.push_back(solution.divisible);
  s.conditions.erase(s.conditions.begin() + static_cast<std::ptrdiff_t>(i));
  for (Expr& c : s.conditions) c = substitute(g, c, {{solution.axis, solution.value}});
  s.value = substitute(g, s.value, {{solution.axis, solution.value}});
  s.conditions.insert(s.conditions.begin() + (first ? 0 : static_cast<std::ptrdiff_t>(i)), inside.begin(),
                      inside.end());
  return true;
}

bool eliminate(Program& program, Selection& s, std::vector<AxisId>& bound) {
  struct Candidate {
    std::size_t condition;
    Solution solution;
    std::pair<std::int64_t, std::ptrdiff_t> rank;  // the smallest is taken
  };
  for (bool changed = false;; changed = true) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < s.conditions.size(); ++i)
      for (const Solution& solution : solutions(program.graph, s.conditions[i]))
        if (const auto axis = std::ranges::find(bound, solution.axis); axis != bound.end())
          candidates.push_back({i, solution, {std::abs(solution.coefficient), axis - bound.begin()}});
    std::ranges::stable_sort(candidates, {}, &Candidate::rank);
    const auto done = std::ranges::find_if(
        candidates, [&](const Candidate& c) { return settle(program, s, c.condition, c.solution); });
    if (done == candidates.end()) return changed;
    std::erase(bound, done->solution.axis);
  }
}

}  // namespace ricci::jit
