#include "ir/interval.hpp"

#include <algorithm>
#include <limits>

namespace ricci::jit {

using namespace ir;

namespace {

__extension__ using Wide = __int128;

/// Of u64, an interval with numbers below zero says nothing: a number may also be larger than all that fit here.
bool is_unknown(DType dtype, Interval x) { return dtype == DType::u64 && x.low < 0; }

Interval full(DType dtype) {
  return visit_dtype(dtype, []<class T>(std::type_identity<T>) -> Interval {
    using Limits = std::numeric_limits<T>;
    if constexpr (!std::is_integral_v<T> || sizeof(T) == 8) {
      return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    } else {
      return {static_cast<std::int64_t>(Limits::min()), static_cast<std::int64_t>(Limits::max())};
    }
  });
}

/// [low, high] if no value wraps in `dtype`, else everything.
Interval fit(DType dtype, Wide low, Wide high) {
  const Interval all = full(dtype);
  if (low < all.low || high > all.high || (dtype == DType::u64 && low < 0)) return all;
  return {static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
}

Interval hull(Interval a, Interval b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/// From the first to the last number in `x` that leaves this remainder, which is less than the divisor and not
/// negative.
Interval multiples(Interval x, std::int64_t divisor, std::int64_t remainder) {
  const auto distance = [&](Wide from, Wide to) { return ((to - from) % divisor + divisor) % divisor; };
  const Wide low = x.low + distance(x.low, remainder), high = x.high - distance(remainder, x.high);
  return low > high ? x : Interval{static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
}

Interval of_op(Op op, DType dtype, std::span<const Interval> x, Interval everything) {
  switch (op) {
    case Op::add: return fit(dtype, Wide{x[0].low} + x[1].low, Wide{x[0].high} + x[1].high);
    case Op::subtract: return fit(dtype, Wide{x[0].low} - x[1].high, Wide{x[0].high} - x[1].low);
    case Op::negate: return fit(dtype, -Wide{x[0].high}, -Wide{x[0].low});
    case Op::multiply: {
      const Wide p[] = {Wide{x[0].low} * x[1].low, Wide{x[0].low} * x[1].high, Wide{x[0].high} * x[1].low,
                        Wide{x[0].high} * x[1].high};
      return fit(dtype, *std::min_element(p, p + 4), *std::max_element(p, p + 4));
    }
    case Op::floor_divide:
      if (x[1].low != x[1].high || x[1].low <= 0) return everything;
      return {floor_divide(x[0].low, x[1].low), floor_divide(x[0].high, x[1].low)};
    case Op::remainder:
      if (x[1].low <= 0) return everything;
      if (x[0].low >= 0 && x[0].high < x[1].low) return x[0];
      return {0, x[1].high - 1};
    case Op::minimum: return {std::min(x[0].low, x[1].low), std::min(x[0].high, x[1].high)};
    case Op::maximum: return {std::max(x[0].low, x[1].low), std::max(x[0].high, x[1].high)};
    case Op::logical_and:
      // The bits of a number that is not negative bound those of the result.
      if (x[0].low >= 0 && x[1].low >= 0) return {0, std::min(x[0].high, x[1].high)};
      if (x[0].low >= 0 || x[1].low >= 0) return {0, x[0].low >= 0 ? x[0].high : x[1].high};
      return everything;
    case Op::select: return hull(x[1], x[2]);
    case Op::abs:
      if (x[0].low >= 0) return x[0];
      return fit(dtype, 0, std::max(-Wide{x[0].low}, Wide{x[0].high}));
    case Op::sign:
      if (is_float(dtype)) return everything;
      return {x[0].low < 0 ? -1 : x[0].low > 0, x[0].high > 0 ? 1 : -(x[0].high < 0)};
    case Op::cast: return x[0].within(everything) ? x[0] : everything;
    default: return everything;
  }
}

}  // namespace

Interval Bounds::compute(Expr e) {
  const Interval everything = full(e->dtype);
  return visit(
      e,
      [&](const Const& c) -> Interval {
        if (is_float(e->dtype)) return everything;
        const std::int64_t value = c.value.as_int();
        return {value, value};
      },
      [&](const Axis& a) { return of_axis(a.axis); },
      [&](const Extent& x) -> Interval { return {extents_[x.axis], extents_[x.axis]}; },
      [&](const Param& param) {
        if (params_.empty() || is_float(e->dtype)) return everything;
        const std::int64_t value = params_[param.param].as_int();
        return Interval{value, value};
      },
      [&](const Apply& apply) -> Interval {
        std::vector<Interval> x;
        bool unknown = false;
        for (Expr arg : apply.args) {
          x.push_back(of(arg));
          unknown |= is_unknown(arg->dtype, x.back());
          // A float argument says nothing about an integer result (a cast saturates).
          if (is_float(arg->dtype) || is_unknown(arg->dtype, x.back())) x.back() = full(DType::i64);
        }
        const Interval result = of_op(apply.op, e->dtype, x, everything);
        return e->dtype == DType::u64 && (unknown || result.low < 0) ? everything : result;
      },
      [&](const Read& read) -> Interval {
        const bool known = stored_ && stored_->contains(read.tensor);
        const Interval element = known ? stored_->at(read.tensor) : everything;
        return read.guard ? hull(element, {0, 0}) : element;
      },
      [&](const Fold& fold) -> Interval {
        const bool selects = fold.reduction == Reduction::min || fold.reduction == Reduction::max;
        if (fold.reduction == Reduction::sum && !is_float(e->dtype)) return of_sum(fold, e->dtype);
        return selects && fold.ranges.empty() ? of(fold.body) : everything;
      },
      [&](const Project& project) -> Interval {
        const Fold& fold = *project.fold->as<Fold>();
        if (project.result == 0) return fold.ranges.empty() ? of(fold.body) : everything;
        return indices_over(fold.axes);
      },
      [&](const Nonzero& n) -> Interval {
        return {0, std::max<std::int64_t>(extents_[n.axes[n.which]] - 1, 0)};
      },
      [&](const Sort& sort) { return indices_over(sort.axes); });
}

/// Of as many terms as there are, or fewer.
Interval Bounds::of_sum(const Fold& fold, DType dtype) {
  const Interval term = of(fold.body);
  if (is_unknown(dtype, term)) return full(dtype);
  const Wide most = Wide{indices_over(fold.axes).high} + 1;
  return fit(dtype, std::min<std::int64_t>(term.low, 0) * most, std::max<std::int64_t>(term.high, 0) * most);
}

Interval Bounds::indices_over(std::span<const AxisId> axes) const {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  Wide n = 1;
  for (AxisId axis : axes) n = std::min<Wide>(n * extents_[axis], most);
  return {0, std::max<std::int64_t>(static_cast<std::int64_t>(n) - 1, 0)};
}

Interval Bounds::of_axis(AxisId axis) {
  Interval all{0, std::max<std::int64_t>(extents_[axis] - 1, 0)};
  const auto range = ranges_ ? ranges_->find(axis) : AxisRanges::const_iterator{};
  if (!ranges_ || range == ranges_->end()) return all;
  if (Expr low = range->second.low) all.low = std::max(all.low, of(low).low);
  if (Expr high = range->second.high) all.high = std::min(all.high, std::max(of(high).high, std::int64_t{1}) - 1);
  return {std::min(all.low, all.high), all.high};  // the other way round nothing is ever evaluated
}

Interval Bounds::of(Expr e) {
  if (auto it = known_.find(e); it != known_.end()) return it->second;
  const Interval result = compute(e);
  known_.emplace(e, result);
  return result;
}

Interval Bounds::of(Expr e, Expr guard) {
  if (!guard) return of(e);
  Bounds narrowed(extents_, ranges_, params_, stored_);
  for (Expr condition : conjuncts(guard)) narrowed.assume(condition);
  return narrowed.of(e);
}

void Bounds::narrow(Expr e, Interval to) {
  const Interval now = of(e), both{std::max(now.low, to.low), std::min(now.high, to.high)};
  if (both.low > both.high) return;  // the guard is never true
  known_[e] = both;
  const Apply* apply = e->as<Apply>();
  const bool keeps_value = apply && apply->op == Op::cast && is_signed_integer(apply->args[0]->dtype) &&
                           size_of(apply->args[0]->dtype) <= size_of(e->dtype);
  if (keeps_value) narrow(apply->args[0], both);
  const Const* divisor = apply && apply->op == Op::remainder ? apply->args[1]->as<Const>() : nullptr;
  if (divisor && divisor->value.as_int() > 0 && both.low == both.high)
    narrow(apply->args[0], multiples(of(apply->args[0]), divisor->value.as_int(), both.low));
}

void Bounds::assume(Expr condition) {
  const Apply* compare = condition->as<Apply>();
  const bool negated = compare && compare->op == Op::logical_not;
  if (negated) compare = compare->args[0]->as<Apply>();
  if (!compare || info(compare->op).typing != Typing::compare || !is_signed_integer(compare->args[0]->dtype)) return;
  const Expr left = compare->args[0], right = compare->args[1];
  const Interval a = of(left), b = of(right), all = full(DType::i64);
  const auto below = [&](Expr x, Interval of_x, Expr limit, Interval of_limit, bool strict) {
    if (of_limit.high > all.low) narrow(x, {all.low, of_limit.high - strict});
    if (of_x.low < all.high) narrow(limit, {of_x.low + strict, all.high});
  };
  const auto apart = [&](Expr x, Interval of_x, Interval from) {
    if (from.low != from.high || of_x.low == of_x.high) return;
    narrow(x, {of_x.low + (of_x.low == from.low), of_x.high - (of_x.high == from.low)});
  };
  switch (compare->op) {
    case Op::less: negated ? below(right, b, left, a, false) : below(left, a, right, b, true); break;
    case Op::less_equal: negated ? below(right, b, left, a, true) : below(left, a, right, b, false); break;
    case Op::greater: negated ? below(left, a, right, b, false) : below(right, b, left, a, true); break;
    case Op::greater_equal: negated ? below(left, a, right, b, true) : below(right, b, left, a, false); break;
    case Op::equal:
    case Op::not_equal:
      if (negated == (compare->op == Op::equal)) {
        apart(left, a, b);
        apart(right, b, a);
      } else {
        narrow(left, b);
        narrow(right, a);
      }
      break;
    default: break;
  }
}

std::optional<bool> Bounds::decide(Expr comparison) {
  const Apply* apply = comparison->as<Apply>();
  if (!apply || info(apply->op).typing != Typing::compare || !is_signed_integer(apply->args[0]->dtype)) return {};
  const Interval a = of(apply->args[0]), b = of(apply->args[1]);
  const bool below = a.high < b.low, not_above = a.high <= b.low, above = a.low > b.high, not_below = a.low >= b.high;
  const auto answer = [](bool yes, bool no) {
    return yes ? std::optional(true) : no ? std::optional(false) : std::nullopt;
  };
  switch (apply->op) {
    case Op::less: return answer(below, not_below);
    case Op::less_equal: return answer(not_above, above);
    case Op::greater: return answer(above, not_above);
    case Op::greater_equal: return answer(not_below, below);
    case Op::equal: return answer(a.low == a.high && b.low == b.high && a.low == b.low, below || above);
    case Op::not_equal: return answer(below || above, a.low == a.high && b.low == b.high && a.low == b.low);
    default: return {};
  }
}

StoredRanges stored_ranges(const Program& program, std::span<const std::int64_t> extents, const AxisRanges* ranges) {
  StoredRanges stored;
  Bounds bounds(extents, ranges, {}, &stored);
  for (const Statement& s : program.statements) {
    const std::vector<AxisId>& table = program.tensors[s.target].table;
    bool fills = !table.empty() && !s.update && (s.appends || !s.guard) && !s.in_order &&
                 std::ranges::count(program.statements, s.target, &Statement::target) == 1;
    for (std::size_t i = 0; fills && !s.appends && i < table.size(); ++i) {
      const Axis* bare = s.subscripts[i]->as<Axis>();
      fills = program.axes[table[i]].fixed == 1 || (bare && bare->axis == table[i]);
    }
    if (fills) stored.emplace(s.target, bounds.of(s.value));
  }
  return stored;
}

std::vector<Expr> conjuncts(Expr condition) {
  if (!condition) return {};
  const Apply* apply = condition->as<Apply>();
  const auto is_false = [](Expr e) { return e->as<Const>() && !e->as<Const>()->value.get<bool>(); };
  const bool lazy =
      apply && apply->op == Op::select && apply->args[0]->dtype == condition->dtype && is_false(apply->args[2]);
  if (!lazy && (!apply || apply->op != Op::logical_and)) return {condition};
  std::vector<Expr> all = conjuncts(apply->args[0]);
  for (Expr c : conjuncts(apply->args[1])) all.push_back(c);
  return all;
}

}  // namespace ricci::jit
