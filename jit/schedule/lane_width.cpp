#include "schedule/lane_width.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "ir/interval.hpp"
#include "rewrite/place_sorts.hpp"
#include "ricci/helpers.hpp"
#include "schedule/interior.hpp"
#include "schedule/packed_rows.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// Integers of 8 bytes count as 4: most of them are subscripts, which fit that.
constexpr int word = 4;

constexpr std::int64_t few_iterations = 16;  // of a reduction
constexpr std::size_t many_guards = 3;       // of reads: what a border takes longer in lanes of bytes, the inside saves

int of_element(DType dtype) { return std::min(static_cast<int>(size_of(dtype)), word); }

/// Of the widest value in an expression, a part of which may stand in it many times.
class Widths {
 public:
  Widths(Program& program, const Specialisation& s, const Nest& nest, bool mask_registers)
      : program_(program), s_(s), nest_(nest), mask_registers_(mask_registers) {}

  int of(Expr e) {
    if (const auto known = known_.find(e); known != known_.end()) return known->second;
    const int width = computed(e);
    known_.emplace(e, width);
    return width;
  }
  /// Of a statement that stores this value.
  int of_statement(const Statement& s, Expr value) {
    if (s.in_order || s.appends || is_sort(s)) return word;
    const auto is_outer = [&](AxisId axis) { return std::ranges::count(s.domain, axis) > 0; };
    std::vector<Expr> guards;
    bool reduces = false;
    for (Expr e : nodes({value})) {
      const Read* read = e->as<Read>();
      if (!read || !read->guard) continue;
      guards.push_back(read->guard);
      reduces |= !std::ranges::all_of(e->free, is_outer);
    }
    if (reduces || guards.size() >= many_guards)
      for (Expr guard : guards) leave_to_border(guard);
    const Project* winner = value->as<Project>();
    const bool in_lanes = !nest_.folds && !(winner && counts_steps(*winner->fold->as<Fold>()));
    const int place = in_lanes ? of_place(s.subscripts, s.policy, s.guard, value->dtype) : 1;
    return std::max({place, of(value), s.guard ? of(s.guard) : 1});
  }

 private:
  int computed(Expr e) {
    const int own = of_element(e->dtype);
    return visit(
        e, [](const Const&) { return 1; }, [](const Param&) { return 1; }, [](const Extent&) { return 1; },
        [&](const Apply& apply) {
          int widest = own;
          for (Expr arg : apply.args) widest = std::max(widest, of(arg));
          return widest;
        },
        [&](const Read& read) {
          if (may_be_spread(program_, s_, e)) return own;
          const int place = of_place(read.subscripts, read.policy, read.guard, e->dtype);
          return std::max(place, read.guard ? of(read.guard) : 1);
        },
        [&](const Fold& fold) {
          if (info(fold.reduction).results == Results::index) return counts_steps(fold) ? of(fold.body) : word;
          if (!fold.ranges.empty() && !is_short(fold)) return word;
          if (Expr condition = counted_condition(fold)) return of(condition);
          return std::max(own, of(fold.body));
        },
        [&](const Project& project) { return of(project.fold); }, [](const auto&) { return word; });
  }

  /// Of a place in memory. What other data find, or lanes check in part, has lanes of subscripts.
  int of_place(const std::vector<Expr>& subscripts, Policy policy, Expr guard, DType dtype) const {
    const bool is_checked = policy == Policy::check && guard;
    const auto is_plain = [&](Expr e) { return e->as<Axis>() || (!is_checked && is_affine(e)); };
    return std::ranges::all_of(subscripts, is_plain) ? of_element(dtype) : word;
  }

  /// Comparisons of subscripts that guard a read are left to the border.
  void leave_to_border(Expr guard) {
    for (Expr condition : conjuncts(guard)) {
      const Apply* apply = condition->as<Apply>();
      if (apply && apply->op == Op::logical_not) apply = (condition = apply->args[0])->as<Apply>();
      const bool compares = apply && info(apply->op).typing == Typing::compare && apply->args[0]->dtype == DType::i64;
      if (compares && is_affine(apply->args[0]) && is_affine(apply->args[1]) && has_interior(condition))
        known_.insert_or_assign(condition, 1);
    }
  }

  /// Everywhere, or in the interior of the nest.
  bool is_affine(Expr subscript) const {
    bool affine = true;
    walk({subscript}, [&](Expr e) {
      if (e->free.empty() || e->as<Axis>()) return false;
      constexpr Op keep[] = {Op::add, Op::subtract, Op::multiply, Op::negate};
      const bool keeps = e->as<Apply>() && std::ranges::count(keep, e->as<Apply>()->op) > 0;
      affine &= keeps || (is_choice(e) && has_interior(e));
      return true;
    });
    return affine;
  }

  /// Without registers for masks, what lanes of bytes take at a border is no less than they save inside.
  bool has_interior(Expr tested) const {
    const std::vector<AxisId>& domain = program_.statements[nest_.statements.front()].domain;
    const auto is_of_nest = [&](AxisId axis) { return std::ranges::count(domain, axis) > 0; };
    return mask_registers_ && !nest_.serial && !nest_.folds && std::ranges::count_if(tested->free, is_of_nest) == 1;
  }

  /// Whether lanes hardly ever run along its axes.
  bool is_short(const Fold& fold) const {
    return std::ranges::all_of(fold.axes, [&](AxisId axis) {
      const auto most = s_.collapsed[axis].empty() ? known_extent(program_, axis) : std::nullopt;
      return most && *most <= few_iterations;
    });
  }

  /// Whether it is likely to run with lanes of its own along a row. They count their steps in the elements' width
  /// (ExpressionLowering::reduce_counting()).
  bool counts_steps(const Fold& fold) const {
    const AxisId along = fold.axes.back();
    if (!fold.ranges.empty() || info(fold.reduction).results != Results::index) return false;
    if (!is_integer(fold.body->dtype) || std::ranges::count(s_.wide, along) == 0) return false;
    bool moves = false;
    for (Expr e : nodes({fold.body})) {
      const Read* read = e->as<Read>();
      if (!read || !uses_axis(e, along)) continue;
      if (motion(program_, s_, read->tensor, read->subscripts, along) != Motion::contiguous) return false;
      moves = true;
    }
    return moves;
  }

  Program& program_;
  const Specialisation& s_;
  const Nest& nest_;
  bool mask_registers_;
  std::unordered_map<Expr, int> known_;
};

bool computes_doubles(const Statement& s) {
  return std::ranges::any_of(nodes(expressions(s)), [](Expr e) {
    return e->dtype == DType::f64 && !e->free.empty();
  });
}

/// Whether roots and divisions of floats take most of the time of an iteration, and not of one of its outer loops.
/// Registers of 64 bytes halve neither: the divider takes twice as long for them, and a Cascade Lake's clock falls by a
/// seventh.
bool waits_for_divider(const Statement& s, Expr value) {
  int divisions = 0, others = 0;
  for (Expr e : nodes({value})) {
    if (e->as<Fold>()) return false;
    const Apply* apply = e->as<Apply>();
    if (!apply || std::ranges::any_of(s.domain, [&](AxisId axis) { return !uses_axis(e, axis); })) continue;
    if (is_long(apply->op)) return false;
    const bool divides = apply->op == Op::sqrt || apply->op == Op::divide;
    (divides && is_float(e->dtype) ? divisions : others) += 1;
  }
  return !s.update && !s.guard && !s.in_order && !s.appends && divisions > 0 && others <= 2 * divisions;
}

}  // namespace

Expr counted_condition(const Fold& f) {
  const Apply* body = f.body->as<Apply>();
  const bool counts = f.reduction == Reduction::sum && body && body->op == Op::cast && is_integer(f.body->dtype) &&
                      body->args[0]->dtype == DType::b1;
  return counts ? body->args[0] : nullptr;
}

int lane_bytes(Program& program, const Specialisation& specialisation, const Nest& nest, const Target& target) {
  // Without registers for masks, bytes go one by one at the end of a row: it must not be long.
  const bool mask_registers = has_mask_registers(target);
  int widest = mask_registers ? 1 : 2;
  Widths widths(program, specialisation, nest, mask_registers);
  for (std::size_t k = 0; k < nest.statements.size(); ++k) {
    const Statement& s = program.statements[nest.statements[k]];
    const int own = computes_doubles(s) ? 8 : widths.of_statement(s, nest.values[k]);
    const bool halves = target.vector_bytes == 64 && waits_for_divider(s, nest.values[k]);
    widest = std::max(widest, halves ? 2 * own : own);
  }
  return widest;
}

}  // namespace ricci::jit
