#pragma once
// Writes the statements of one phase. Knows nothing of index expressions: only values, levels and symbols.
//
// A level is an open block: level 0 is the phase's top, each open loop or condition adds one. A statement may be added
// to any open level; it then stands before the loops still open inside it. That is all of loop-invariant code motion.
#include <map>

#include "ricci/loop.hpp"

namespace ricci::jit {

class PhaseBuilder {
 public:
  explicit PhaseBuilder(KernelInfo& info);

  std::size_t level() const { return levels_.size() - 1; }
  loop::Type type(loop::Value v) const { return phase_.types[v]; }
  loop::Value begin() const { return phase_.begin; }
  loop::Value end() const { return phase_.end; }

  void add(std::size_t level, loop::Statement statement) { levels_[level].block.push_back(std::move(statement)); }
  loop::Value make(loop::Type type) { return phase_.make(type); }

  loop::Value constant(Scalar, int lanes = 1);
  loop::Value constant(std::int64_t value) { return constant(Scalar::of(value)); }
  /// A kernel argument: registered once in the KernelInfo, loaded once per phase. `dtype` differs from i64 for params.
  loop::Value symbol(const Symbol&, DType dtype = DType::i64);
  std::uint32_t symbol_id(const Symbol&);
  /// The value of this operation, computed at `level` unless that or an outer level has it already.
  loop::Value compute(std::size_t level, Op, DType result, std::vector<loop::Value> args);
  loop::Value add(std::size_t level, loop::Value a, loop::Value b);       // i64, folds zeros
  loop::Value multiply(std::size_t level, loop::Value a, loop::Value b);  // i64, folds ones
  /// floor_divide or remainder of two i64, neither below 0: there are no signs to look at.
  loop::Value divide(std::size_t level, Op, loop::Value dividend, loop::Value divisor);
  /// Quotient and remainder, by one division.
  std::pair<loop::Value, loop::Value> divide_with_rest(std::size_t level, loop::Value dividend, loop::Value divisor);
  /// The scalar in every lane. `level` is where the scalar is defined.
  loop::Value splat(std::size_t level, loop::Value scalar, int lanes);
  loop::Value iota(DType, int lanes);
  /// Converts by Op::cast unless the value has that dtype already.
  loop::Value convert(std::size_t level, loop::Value, DType);

  /// Opens a loop at the innermost level; its body is then the innermost level. Returns the loop variable.
  loop::Value open_for(loop::Value begin, loop::Value end, std::int64_t step, std::vector<loop::Carried> carried = {});
  /// Closes the innermost loop, with the values for the next iteration, which there is not if `until` is true; returns
  /// the results after the loop.
  std::vector<loop::Value> close_for(const std::vector<loop::Value>& next = {}, loop::Value until = loop::none);
  /// Opens a block that runs when the scalar b1 `condition` is true; it is a level as a loop is.
  void open_if(loop::Value condition);
  void close_if();
  /// A carried value for open_for: starts as `initial`.
  loop::Carried carry(loop::Value initial);

  /// Takes the levels deeper than `level` aside, so that loops can be opened inside `level` and stand before them;
  /// resume() puts them back.
  struct Level {
    loop::Block block;
    loop::For loop;  // the loop whose body this is; unused at level 0 and for conditions
    loop::Value condition = loop::none;
    std::map<std::pair<loop::Value, int>, loop::Value> splats;
    std::map<std::tuple<Op, DType, std::vector<loop::Value>>, loop::Value> computed;
  };
  std::vector<Level> suspend(std::size_t level);
  void resume(std::vector<Level> deeper);

  /// Whether some loop has been closed that may end before its last iteration.
  bool leaves_loops() const { return leaves_loops_; }

  loop::Phase finish();

 private:
  KernelInfo& info_;
  loop::Phase phase_;
  std::vector<Level> levels_;
  std::map<std::tuple<DType, std::uint64_t, int>, loop::Value> constants_;
  std::map<std::uint32_t, loop::Value> symbols_;
  std::map<loop::Value, loop::Value> unsigned_;  // of results of divide(): the u64 that they were
  std::map<std::pair<DType, int>, loop::Value> iotas_;
  bool leaves_loops_ = false;
};

}  // namespace ricci::jit
