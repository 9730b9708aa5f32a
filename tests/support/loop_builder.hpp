#pragma once
// Builds loop-IR kernels by hand, and runs their native code.
#include <functional>
#include <span>
#include <vector>

#include "ricci/codegen.hpp"
#include "ricci/helpers.hpp"
#include "ricci/loop.hpp"

namespace ricci::test {

/// A kernel of one phase named "phase". Each method adds one statement to the innermost open block and returns its
/// result.
class LoopBuilder {
 public:
  using Value = loop::Value;
  loop::Kernel kernel;

  LoopBuilder() {
    kernel.info.phases.push_back({"phase", {}, {}, {}});
    kernel.phases.emplace_back();
    begin = make(DType::i64);
    end = make(DType::i64);
  }
  Value begin, end;

  loop::BufferId scratch(DType dtype, std::int64_t elements) {
    const loop::BufferId b = buffer(dtype, true);
    kernel.info.buffers.back().scratch = elements;
    return b;
  }
  void transpose(const loop::Transpose& s) { block().push_back(s); }
  loop::BufferId buffer(DType dtype, bool writable = false) {
    auto& buffers = kernel.info.buffers;
    buffers.push_back({"t" + std::to_string(buffers.size()), dtype, writable, {}});
    return static_cast<loop::BufferId>(buffers.size() - 1);
  }
  Value make(DType dtype, int lanes = 1) { return phase().make({dtype, lanes}); }
  loop::Type type(Value v) { return phase().types[v]; }

  Value constant(Scalar value, int lanes = 1) { return define(loop::Constant{make(value.dtype, lanes), value}); }
  template <class T>
  Value constant(T value, int lanes = 1) {
    return constant(Scalar::of(value), lanes);
  }
  Value argument(std::uint32_t symbol, DType dtype = DType::i64) {
    while (kernel.info.symbols.size() <= symbol) kernel.info.symbols.push_back({Symbol::Kind::param, {0}});
    return define(loop::Argument{make(dtype), symbol});
  }
  Value compute(Op op, DType result, std::vector<Value> args) {
    return define(loop::Compute{make(result, type(args[0]).lanes), op, args});
  }
  Value splat(Value scalar, int lanes) { return define(loop::Splat{make(type(scalar).dtype, lanes), scalar}); }
  Value iota(DType dtype, int lanes) { return define(loop::Iota{make(dtype, lanes)}); }
  Value lane_mask(Value count, int lanes, bool few = false) {
    return define(loop::LaneMask{make(DType::b1, lanes), count, few});
  }
  Value half(Value vector, bool upper) {
    return define(loop::Half{make(type(vector).dtype, type(vector).lanes / 2), vector, upper});
  }
  Value slide(Value low, Value high, int from) {
    return define(loop::Slide{make(type(low).dtype, type(low).lanes), low, high, from});
  }
  Value pick(Value vector, std::vector<int> lanes) {
    const loop::Type result{type(vector).dtype, static_cast<int>(lanes.size())};
    return define(loop::Pick{make(result.dtype, result.lanes), vector, std::move(lanes)});
  }
  Value any_lane(Value mask) { return define(loop::AnyLane{make(DType::b1), mask}); }
  Value count_lanes(Value mask) { return define(loop::CountLanes{make(DType::i64), mask}); }
  Value load(loop::BufferId b, Value offset, int lanes = 1, Value mask = loop::none) {
    return define(loop::Load{make(kernel.info.buffers[b].dtype, lanes), b, offset, mask});
  }
  Value gather(loop::BufferId b, Value base, Value offsets, Value mask = loop::none) {
    return define(loop::Gather{make(kernel.info.buffers[b].dtype, type(offsets).lanes), b, base, offsets, mask});
  }
  Value to_line(loop::BufferId b, Value offset) { return define(loop::ToLine{make(DType::i64), b, offset}); }
  void store(loop::BufferId b, Value offset, Value value, Value mask = loop::none, Value streaming = loop::none) {
    block().push_back(loop::Store{b, offset, value, mask, streaming});
  }
  void scatter(loop::BufferId b, Value base, Value offsets, Value value, Value mask = loop::none,
               std::optional<Op> combine = {}) {
    block().push_back(loop::Scatter{b, base, offsets, value, mask, combine});
  }
  void append(loop::BufferId b, Value first, Value stride, Value end, Value value, Value mask) {
    block().push_back(loop::Append{b, first, stride, end, value, mask});
  }
  void check(std::uint32_t number, Value ok, Value mask = loop::none) {
    block().push_back(loop::Check{number, ok, mask});
  }
  /// `body` gets the loop variable and the carried values and returns the next ones; the results come back.
  /// The iteration in which `until`, which `body` may set, is true is the last.
  std::vector<Value> loop(Value from, Value to, std::int64_t step, std::vector<Value> initial,
                          const std::function<std::vector<Value>(Value, std::vector<Value>)>& body,
                          const Value* until = nullptr) {
    loop::For made{make(DType::i64), from, to, step, {}, {}, loop::none};
    std::vector<Value> variables, results;
    for (const Value v : initial) variables.push_back(make(type(v).dtype, type(v).lanes));
    open_.emplace_back();
    const std::vector<Value> next = body(made.variable, variables);
    made.body = std::move(open_.back());
    if (until) made.until = *until;
    open_.pop_back();
    for (std::size_t i = 0; i < initial.size(); ++i) {
      results.push_back(make(type(initial[i]).dtype, type(initial[i]).lanes));
      made.carried.push_back({initial[i], variables[i], next[i], results[i]});
    }
    block().push_back(std::move(made));
    return results;
  }
  void when(Value condition, const std::function<void()>& body) {
    open_.emplace_back();
    body();
    loop::If made{condition, std::move(open_.back())};
    open_.pop_back();
    block().push_back(std::move(made));
  }

 private:
  loop::Phase& phase() { return kernel.phases[0]; }
  loop::Block& block() { return open_.empty() ? phase().body : open_.back(); }
  template <class S>
  Value define(S statement) {
    const Value result = statement.result;
    block().push_back(std::move(statement));
    return result;
  }
  std::vector<loop::Block> open_;  // of the loops and conditions being built
};

/// Every way to generate code on this machine: vectors of 64, 32 and 16 bytes, with and without optimisation.
inline std::vector<CodegenOptions> all_codegen_options() {
  std::vector<CodegenOptions> all;
  for (const int bytes : {16, 32, 64})
    if (bytes <= host_target().vector_bytes)
      for (const bool optimise : {false, true}) all.push_back({host_target(bytes), optimise});
  return all;
}

/// Calls a phase function.
inline std::int32_t call(PhaseFunction function, std::span<void* const> buffers, std::span<const std::int64_t> symbols,
                         std::int64_t begin, std::int64_t end) {
  const KernelArgs args{buffers.data(), symbols.data(), helper_table().data()};
  return function(&args, begin, end);
}

}  // namespace ricci::test
