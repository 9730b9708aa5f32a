#include "rewrite/scan.hpp"

#include <algorithm>

#include "rewrite/in_order.hpp"
#include "rewrite/tables.hpp"

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

std::optional<Scan> scan_of(const Fold& f) {
  if (f.axes.size() != 1 || f.ranges.empty()) return std::nullopt;
  const auto [low, high] = f.ranges[0];
  const auto is_fixed = [](Expr bound) { return !bound || bound->free.empty(); };
  const bool backwards = is_fixed(high);
  // The index of an arg-reduction over nothing follows from the lower bound.
  if (backwards && high && info(f.reduction).results == Results::index) return std::nullopt;
  const Expr moving = backwards ? low : high;
  if (is_fixed(moving) || !is_fixed(backwards ? high : low)) return std::nullopt;
  const Apply* sum = moving->as<Apply>();
  const Axis* along = moving->as<Axis>();
  std::int64_t shift = 0;
  for (const std::size_t i : {0, 1}) {
    if (!sum || sum->op != Op::add || !sum->args[1 - i]->as<Const>()) continue;
    along = sum->args[i]->as<Axis>();
    shift = sum->args[1 - i]->as<Const>()->value.as_int();
  }
  if (!along || uses_axis(f.body, along->axis)) return std::nullopt;
  return Scan{along->axis, backwards, shift};
}

bool runs_along(const Fold& f, const ScanLoop& loop) {
  const auto scan = scan_of(f);
  return scan && scan->along == loop.axis && scan->backwards == loop.backwards;
}

std::optional<ScanLoop> scan_loop(const Statement& s) {
  Feedback feedback(s);
  const bool any_order =
      is_injective(s) && std::ranges::none_of(expressions(s), [&](Expr e) { return feedback.reaches(e); });
  if (!any_order) return s.in_order ? std::optional(ScanLoop{*s.in_order, false}) : std::nullopt;
  for (Expr e : outer_folds(s)) {
    const auto scan = scan_of(*e->as<Fold>());
    if (scan && uses_domain(s, e) && scan->along == s.in_order.value_or(scan->along))
      return ScanLoop{scan->along, scan->backwards};
  }
  return s.in_order ? std::optional(ScanLoop{*s.in_order, false}) : std::nullopt;
}

std::vector<Expr> running_folds(const Statement& s) {
  std::vector<Expr> running;
  if (!s.in_order || independent_axes(s).size() + 1 != s.domain.size()) return running;
  Feedback feedback(s);
  const ScanLoop loop = *scan_loop(s);
  for (Expr e : outer_folds(s))
    if (runs_along(*e->as<Fold>(), loop) && uses_domain(s, e) && !feedback.reaches(e)) running.push_back(e);
  return running;
}

bool are_equally_long(const Program& program, AxisId a, AxisId b) {
  while (program.axes[a].like) a = *program.axes[a].like;
  while (program.axes[b].like) b = *program.axes[b].like;
  const AxisDecl &x = program.axes[a], &y = program.axes[b];
  if (a == b) return true;
  if (!x.inside.empty() || !y.inside.empty()) return false;  // they may be shorter than what they are subscripts of
  if (x.fixed >= 0 && x.fixed == y.fixed) return true;
  return std::ranges::any_of(x.sizes, [&](const TensorAxis& use) { return std::ranges::count(y.sizes, use) > 0; });
}

std::optional<Intake> intake_of(const Program& program, const Fold& f) {
  const auto scan = scan_of(f);
  if (!scan || !are_equally_long(program, f.axes[0], scan->along)) return std::nullopt;
  const std::int64_t own = scan->backwards ? 0 : 1, passed = 1 - own;
  return scan->shift == own      ? std::optional(Intake::own)
         : scan->shift == passed ? std::optional(Intake::passed)
                                 : std::nullopt;
}

void form_scans(Program& program) {
  for (Statement& s : program.statements)
    if (const auto loop = scan_loop(s)) s.in_order = loop->axis;
}

}  // namespace ricci::jit
