#pragma once
// Op and Reduction, and what the compiler knows of each, both stamped from ops.def and reductions.def.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ricci/scalar.hpp"

namespace ricci {

enum class Op : std::uint8_t {
#define RICCI_OP(name, text, arity, typing, laws) name,
#include "ricci/ops.def"
#undef RICCI_OP
};

enum class Typing : std::uint8_t { numeric, integer, floating, logical, compare, choose, convert };
enum class Laws : std::uint8_t { none, commutative };

struct OpInfo {
  std::string_view name;  // "add"
  std::string_view text;  // "+", or empty for a function
  int arity;
  Typing typing;
  Laws laws;
};

inline constexpr OpInfo op_table[] = {
#define RICCI_OP(name, text, arity, typing, laws) {#name, text, arity, Typing::typing, Laws::laws},
#include "ricci/ops.def"
#undef RICCI_OP
};

constexpr const OpInfo& info(Op op) { return op_table[static_cast<int>(op)]; }
constexpr std::string_view to_string(Op op) { return info(op).name; }

/// Whether the op exists for arguments of this dtype (for select: of its two branches). f16 and bf16 are only selected
/// and cast: what computes with their values works in f32.
constexpr bool accepts(Op op, DType d) {
  if (is_float16(d)) return info(op).typing == Typing::choose || info(op).typing == Typing::convert;
  switch (info(op).typing) {
    case Typing::numeric: return d != DType::b1;
    case Typing::integer: return is_integer(d);
    case Typing::floating: return is_float(d);
    case Typing::logical: return d == DType::b1 || is_integer(d);
    case Typing::compare:
    case Typing::choose:
    case Typing::convert: return true;
  }
  return false;
}

enum class Reduction : std::uint8_t {
#define RICCI_REDUCTION(name, results, empty, step) name,
#include "ricci/reductions.def"
#undef RICCI_REDUCTION
};

enum class Results : std::uint8_t { value, index };
enum class OnEmpty : std::uint8_t { identity, error };

struct ReductionInfo {
  std::string_view name;
  Results results;
  OnEmpty empty;
  Op step;
};

inline constexpr ReductionInfo reduction_table[] = {
#define RICCI_REDUCTION(name, results, empty, step) {#name, Results::results, OnEmpty::empty, Op::step},
#include "ricci/reductions.def"
#undef RICCI_REDUCTION
};

constexpr const ReductionInfo& info(Reduction r) { return reduction_table[static_cast<int>(r)]; }
constexpr std::string_view to_string(Reduction r) { return info(r).name; }

/// The value of `op` on constants: the one definition of scalar semantics, shared by constant folding, the
/// reference evaluator and the loop interpreter. The arguments have the dtypes that the op's typing asks for;
/// `result` is the dtype of the outcome. Transcendentals give the same bits as the compiled kernels do.
Scalar evaluate(Op op, DType result, std::span<const Scalar> args);

/// The value that combines neutrally: 0 for sum, 1 for prod, -inf or the smallest integer for max, false for any.
Scalar identity(Reduction reduction, DType dtype);

}  // namespace ricci
