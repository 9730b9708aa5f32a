#include "rewrite/ranges.hpp"

#include <algorithm>

#include "ir/linear.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// A comparison as a bound of one axis.
struct AxisBound {
  AxisId axis;
  Range range;  // one end of it
};

/// Whether |e| < 2^40: an axis, an extent, or a widened integer.
bool is_moderate(Expr e) {
  if (e->as<Axis>() || e->as<Extent>()) return true;
  const Apply* apply = e->as<Apply>();
  return apply && apply->op == Op::cast && is_integer(apply->args[0]->dtype) && size_of(apply->args[0]->dtype) <= 4;
}

/// Whether no sum of the form's terms can wrap.
bool is_moderate(const Linear& form) {
  constexpr std::int64_t limit = std::int64_t{1} << 60, small = 1 << 12;
  return form.terms.size() < 64 && -limit < form.constant && form.constant < limit &&
         std::ranges::all_of(form.terms, [&](const auto& term) {
           return is_moderate(term.first) && -small < term.second && term.second < small;
         });
}

class Bounding {
 public:
  Bounding(Graph& g, const std::vector<AxisId>& axes) : g_(g), axes_(axes) {}

  std::optional<AxisBound> bound(Expr condition) {
    const Apply* compare = condition->as<Apply>();
    if (!compare || compare->args[0]->dtype != DType::i64) return {};
    const Expr a = compare->args[0], b = compare->args[1];
    switch (compare->op) {
      case Op::less: return below(a, b, true);
      case Op::less_equal: return below(a, b, false);
      case Op::greater: return below(b, a, true);
      case Op::greater_equal: return below(b, a, false);
      default: return {};
    }
  }

 private:
  /// a < b, or a <= b.
  std::optional<AxisBound> below(Expr a, Expr b, bool strictly) {
    Linear form = difference(b, a);  // >= 0, or >= 1
    if (!is_moderate(form)) return beside(a, b, strictly);
    form.constant -= strictly;
    const auto is_reduced = [&](const auto& term) { return uses_any(term.first); };
    if (std::ranges::count_if(form.terms, is_reduced) != 1) return {};
    const auto term = std::ranges::find_if(form.terms, is_reduced);
    const auto [atom, coefficient] = *term;
    const Axis* axis = atom->as<Axis>();
    if (!axis) return {};
    form.terms.erase(term);
    if (coefficient > 0) form = negated(form);
    const std::int64_t divisor = std::abs(coefficient);
    form.constant += coefficient > 0 ? divisor - 1 : divisor;
    const Expr end = apply(g_, Op::floor_divide, {expression(g_, form), constant(g_, divisor)});
    return AxisBound{axis->axis, coefficient > 0 ? Range{end, nullptr} : Range{nullptr, end}};
  }

  /// The same where one side is the axis itself and the other may be any number: no sum of both is formed.
  std::optional<AxisBound> beside(Expr a, Expr b, bool strictly) {
    const Axis *first = a->as<Axis>(), *second = b->as<Axis>();
    const auto after = [&](AxisId axis, Expr e) {
      return apply(g_, Op::add, {apply(g_, Op::minimum, {e, extent(g_, axis)}), constant(g_, std::int64_t{1})});
    };
    if (first && uses_any(a) && !uses_any(b))
      return AxisBound{first->axis, {nullptr, strictly ? b : after(first->axis, b)}};
    if (second && uses_any(b) && !uses_any(a))
      return AxisBound{second->axis, {strictly ? after(second->axis, a) : a, nullptr}};
    return {};
  }

  bool uses_any(Expr e) const {
    return std::ranges::any_of(axes_, [&](AxisId axis) { return uses_axis(e, axis); });
  }

  Graph& g_;
  const std::vector<AxisId>& axes_;
};

/// Whether lanes along an axis of the bound would be lost: elements lie side by side there.
bool needs_lanes(Expr value, Expr bound) {
  return std::ranges::any_of(nodes({value}), [&](Expr e) {
    const Read* read = e->as<Read>();
    if (!read || read->subscripts.empty()) return false;
    return std::ranges::any_of(bound->free, [&](AxisId axis) { return uses_axis(read->subscripts.back(), axis); });
  });
}

}  // namespace

bool move_to_ranges(Program& program, Selection& s, const std::vector<AxisId>& bound, bool lows) {
  Graph& g = program.graph;
  Bounding bounding(g, bound);
  std::vector<Expr> kept;
  std::vector<AxisBound> moved;
  bool all_first = true;  // whether none before was kept
  for (Expr c : s.conditions) {
    const auto found = bounding.bound(c);
    const Expr end = !found ? nullptr : found->range.low ? found->range.low : found->range.high;
    const bool moves = found && (lows || !found->range.low) && (all_first || !may_fail(program, end)) &&
                       !needs_lanes(s.value, end);
    if (moves) {
      moved.push_back(*found);
    } else {
      kept.push_back(c);
      all_first = false;
    }
  }
  // What may fail keeps failing where it did.
  if (moved.empty() || std::ranges::any_of(kept, [&](Expr c) { return may_fail(program, c); })) return false;
  s.conditions = kept;
  for (const auto& [axis, range] : moved) {
    Range& own = s.ranges[axis];
    if (range.low) own.low = own.low ? apply(g, Op::maximum, {own.low, range.low}) : range.low;
    if (range.high) own.high = own.high ? apply(g, Op::minimum, {own.high, range.high}) : range.high;
  }
  return true;
}

std::vector<Expr> range_conditions(Graph& g, const Range& range, Expr at) {
  std::vector<Expr> conditions;
  if (range.low) conditions.push_back(apply(g, Op::less_equal, {range.low, at}));
  if (range.high) conditions.push_back(apply(g, Op::less, {at, range.high}));
  return conditions;
}

}  // namespace ricci::jit
