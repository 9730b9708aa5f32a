#include "lower/expression.hpp"

#include <algorithm>

#include "ricci/error.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

ExpressionLowering::ExpressionLowering(Program& program, const Specialisation& s, const Schedule& schedule,
                                       const Nest& nest, KernelInfo& info)
    : program_(program), s_(s), schedule_(schedule), nest_(nest), info_(info), builder_(info), known_(1) {
  for (const Statement& statement : program.statements)
    for (Expr e : nodes(expressions(statement)))
      if (const Fold* fold = e->as<Fold>(); fold && !fold->ranges.empty())
        ranged_.insert(fold->axes.begin(), fold->axes.end());
  for (const Nest& other : schedule.nests)
    for (const Interior& interior : other.interiors) ranged_.insert(interior.axis);
}

Value ExpressionLowering::open_for(Value begin, Value end, std::int64_t step, std::vector<loop::Carried> carried) {
  known_.emplace_back();
  return builder_.open_for(begin, end, step, std::move(carried));
}

std::vector<Value> ExpressionLowering::close_for(const std::vector<Value>& next, Value until) {
  known_.pop_back();
  return builder_.close_for(next, until);
}

void ExpressionLowering::bind_loop(AxisId axis, Value begin, Value end, std::int64_t step,
                                   std::vector<loop::Carried> carried) {
  bind(axis, open_for(begin, end, step, std::move(carried)));
  if (!lane_ || !lane_->repeats) ++info_.loops;
}

void ExpressionLowering::enter_lanes(AxisId axis, Value base, int parts, std::optional<Value> remaining,
                                     bool repeats, std::int64_t whole) {
  lane_ = LaneLoop{axis, base, builder_.level(), parts, {}, remaining && repeats, remaining};
  bind(axis, base);
  for (int part = 0; remaining && part < parts; ++part) {
    const Value count = builder_.add(builder_.level(), *remaining, builder_.constant(-part * lanes()));
    lane_->masks.push_back(builder_.make({DType::b1, lanes()}));
    const bool few = parts == 1 && whole > 0 && whole <= 64;
    builder_.add(builder_.level(), loop::LaneMask{lane_->masks.back(), count, few});
  }
}

void ExpressionLowering::enter_masked_step(AxisId axis, Value base, int parts, Value remaining) {
  lane_ = LaneLoop{axis, base, builder_.level(), parts, {}, false, remaining};
  bind(axis, base);
  const std::size_t level = builder_.level();
  const auto mask = [&](int of) { return builder_.make({DType::b1, of}); };
  const Value step = builder_.constant(parts * lanes()), whole = mask(parts * lanes());
  const Value count = builder_.compute(level, Op::minimum, DType::i64, {remaining, step});
  builder_.add(level, loop::LaneMask{whole, count, true});
  if (parts == 1) return lane_->masks.push_back(whole);
  for (const bool upper : {false, true}) {
    lane_->masks.push_back(mask(lanes()));
    builder_.add(level, loop::Half{lane_->masks.back(), whole, upper});
  }
}

void ExpressionLowering::follow_steps(const Statement& s) {
  feedback_ = Feedback(s);
  in_order_ = s.in_order;
}

std::size_t ExpressionLowering::level_of(Expr e) {
  std::size_t level = 0;
  for (AxisId axis : e->free) level = std::max(level, bound_.at(axis).level);
  if (in_order_ && bound_.contains(*in_order_) && feedback_.reaches(e))
    level = std::max(level, bound_.at(*in_order_).level);
  if (limits_.empty()) return level;
  const Expr reduction = e->as<Project>() ? e->as<Project>()->fold : e;
  if (const Fold* fold = reduction->as<Fold>())
    for (AxisId axis : fold->axes)
      if (const auto it = limits_.find(axis); it != limits_.end()) level = std::max(level, it->second.level);
  return level;
}

/// Subscripts that fit i32 in every lane when offsets do: axes, winners, choices between such, and what is left of them
/// when divided by an extent.
bool ExpressionLowering::is_short(Expr e) const {
  if (e->dtype != DType::i64 || !s_.short_offsets) return false;
  if (e->as<Extent>()) return true;
  if (const Axis* axis = e->as<Axis>()) return axis->axis < s_.collapsed.size();  // not what stands for another number
  if (const Project* project = e->as<Project>()) return project->result == 1;
  if (const Const* c = e->as<Const>()) return c->value.as_int() == static_cast<std::int32_t>(c->value.as_int());
  const Apply* apply = e->as<Apply>();
  if (!apply) return false;
  const auto short_arg = [&](std::size_t i) { return is_short(apply->args[i]); };
  if (apply->op == Op::minimum || apply->op == Op::maximum) return short_arg(0) && short_arg(1);
  if (apply->op == Op::floor_divide || apply->op == Op::remainder) return short_arg(0) && apply->args[1]->as<Extent>();
  return apply->op == Op::select && short_arg(1) && short_arg(2);
}

DType ExpressionLowering::lane_dtype(Expr e) const { return in_lanes(e) && is_short(e) ? DType::i32 : e->dtype; }

const Lanes& ExpressionLowering::value(Expr e) {
  const std::size_t level = level_of(e);
  if (const auto it = known_[level].find(known_as(e)); it != known_[level].end()) return it->second;
  if (e->as<Fold>() || e->as<Project>()) {
    fold(e->as<Project>() ? e->as<Project>()->fold : e);  // remembers all its results
    return known_[level].at(known_as(e));
  }
  const auto staged = staged_.find(e);
  Lanes result = staged != staged_.end() ? take_staged(e, staged->second) : compute(e);
  result.level = level;
  return known_[level].insert_or_assign(known_as(e), std::move(result)).first->second;
}

Lanes ExpressionLowering::compute(Expr e) {
  const auto scalar = [](Value v) { return Lanes{{v}, false, 0}; };
  return visit(
      e, [&](const Const& c) { return scalar(builder_.constant(c.value)); },
      [&](const Axis& axis) { return axis_value(e, axis.axis); },
      [&](const Extent& extent) { return scalar(builder_.symbol({Symbol::Kind::extent, {extent.axis}})); },
      [&](const Param& param) { return scalar(builder_.symbol({Symbol::Kind::param, {param.param}}, e->dtype)); },
      [&](const Apply& n) { return apply(e, n); }, [&](const Read& n) { return read(e, n); },
      [&](const auto&) -> Lanes { RICCI_ASSERT(false, "reductions are lowered by fold()"); });
}

Lanes ExpressionLowering::axis_value(Expr e, AxisId axis) {
  const Binding& binding = bound_.at(axis);
  if (!in_lanes(e)) return {{binding.variable}, false, 0};
  const DType dtype = lane_dtype(e);
  const std::size_t level = lane_->level;
  Lanes result{{}, true, level};
  for (int part = 0; part < lane_->parts; ++part) {
    const Value first = builder_.add(level, binding.variable, distance(static_cast<std::size_t>(part)));
    const Value base = builder_.splat(level, builder_.convert(level, first, dtype), lanes());
    result.parts.push_back(builder_.compute(level, Op::add, dtype, {base, builder_.iota(dtype, lanes())}));
  }
  return result;
}

std::vector<Value> ExpressionLowering::expand(Expr e, const Lanes& lanes_of_e, DType dtype, bool vector) {
  if (!vector) return {builder_.convert(lanes_of_e.level, lanes_of_e.parts[0], dtype)};
  const std::size_t parts = static_cast<std::size_t>(lane_->parts);
  if (lanes_of_e.vector) {
    std::vector<Value> result;
    for (Value part : lanes_of_e.parts) result.push_back(builder_.convert(lanes_of_e.level, part, dtype));
    return result;
  }
  if (const Const* c = e->as<Const>()) {
    const Scalar value = evaluate(Op::cast, dtype, {&c->value, 1});
    return std::vector<Value>(parts, builder_.constant(value, lanes()));
  }
  const Value scalar = builder_.convert(lanes_of_e.level, lanes_of_e.parts[0], dtype);
  return std::vector<Value>(parts, builder_.splat(lanes_of_e.level, scalar, lanes()));
}

std::vector<Value> ExpressionLowering::expanded(Expr e, DType dtype) {
  const Lanes& lanes_of_e = value(e);
  return expand(e, lanes_of_e, dtype, lane_.has_value());
}

Lanes ExpressionLowering::apply(Expr e, const Apply& n) {
  const bool vector = in_lanes(e);
  const std::size_t level = level_of(e);
  for (Expr arg : n.args) value(arg);
  // In lanes, comparisons and choices of short subscripts stay short; other arithmetic has the width of its dtype.
  const bool all_short =
      vector && std::ranges::all_of(n.args, [&](Expr a) { return a->dtype != DType::i64 || is_short(a); });
  const auto operand_dtype = [&](Expr arg) {
    if (arg->dtype != DType::i64) return arg->dtype;
    if (info(n.op).typing == Typing::compare) return all_short ? DType::i32 : DType::i64;
    if (n.op == Op::cast) return vector && value(arg).vector ? lane_dtype(arg) : DType::i64;
    return lane_dtype(e);
  };
  std::vector<std::vector<Value>> args;
  for (Expr arg : n.args) args.push_back(expand(arg, value(arg), operand_dtype(arg), vector));
  Lanes result{{}, vector, level};
  for (std::size_t part = 0; part < args[0].size(); ++part) {
    std::vector<Value> operands;
    for (const auto& arg : args) operands.push_back(arg[part]);
    const bool same = n.op == Op::cast && builder_.type(operands[0]).dtype == lane_dtype(e);
    result.parts.push_back(same ? operands[0] : builder_.compute(level, n.op, lane_dtype(e), std::move(operands)));
  }
  return result;
}

Symbol ExpressionLowering::extent_symbol(AxisId axis) const {
  if (program_.axes[axis].tables) return {Symbol::Kind::tables, {}};
  const std::vector<AxisId>& group = s_.collapsed[axis];
  return {Symbol::Kind::extent, group.empty() ? std::vector<AxisId>{axis} : group};
}

Value ExpressionLowering::table_extent(AxisId axis) {
  const AxisDecl& decl = program_.axes[axis];
  if (decl.fixed >= 0) return builder_.constant(decl.fixed);
  return builder_.symbol(decl.tables ? Symbol{Symbol::Kind::tables, {}} : Symbol{Symbol::Kind::extent, {axis}});
}

Value ExpressionLowering::extent_of(AxisId axis) {
  const std::int64_t fixed = program_.axes[axis].fixed;
  return fixed >= 0 && s_.collapsed[axis].empty() ? builder_.constant(fixed) : builder_.symbol(extent_symbol(axis));
}

}  // namespace ricci::jit
