#include "scan.hpp"

#include <algorithm>

#include "in_order.hpp"
#include "tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The reductions of a statement that stand in no other one.
std::vector<Expr> outer_folds(const Statement& s) {
  std::vector<Expr> folds;
  walk(expressions(s), [&](Expr e) {
    if (e->as<Fold>()) folds.push_back(e);
    return e->as<Fold>() == nullptr;
  });
  std::ranges::sort(folds, {}, &Node::id);
  return folds;
}

bool uses_domain(const Statement& s, Expr e) {
  return std::ranges::all_of(s.domain, [&](AxisId axis) { return uses_axis(e, axis); });
}

}  // namespace

std::optional<Prefix> prefix_of(const Fold& f) {
  if (f.axes.size() != 1 || f.ranges.empty() || f.ranges[0].low || !f.ranges[0].high) return std::nullopt;
  const Expr high = f.ranges[0].high;
  const Apply* sum = high->as<Apply>();
  const Axis* along = high->as<Axis>();
  std::int64_t ahead = 0;
  for (const std::size_t i : {0, 1}) {
    if (!sum || sum->op != Op::add || !sum->args[1 - i]->as<Const>()) continue;
    along = sum->args[i]->as<Axis>();
    ahead = sum->args[1 - i]->as<Const>()->value.as_int();
  }
  if (!along || uses_axis(f.body, along->axis)) return std::nullopt;
  return Prefix{along->axis, ahead};
}

std::optional<AxisId> scan_axis(const Statement& s) {
  if (s.in_order) return s.in_order;
  if (!is_injective(s)) return std::nullopt;
  for (Expr e : outer_folds(s))
    if (const auto prefix = prefix_of(*e->as<Fold>()); prefix && uses_domain(s, e)) return prefix->along;
  return std::nullopt;
}

std::vector<Expr> running_folds(const Statement& s) {
  std::vector<Expr> running;
  if (!s.in_order || independent_axes(s).size() + 1 != s.domain.size()) return running;
  Feedback feedback(s);
  for (Expr e : outer_folds(s)) {
    const auto prefix = prefix_of(*e->as<Fold>());
    if (prefix && prefix->along == *s.in_order && uses_domain(s, e) && !feedback.reaches(e)) running.push_back(e);
  }
  return running;
}

void form_scans(Program& program) {
  for (Statement& s : program.statements) s.in_order = scan_axis(s);
}

}  // namespace ricci::jit
