#include "run/chosen.hpp"

#include <algorithm>

#include "rewrite/tables.hpp"
#include "ricci/error.hpp"

namespace ricci::jit {

using namespace ir;

Expr count_of_results(const Program& program, const Program& normalised) {
  const std::vector<Expr> counts = count_expressions(program);
  if (counts.size() != 1) return nullptr;
  for (const Statement& reading : program.statements)
    for (Expr e : expressions(reading))
      for (const Statement& writing : program.statements)
        if (reads(e, writing.target)) return nullptr;  // a value from before it was made
  const auto is_counted = [&](AxisId axis) {
    const AxisDecl& decl = normalised.axes[axis];
    return !decl.counts.empty() || (decl.like && !normalised.axes[*decl.like].counts.empty());
  };
  std::vector<Expr> deciding;
  for (const AxisDecl& axis : normalised.axes) {
    if (axis.limit) deciding.push_back(axis.limit);
    for (const AffineUse& use : axis.inside) deciding.push_back(use.rest);
  }
  if (std::ranges::any_of(axes_within(deciding), is_counted)) return nullptr;
  std::vector<TensorId> targets;
  for (const Statement& s : normalised.statements) {
    if (std::ranges::any_of(s.domain, is_counted) || std::ranges::any_of(axes_within(expressions(s)), is_counted))
      return nullptr;
    const bool is_own = !normalised.tensors[s.target].table.empty();
    if (is_own == s.appends) return nullptr;
    if (s.appends) targets.push_back(s.target);
  }
  for (const AxisDecl& axis : normalised.axes)
    if (!axis.counts.empty() && (axis.fixed >= 0 || axis.limit || !axis.inside.empty() ||
                                 std::ranges::any_of(axis.sizes, [&](const TensorAxis& use) {
                                   return std::ranges::count(targets, use.tensor) == 0;
                                 })))
      return nullptr;
  return counts[0];
}

std::optional<std::int64_t> most_chosen(Expr count, std::span<const std::int64_t> extents) {
  std::int64_t most = 1;
  for (AxisId axis : count->as<Fold>()->axes)
    if (__builtin_mul_overflow(most, extents[axis], &most)) return std::nullopt;
  return most > 0 ? std::optional(most) : std::nullopt;
}

LaunchPlan::Choice choice_of(const KernelInfo& info, const std::vector<bool>& is_target) {
  const auto appending = std::ranges::find_if(info.phases, [](const PhaseInfo& p) { return !p.starts.empty(); });
  RICCI_ASSERT(appending != info.phases.end(), "a kernel that should append does not");
  LaunchPlan::Choice choice{static_cast<std::size_t>(appending - info.phases.begin()), appending->starts[0], {}, {}};
  for (std::uint32_t i = 0; i < info.symbols.size(); ++i)
    if (info.symbols[i].kind == Symbol::Kind::size && is_target[info.symbols[i].ids[0]]) choice.sizes.push_back(i);
  for (std::uint32_t t = 0; t < is_target.size(); ++t)
    if (is_target[t]) choice.tensors.push_back(t);
  return choice;
}

}  // namespace ricci::jit
