#include "lower/phase_builder.hpp"

#include <algorithm>

#include "ricci/error.hpp"

namespace ricci::jit {

using namespace loop;

PhaseBuilder::PhaseBuilder(KernelInfo& info) : info_(info) {
  phase_.begin = phase_.make({DType::i64, 1});
  phase_.end = phase_.make({DType::i64, 1});
  levels_.emplace_back();
}

Value PhaseBuilder::constant(Scalar value, int lanes) {
  const auto [it, fresh] = constants_.try_emplace({value.dtype, value.bits, lanes}, 0);
  if (fresh) {
    it->second = make({value.dtype, lanes});
    add(0, Constant{it->second, value});
  }
  return it->second;
}

std::uint32_t PhaseBuilder::symbol_id(const Symbol& symbol) {
  const auto it = std::ranges::find(info_.symbols, symbol);
  if (it == info_.symbols.end()) info_.symbols.push_back(symbol);
  return static_cast<std::uint32_t>(std::ranges::find(info_.symbols, symbol) - info_.symbols.begin());
}

Value PhaseBuilder::symbol(const Symbol& symbol, DType dtype) {
  const std::uint32_t id = symbol_id(symbol);
  const auto [it, fresh] = symbols_.try_emplace(id, 0);
  if (fresh) {
    it->second = make({dtype, 1});
    add(0, Argument{it->second, id});
  }
  return it->second;
}

Value PhaseBuilder::compute(std::size_t level, Op op, DType result, std::vector<Value> args) {
  const std::tuple key{op, result, args};
  for (std::size_t i = 0; i <= level; ++i)
    if (const auto known = levels_[i].computed.find(key); known != levels_[i].computed.end()) return known->second;
  const Value value = make({result, type(args.back()).lanes});
  levels_[level].computed.emplace(key, value);
  add(level, Compute{value, op, std::move(args)});
  return value;
}

Value PhaseBuilder::add(std::size_t level, Value a, Value b) {
  const Value zero = constant(0);
  if (a == zero) return b;
  if (b == zero) return a;
  return compute(level, Op::add, DType::i64, {a, b});
}

Value PhaseBuilder::multiply(std::size_t level, Value a, Value b) {
  const Value one = constant(1), zero = constant(0);
  if (a == one || b == zero) return b;
  if (b == one || a == zero) return a;
  return compute(level, Op::multiply, DType::i64, {a, b});
}

Value PhaseBuilder::divide(std::size_t level, Op op, Value dividend, Value divisor) {
  const auto bits = [&](Value v) {
    const auto known = unsigned_.find(v);
    return known != unsigned_.end() ? known->second : convert(level, v, DType::u64);
  };
  const Value a = bits(dividend), b = bits(divisor);
  const Value result = compute(level, op, DType::u64, {a, b}), number = convert(level, result, DType::i64);
  unsigned_.emplace(number, result);
  return number;
}

std::pair<Value, Value> PhaseBuilder::divide_with_rest(std::size_t level, Value dividend, Value divisor) {
  const Value quotient = divide(level, Op::floor_divide, dividend, divisor);
  const Value whole = multiply(level, quotient, divisor);
  return {quotient, compute(level, Op::subtract, DType::i64, {dividend, whole})};
}

Value PhaseBuilder::splat(std::size_t level, Value scalar, int lanes) {
  if (lanes == 1) return scalar;
  const auto [it, fresh] = levels_[level].splats.try_emplace({scalar, lanes}, 0);
  if (fresh) {
    it->second = make({type(scalar).dtype, lanes});
    add(level, Splat{it->second, scalar});
  }
  return it->second;
}

Value PhaseBuilder::iota(DType dtype, int lanes) {
  const auto [it, fresh] = iotas_.try_emplace({dtype, lanes}, 0);
  if (fresh) {
    it->second = make({dtype, lanes});
    add(0, Iota{it->second});
  }
  return it->second;
}

Value PhaseBuilder::convert(std::size_t level, Value value, DType dtype) {
  return type(value).dtype == dtype ? value : compute(level, Op::cast, dtype, {value});
}

Carried PhaseBuilder::carry(Value initial) { return {initial, make(type(initial)), none, make(type(initial))}; }

Value PhaseBuilder::open_for(Value begin, Value end, std::int64_t step, std::vector<Carried> carried) {
  Level& level = levels_.emplace_back();
  level.loop = {make({DType::i64, 1}), begin, end, step, std::move(carried), {}, none};
  return level.loop.variable;
}

std::vector<Value> PhaseBuilder::close_for(const std::vector<Value>& next, Value until) {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  RICCI_ASSERT(next.size() == level.loop.carried.size(), "a loop is closed with the wrong number of carried values");
  std::vector<Value> results;
  for (std::size_t i = 0; i < next.size(); ++i) {
    level.loop.carried[i].next = next[i];
    results.push_back(level.loop.carried[i].result);
  }
  level.loop.body = std::move(level.block);
  level.loop.until = until;
  leaves_loops_ |= until != none;
  levels_.back().block.push_back(std::move(level.loop));
  return results;
}

void PhaseBuilder::open_if(Value condition) { levels_.emplace_back().condition = condition; }

void PhaseBuilder::close_if() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  add(this->level(), If{level.condition, std::move(level.block)});
}

std::vector<PhaseBuilder::Level> PhaseBuilder::suspend(std::size_t level) {
  const auto first = levels_.begin() + static_cast<std::ptrdiff_t>(level) + 1;
  std::vector<Level> deeper(std::make_move_iterator(first), std::make_move_iterator(levels_.end()));
  levels_.erase(first, levels_.end());
  return deeper;
}

void PhaseBuilder::resume(std::vector<Level> deeper) {
  for (Level& level : deeper) levels_.push_back(std::move(level));
}

Phase PhaseBuilder::finish() {
  phase_.body = std::move(levels_.front().block);
  return std::move(phase_);
}

}  // namespace ricci::jit
