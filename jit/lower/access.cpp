// Lowering of accesses: addresses, masks and checks.
#include <algorithm>

#include "lower/expression.hpp"
#include "rewrite/share.hpp"
#include "ricci/error.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

namespace {

/// The integer of which every value is an i32 that this one is cast from, or null.
Expr cast_from_short(Expr e) {
  const Apply* cast = e->as<Apply>();
  if (!cast || cast->op != Op::cast || e->dtype != DType::i64) return nullptr;
  const DType from = cast->args[0]->dtype;
  const std::size_t most = is_signed_integer(from) ? 4 : 2;
  return is_integer(from) && size_of(from) <= most ? cast->args[0] : nullptr;
}

}  // namespace

Symbol pitch_of(const TensorDecl& decl) {
  return {Symbol::Kind::pitch, {decl.table.begin() + 1, decl.table.end()}};
}

Value ExpressionLowering::stride(TensorId tensor, std::size_t axis) {
  const std::vector<AxisId>& table = program_.tensors[tensor].table;
  if (table.empty()) {
    if (const auto known = known_stride(stride_class(program_, s_, tensor, axis))) return builder_.constant(*known);
    return builder_.symbol({Symbol::Kind::stride, {tensor, static_cast<std::uint32_t>(axis)}});
  }
  if (axis == 0 && has_ways(schedule_, program_, tensor)) return builder_.symbol(pitch_of(program_.tensors[tensor]));
  Value product = builder_.constant(1);
  for (std::size_t i = axis + 1; i < table.size(); ++i) product = builder_.multiply(0, product, table_extent(table[i]));
  return product;
}

Value ExpressionLowering::size(TensorId tensor, std::size_t axis) {
  const std::vector<AxisId>& table = program_.tensors[tensor].table;
  if (!table.empty()) return table_extent(table[axis]);
  return builder_.symbol({Symbol::Kind::size, {tensor, static_cast<std::uint32_t>(axis)}});
}

Address ExpressionLowering::address(TensorId tensor, const std::vector<Expr>& subscripts, std::size_t level) {
  struct Term {
    std::size_t level;
    Value value;
  };
  std::vector<Term> uniform;       // scalar parts of the offset, each where it is first known
  std::vector<Value> irregular;    // per part, what data adds
  std::optional<Value> lane_step;  // elements from one lane to the next, unless contiguous
  int unit_steps = 0;
  const DType dtype = offset_dtype();
  const auto add_uniform = [&](Expr e, Value factor) {
    const Lanes& v = value(e);
    uniform.push_back({v.level, builder_.multiply(v.level, v.parts[0], factor)});
  };
  const auto add_step = [&](Value step) { lane_step = lane_step ? builder_.add(0, *lane_step, step) : step; };
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    const Expr s = subscripts[i];
    const Value stride_value = stride(tensor, i);
    if (!in_lanes(s)) {
      add_uniform(s, stride_value);
    } else if (const auto affine = affine_in(program_.graph, s, lane_->axis)) {
      add_uniform(affine->rest, stride_value);
      if (affine->coefficient == 0) continue;
      const Value step = builder_.multiply(0, builder_.constant(affine->coefficient), stride_value);
      uniform.push_back({lane_->level, builder_.multiply(lane_->level, lane_->base, step)});
      const StrideClass c = stride_class(program_, s_, tensor, i);
      if (c == StrideClass::zero) continue;
      if (const auto known = known_stride(c); known && *known * affine->coefficient == 1)
        ++unit_steps;
      else
        add_step(step);
    } else if (const Lanes& v = value(s); !v.vector) {  // it reads along an axis of stride zero
      add_uniform(s, stride_value);
    } else {
      const Value factor = builder_.splat(0, builder_.convert(0, stride_value, dtype), lanes());
      for (std::size_t part = 0; part < v.parts.size(); ++part) {
        Value term = builder_.convert(v.level, v.parts[part], dtype);
        if (stride_class(program_, s_, tensor, i) != StrideClass::one)
          term = builder_.compute(v.level, Op::multiply, dtype, {term, factor});
        if (irregular.size() <= part)
          irregular.push_back(term);
        else
          irregular[part] = builder_.compute(level, Op::add, dtype, {irregular[part], term});
      }
    }
  }
  Address result;
  std::ranges::stable_sort(uniform, {}, &Term::level);
  result.base = result.within = builder_.constant(0);
  for (const Term& term : uniform) {
    Value& sum = queues_.contains(tensor) && term.level >= lane_->level ? result.within : result.base;
    sum = builder_.add(term.level, sum, term.value);
  }
  if (irregular.empty() && !lane_step && unit_steps <= 1) {
    result.motion = unit_steps == 1 ? Motion::contiguous : Motion::still;
    return result;
  }
  RICCI_ASSERT(!lane_ || lane_->distances.empty(), "lanes at several places have accesses that are not contiguous");
  for (int i = 0; i < unit_steps; ++i) add_step(builder_.constant(1));
  result.motion = irregular.empty() ? Motion::strided : Motion::irregular;
  for (int part = 0; part < lane_->parts; ++part) {
    std::optional<Value> offsets;
    if (!irregular.empty()) offsets = irregular[static_cast<std::size_t>(part)];
    if (lane_step) {
      const Value step = builder_.splat(0, builder_.convert(0, *lane_step, dtype), lanes());
      Value along = builder_.iota(dtype, lanes());
      if (part > 0) {
        const Scalar first = evaluate(Op::cast, dtype, std::vector{Scalar::of(std::int64_t{part} * lanes())});
        along = builder_.compute(0, Op::add, dtype, {along, builder_.constant(first, lanes())});
      }
      along = builder_.compute(0, Op::multiply, dtype, {along, step});
      offsets = offsets ? builder_.compute(level, Op::add, dtype, {*offsets, along}) : along;
    }
    result.offsets.push_back(*offsets);
  }
  return result;
}

Value ExpressionLowering::way_offsets(TensorId tensor, DType dtype) {
  if (!ways_) return loop::none;
  const Value last = builder_.add(0, builder_.symbol({Symbol::Kind::ways, {}}), builder_.constant(-1));
  const auto in_lanes = [&](Value v) { return builder_.splat(0, builder_.convert(0, v, dtype), lanes()); };
  const Value all = in_lanes(last), elements = in_lanes(stride(tensor, 0));
  const Value way = builder_.compute(0, Op::logical_and, dtype, {builder_.iota(dtype, lanes()), all});
  return builder_.compute(0, Op::multiply, dtype, {way, elements});
}

Value ExpressionLowering::mask(Expr guard, bool vector, std::size_t part, std::size_t level) {
  const bool masked = vector && !lane_->masks.empty() && level < lane_->whole_from.value_or(level + 1);
  const Value lanes_left = masked ? lane_->masks[part] : loop::none;
  if (!guard) return lanes_left;
  const Value condition = expand(guard, value(guard), DType::b1, vector)[vector ? part : 0];
  if (lanes_left == loop::none) return condition;
  return builder_.compute(level, Op::logical_and, DType::b1, {lanes_left, condition});
}

/// Lanes at equal distances are inside when the first and the last of them are. False: these are not.
bool ExpressionLowering::check_ends(TensorId tensor, std::size_t axis, Expr subscript, Expr guard, std::uint32_t number,
                                    std::size_t inside) {
  constexpr std::int64_t moderate = std::int64_t{1} << 31;  // so that none of the lanes wraps around
  if (!in_lanes(subscript) || (guard && in_lanes(guard))) return false;
  if (!lane_->distances.empty() || lane_->whole_from) return false;
  const auto affine = affine_in(program_.graph, subscript, lane_->axis);
  if (!affine || std::abs(affine->coefficient) > moderate) return false;
  const std::size_t of_guard = guard ? value(guard).level : 0;
  const std::size_t level = std::max({inside, lane_->level, value(affine->rest).level, of_guard});
  const auto compute = [&](Op op, DType dtype, Value a, Value b) {
    return builder_.compute(level, op, dtype, {a, b});
  };
  Value runs = guard ? value(guard).parts[0] : loop::none;
  Value count = builder_.constant(std::int64_t{lane_->parts} * lanes());
  if (lane_->remaining) {
    const Value some = compute(Op::greater, DType::b1, *lane_->remaining, builder_.constant(0));
    runs = runs == loop::none ? some : compute(Op::logical_and, DType::b1, runs, some);
    count = compute(Op::minimum, DType::i64, count, *lane_->remaining);
  }
  const Value step = builder_.constant(affine->coefficient), rest = scalar(affine->rest);
  const Value first = builder_.add(level, rest, builder_.multiply(level, lane_->base, step));
  const Value others = builder_.add(level, count, builder_.constant(-1));
  const Value last = builder_.add(level, first, builder_.multiply(level, others, step));
  const Value limit = builder_.convert(0, size(tensor, axis), DType::u64);
  const auto is_inside = [&](Value at) {
    return compute(Op::less, DType::b1, builder_.convert(level, at, DType::u64), limit);
  };
  const Value first_is_inside = is_inside(first), last_is_inside = is_inside(last);
  const Value ok = compute(Op::logical_and, DType::b1, first_is_inside, last_is_inside);
  builder_.add(level, loop::Check{number, ok, runs});
  return true;
}

void ExpressionLowering::check(TensorId tensor, const std::vector<Expr>& subscripts, Expr guard,
                               const std::string& text) {
  const auto number = static_cast<std::uint32_t>(std::ranges::find(info_.checks, text) - info_.checks.begin());
  // A loop over a range may have no iterations: what it would check stays inside.
  std::size_t inside = 0;
  for (Expr s : subscripts)
    for (AxisId used : s->free)
      if (ranged_.contains(used)) inside = std::max(inside, level_of(axis(program_.graph, used)));
  for (std::size_t i = 0; i < subscripts.size(); ++i) {
    const Expr s = subscripts[i];
    if (is_sized_by(program_, s, tensor, i)) continue;
    const auto of_rows = [&](Expr e) { return e && uses_axis(e, rows_->axis); };
    if (rows_ && rows_->current > 0 && !of_rows(s) && !of_rows(guard)) continue;  // checked for the first of them
    if (number == info_.checks.size()) info_.checks.push_back(text);
    if (check_ends(tensor, i, s, guard, number, inside)) continue;
    const Lanes v = value(s);
    const std::size_t level = std::max({inside, v.level, guard ? value(guard).level : 0});
    const bool vector = v.vector || (guard && value(guard).vector);
    if (!vector && !rows_ && !known_[level].checked.emplace(tensor, i, s, guard).second) continue;
    // One comparison is enough: what is below zero is large as an unsigned number. Where a short integer has become
    // i64, its own lanes are compared, which are fewer vectors.
    const Expr narrow = v.vector ? cast_from_short(s) : nullptr;
    const std::vector<Value> parts = narrow ? expand(narrow, value(narrow), DType::i32, vector)
                                            : expand(s, v, v.vector ? lane_dtype(s) : DType::i64, vector);
    const DType dtype = size_of(builder_.type(parts[0]).dtype) == 4 ? DType::u32 : DType::u64;
    Value limit = size(tensor, i);
    if (narrow) limit = builder_.compute(0, Op::minimum, DType::i64, {limit, builder_.constant(std::int64_t{1} << 31)});
    limit = builder_.splat(0, builder_.convert(0, limit, dtype), vector ? lanes() : 1);
    Value all = loop::none;  // of the parts, where all lanes run
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const Value bits = builder_.convert(level, parts[part], dtype);
      const Value ok = builder_.compute(level, Op::less, DType::b1, {bits, limit});
      const Value runs = mask(guard, vector, part, level);
      if (runs != loop::none)
        builder_.add(level, loop::Check{number, ok, runs});
      else
        all = all == loop::none ? ok : builder_.compute(level, Op::logical_and, DType::b1, {all, ok});
    }
    if (all != loop::none) builder_.add(level, loop::Check{number, all});
  }
}

Value ExpressionLowering::load(std::size_t level, TensorId tensor, const Address& at, std::size_t part, bool vector,
                               Value mask) {
  const int width = vector ? lanes() : 1;
  const Value result = builder_.make({program_.tensors[tensor].dtype, width});
  if (at.motion == Motion::still || at.motion == Motion::contiguous) {
    const Value first = vector ? builder_.add(level, at.base, distance(part)) : at.base;
    builder_.add(level, loop::Load{result, tensor, first, mask});
  } else {
    builder_.add(level, loop::Gather{result, tensor, at.base, at.offsets[part], mask});
  }
  return result;
}

Lanes ExpressionLowering::read(Expr e, const Read& n) {
  if (const auto tile = transposed_.find(e); tile != transposed_.end()) return take_transposed(e, tile->second);
  if (keeping_ && keeping_->scratch && n.tensor == keeping_->target) return take_kept(e, keeping_->kept.along);
  if (keeping_ && keeping_->kept.copied == e) return take_kept(e, keeping_->kept.fold->as<Fold>()->axes[0]);
  if (lane_ && nest_.spreads)
    if (const auto spread = spread_of(program_, s_, e, lane_->axis)) return take_spread(e, *spread);
  const std::size_t level = level_of(e);
  if (n.policy == Policy::check) check(n.tensor, n.subscripts, n.guard, to_string(program_, e));
  if (!n.guard) fetch_ahead(n.tensor, n.subscripts, level);
  const Address at = address(n.tensor, n.subscripts, level);
  // A lane axis of stride zero, or one that only the guard uses: every lane reads the same element.
  const bool vector = in_lanes(e) && (at.motion != Motion::still || (n.guard && in_lanes(n.guard)));
  Lanes result{{}, vector, level};
  if (vector && at.motion == Motion::still) {
    Address everywhere = at;
    everywhere.motion = Motion::irregular;
    everywhere.offsets.assign(static_cast<std::size_t>(lane_->parts),
                              builder_.constant(Scalar{offset_dtype(), 0}, lanes()));
    for (std::size_t part = 0; part < everywhere.offsets.size(); ++part)
      result.parts.push_back(load(level, n.tensor, everywhere, part, true, mask(n.guard, true, part, level)));
    return result;
  }
  if (vector && !n.guard && at.motion == Motion::contiguous) fetch_for_updates(n, at, level);
  const std::size_t parts = vector ? static_cast<std::size_t>(lane_->parts) : 1;
  for (std::size_t part = 0; part < parts; ++part)
    result.parts.push_back(load(level, n.tensor, at, part, vector, mask(n.guard, vector, part, level)));
  return result;
}

}  // namespace ricci::jit
