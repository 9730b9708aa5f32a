#include "rewrite/in_order.hpp"

#include <algorithm>
#include <map>

#include "rewrite/guard.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

bool is_bare(Expr e, AxisId axis) {
  const Axis* bare = e->as<Axis>();
  return bare && bare->axis == axis;
}

/// The reads of the target in a recurrence.
std::vector<const Read*> feedback_of(const Statement& s) {
  std::vector<const Read*> reads;
  for (Expr e : nodes(expressions(s)))
    if (const Read* read = e->as<Read>(); read && read->tensor == s.target) reads.push_back(read);
  return reads;
}

/// A sum of multiples of expressions that are no sums; the constant part stands under null.
using Terms = std::map<Expr, std::int64_t>;

void add_terms(Terms& terms, Expr e, std::int64_t factor) {
  const Apply* apply = e->as<Apply>();
  const auto constant = [&](std::size_t i) { return apply->args[i]->as<Const>(); };
  if (const Const* c = e->as<Const>()) {
    terms[nullptr] += factor * c->value.as_int();
  } else if (apply && (apply->op == Op::add || apply->op == Op::subtract)) {
    add_terms(terms, apply->args[0], factor);
    add_terms(terms, apply->args[1], apply->op == Op::add ? factor : -factor);
  } else if (apply && apply->op == Op::negate) {
    add_terms(terms, apply->args[0], -factor);
  } else if (apply && apply->op == Op::multiply && (constant(0) || constant(1))) {
    const std::size_t other = constant(0) ? 1 : 0;
    add_terms(terms, apply->args[other], factor * constant(1 - other)->value.as_int());
  } else {
    terms[e] += factor;
  }
}

/// a - b where that is the same in every iteration.
std::optional<std::int64_t> distance(Expr a, Expr b) {
  Terms terms;
  add_terms(terms, a, 1);
  add_terms(terms, b, -1);
  const std::int64_t constant = terms[nullptr];
  terms.erase(nullptr);
  if (std::ranges::any_of(terms, [](const auto& term) { return term.second != 0; })) return std::nullopt;
  return constant;
}

/// Whether a read and a write of one step never are of the same element: they are apart where the axis in order is, and
/// no other axis counts there.
bool is_of_another_step(const Statement& s, const Read& read, const std::vector<AxisId>& inner) {
  for (std::size_t i = 0; i < s.subscripts.size(); ++i) {
    const Expr written = s.subscripts[i];
    if (std::ranges::any_of(inner, [&](AxisId axis) { return uses_axis(written, axis); })) continue;
    if (distance(read.subscripts[i], written).value_or(0) != 0) return true;
  }
  return false;
}

}  // namespace

bool Feedback::reaches(Expr e) {
  if (!target_) return false;
  if (const auto it = known_.find(e); it != known_.end()) return it->second;
  const Read* read = e->as<Read>();
  const bool result = (read && read->tensor == *target_) ||
                      std::ranges::any_of(children(e), [&](Expr child) { return reaches(child); });
  known_.emplace(e, result);
  return result;
}

bool orders_what_it_writes(const Program& program, const Statement& s) {
  if (!s.in_order) return false;
  Feedback feedback(s);
  const auto decides = [&](Expr e) {
    if (const Fold* fold = e->as<Fold>())
      return std::ranges::any_of(fold->ranges, [&](const Range& range) {
        return (range.low && feedback.reaches(range.low)) || (range.high && feedback.reaches(range.high));
      });
    const Apply* choice = e->as<Apply>();
    const Read* read = e->as<Read>();
    return (choice && choice->op == Op::select && feedback.reaches(choice->args[0])) ||
           (read && read->guard && feedback.reaches(read->guard));
  };
  const auto may_miss = [&](Expr e) { return e->as<Read>() && !always_fits(program, *e->as<Read>()); };
  const std::vector<Expr> all = nodes(expressions(s));
  const bool guarded = std::ranges::any_of(all, decides);
  return std::ranges::any_of(all, [&](Expr e) {
    const Sort* sort = e->as<Sort>();
    const Nonzero* nonzero = e->as<Nonzero>();
    if (nonzero) return feedback.reaches(nonzero->condition);
    return sort && (feedback.reaches(sort->key) || (guarded && std::ranges::any_of(nodes({sort->key}), may_miss)));
  });
}

std::vector<AxisId> independent_axes(const Statement& s) {
  const std::vector<const Read*> reads = feedback_of(s);
  std::vector<AxisId> independent;
  for (AxisId axis : s.domain) {
    if (axis == *s.in_order) continue;
    for (std::size_t i = 0; i < s.subscripts.size(); ++i) {
      const auto has = [&](const Read* read) { return is_bare(read->subscripts[i], axis); };
      if (!is_bare(s.subscripts[i], axis) || !std::ranges::all_of(reads, has)) continue;
      independent.push_back(axis);
      break;
    }
  }
  return independent;
}

bool is_injective_per_step(const Statement& s) {
  return std::ranges::all_of(s.domain, [&](AxisId axis) {
    return axis == *s.in_order || std::ranges::any_of(s.subscripts, [&](Expr e) { return is_bare(e, axis); });
  });
}

std::vector<Expr> reads_of_last_step(Graph& g, const Statement& s) {
  std::vector<Expr> reads;
  if (!s.in_order || s.guard) return reads;
  const Expr before = apply(g, Op::subtract, {axis(g, *s.in_order), constant(g, std::int64_t{1})});
  for (Expr e : nodes(expressions(s))) {
    const Read* read = e->as<Read>();
    if (!read || read->tensor != s.target) continue;
    bool same = true;
    for (std::size_t i = 0; i < s.subscripts.size(); ++i)
      same = same && distance(read->subscripts[i], substitute(g, s.subscripts[i], {{*s.in_order, before}})) == 0;
    if (same) reads.push_back(e);
  }
  std::ranges::sort(reads, {}, &Node::id);
  return reads;
}

void stage_steps(Program& program) {
  for (Statement& s : program.statements) {
    if (!s.in_order) continue;
    const std::vector<AxisId> independent = independent_axes(s);
    std::vector<AxisId> inner = s.domain, dimensions = s.domain;
    std::erase(dimensions, *s.in_order);
    std::erase_if(inner, [&](AxisId axis) { return axis == *s.in_order || std::ranges::count(independent, axis) > 0; });
    const bool in_place = std::ranges::all_of(feedback_of(s), [&](const Read* read) {
      return (read->subscripts == s.subscripts && is_injective_per_step(s)) || is_of_another_step(s, *read, inner);
    });
    if (inner.empty() || in_place) continue;
    s.stage = static_cast<TensorId>(program.tensors.size());
    program.tensors.push_back(
        {"step", program.tensors[s.target].dtype, static_cast<int>(dimensions.size()), dimensions});
  }
}

std::vector<Statement> by_way_of_stage(Program& program, const Statement& s) {
  Graph& g = program.graph;
  std::vector<Expr> subscripts;
  for (AxisId axis : program.tensors[*s.stage].table) {
    const bool iterated = std::ranges::count(s.domain, axis) > 0;  // rather than swallowed by another axis
    subscripts.push_back(iterated ? ir::axis(g, axis) : constant(g, std::int64_t{0}));
  }
  Statement fill = s, empty = s;
  fill.target = *s.stage;
  fill.subscripts = subscripts;
  fill.guard = nullptr;
  fill.policy = Policy::assume_inside;
  empty.value = read(g, *s.stage, s.value->dtype, subscripts, Policy::assume_inside);
  return {fill, empty};
}

}  // namespace ricci::jit
