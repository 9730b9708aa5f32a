// Lowering of scans with lanes along the axis in order, a block of its positions at a time:
//
//     for blocks of j: { v = x[j..]; v += v moved by 1 lane; v += v moved by 2; by 4; by 8;
//                        y[j..] = state + v; state += the last lane of v; }
//
// A block has the same number of positions for every vector width; the vectors of a block are its parts. What the scans
// take in stands at the positions of the loop, of which those that a mask or the bounds of a range leave out count for
// nothing. Scans from the last position to the first move the other way.
#include <algorithm>

#include "lower/expression.hpp"
#include "schedule/steps.hpp"

namespace ricci::jit {

using namespace ir;
using loop::Value;

void ExpressionLowering::start_blocks(const std::vector<Expr>& scans) {
  next_states_.clear();
  for (Expr e : scans)
    next_states_.push_back(builder_.constant(identity(e->as<Fold>()->reduction, e->dtype), lanes()));
}

void ExpressionLowering::open_blocks(const std::vector<Expr>& scans, Value from, Value to, int parts, bool masked) {
  const Scan along = *scan_of(*scans[0]->as<Fold>());
  std::vector<loop::Carried> carried;
  for (Value state : next_states_) carried.push_back(builder_.carry(state));
  const std::int64_t block = std::int64_t{parts} * lanes();
  const bool turns = along.backwards && !masked;
  const Value last = turns ? builder_.add(builder_.level(), to, builder_.constant(-block)) : loop::none;
  Value base = open_for(from, to, block, carried);
  const std::size_t level = builder_.level();
  std::optional<Value> remaining;
  if (masked) {
    remaining = builder_.compute(level, Op::subtract, DType::i64, {to, base});
  } else {
    ++info_.loops;
    if (turns) base = builder_.compute(level, Op::subtract, DType::i64, {last, base});
  }
  enter_lanes(along.along, base, parts, remaining);
  for (std::size_t i = 0; i < scans.size(); ++i) {
    const Expr e = scans[i];
    const Fold& f = *e->as<Fold>();
    const auto merge = [&](Value before, Value later) {
      if (along.backwards) std::swap(before, later);
      return builder_.compute(level, info(f.reduction).step, e->dtype, {before, later});
    };
    const Value state = carried[i].variable;
    const Value neutral = builder_.constant(identity(f.reduction, e->dtype), lanes());
    std::vector<Value> seen = running(e, elements_of_block(e), neutral);
    const Value all = at_end(along.backwards ? seen.front() : seen.back(), along.backwards);
    next_states_[i] = merge(state, builder_.splat(level, all, lanes()));
    if (intake_of(program_, f) == Intake::passed) seen = moved(seen, 1, neutral, along.backwards);
    for (Value& part : seen) part = merge(state, part);
    remember(e, State{seen, {}}, true, level);
  }
}

void ExpressionLowering::close_blocks() {
  leave_lanes();
  next_states_ = close_for(next_states_);
}

/// What a scan takes in at each position of the block.
std::vector<Value> ExpressionLowering::elements_of_block(Expr e) {
  const Fold& f = *e->as<Fold>();
  const std::size_t level = builder_.level();
  std::vector<Value> elements = expanded(at_step(program_, f.body, {e}), e->dtype);
  const Value neutral = builder_.constant(identity(f.reduction, e->dtype), lanes());
  const auto keep = [&](std::size_t part, Value chosen) {
    elements[part] = builder_.compute(level, Op::select, e->dtype, {chosen, elements[part], neutral});
  };
  for (std::size_t part = 0; part < lane_->masks.size(); ++part) keep(part, lane_->masks[part]);
  const bool backwards = scan_of(f)->backwards;
  if (const Expr bound = backwards ? f.ranges[0].high : f.ranges[0].low) {
    const Expr here = axis(program_.graph, lane_->axis);
    const Op fits = backwards ? Op::less : Op::greater_equal;
    const std::vector<Value> inside = expanded(ir::apply(program_.graph, fits, {here, bound}), DType::b1);
    for (std::size_t part = 0; part < inside.size(); ++part) keep(part, inside[part]);
  }
  return elements;
}

/// Each lane of a block from `distance` lanes before it, or behind it; from beyond the block what is neutral.
std::vector<Value> ExpressionLowering::moved(const std::vector<Value>& block, int distance, Value neutral,
                                             bool backwards) {
  const int vectors = distance / lanes(), rest = distance % lanes();
  std::vector<Value> result;
  for (int part = 0; part < static_cast<int>(block.size()); ++part) {
    const auto vector = [&](int number) {
      const bool exists = 0 <= number && number < static_cast<int>(block.size());
      return exists ? block[static_cast<std::size_t>(number)] : neutral;
    };
    const int nearest = backwards ? part + vectors : part - vectors, next = backwards ? nearest + 1 : nearest - 1;
    const Value near = vector(nearest), far = vector(next);
    if (rest == 0 || near == far) {
      result.push_back(near);
      continue;
    }
    result.push_back(builder_.make(builder_.type(near)));
    builder_.add(builder_.level(), backwards ? loop::Slide{result.back(), near, far, rest}
                                             : loop::Slide{result.back(), far, near, lanes() - rest});
  }
  return result;
}

/// The scan of a block by itself, in steps of which each doubles how far the lanes have seen.
std::vector<Value> ExpressionLowering::running(Expr e, std::vector<Value> block, Value neutral) {
  const Fold& f = *e->as<Fold>();
  const bool backwards = scan_of(f)->backwards;
  const int size = static_cast<int>(block.size()) * lanes();
  for (int distance = 1; distance < size; distance *= 2) {
    const std::vector<Value> others = moved(block, distance, neutral, backwards);
    for (std::size_t part = 0; part < block.size(); ++part) {
      if (others[part] == neutral) continue;
      const Value first = backwards ? block[part] : others[part], second = backwards ? others[part] : block[part];
      block[part] = builder_.compute(builder_.level(), info(f.reduction).step, e->dtype, {first, second});
    }
  }
  return block;
}

/// The last lane of a vector, or the first.
Value ExpressionLowering::at_end(Value vector, bool first) {
  while (builder_.type(vector).lanes > 1) {
    const loop::Type type = builder_.type(vector);
    const Value half = builder_.make({type.dtype, type.lanes / 2});
    builder_.add(builder_.level(), loop::Half{half, vector, !first});
    vector = half;
  }
  return vector;
}

}  // namespace ricci::jit
