#pragma once
// The numbers that the functions of jit/math are written in, as values of a kernel that is being built: each operation
// adds an instruction to it. A constant stands for all lanes.
#include <span>
#include <utility>

#include "llvm/emit.hpp"
#include "math/number.hpp"

namespace ricci::codegen {

template <class T>
struct OfLanes {
  using Element = T;
  OfLanes(T all) : constant(all) {}
  OfLanes(PhaseEmitter& e, llvm::Value* v) : emitter(&e), value(v) {}

  PhaseEmitter* emitter = nullptr;
  llvm::Value* value = nullptr;  // null: a constant
  T constant{};
};
using Condition = OfLanes<bool>;
/// The integers that the bits of a number are.
template <class Real>
using Integers = OfLanes<math::BitsOf<Real>>;

template <class T>
llvm::Value* value_like(const OfLanes<T>& x, const OfLanes<T>& other) {
  if (x.value != nullptr) return x.value;
  llvm::Type* type = other.value->getType();
  if constexpr (std::is_floating_point_v<T>)
    return llvm::ConstantFP::get(type, x.constant);
  else
    return llvm::ConstantInt::get(type, x.constant);
}

/// What `make` builds of two operands.
template <class R, class T, class Make>
R combine(OfLanes<T> a, OfLanes<T> b, Make make) {
  const OfLanes<T>& like = a.value != nullptr ? a : b;
  return R(*like.emitter, make(like.emitter->builder, value_like(a, like), value_like(b, like)));
}

// The operators are found for a constant on either side, hence not as templates.
#define RICCI_OPERATOR(Result, Operand, symbol, method)                                        \
  inline Result operator symbol(Operand a, Operand b) {                                        \
    return combine<Result>(a, b, [](Builder& builder, llvm::Value* x, llvm::Value* y) {        \
      return builder.method(x, y);                                                             \
    });                                                                                        \
  }
#define RICCI_NUMBER(Real, Bits)                                                               \
  RICCI_OPERATOR(OfLanes<Real>, OfLanes<Real>, +, CreateFAdd)                                  \
  RICCI_OPERATOR(OfLanes<Real>, OfLanes<Real>, -, CreateFSub)                                  \
  RICCI_OPERATOR(OfLanes<Real>, OfLanes<Real>, *, CreateFMul)                                  \
  RICCI_OPERATOR(OfLanes<Real>, OfLanes<Real>, /, CreateFDiv)                                  \
  RICCI_OPERATOR(Condition, OfLanes<Real>, <, CreateFCmpOLT)                                   \
  RICCI_OPERATOR(Condition, OfLanes<Real>, >, CreateFCmpOGT)                                   \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, +, CreateAdd)                                   \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, -, CreateSub)                                   \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, &, CreateAnd)                                   \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, |, CreateOr)                                    \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, ^, CreateXor)                                   \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, <<, CreateShl)                                  \
  RICCI_OPERATOR(OfLanes<Bits>, OfLanes<Bits>, >>, CreateLShr)                                 \
  RICCI_OPERATOR(Condition, OfLanes<Bits>, ==, CreateICmpEQ)                                   \
  RICCI_OPERATOR(Condition, OfLanes<Bits>, <, CreateICmpULT)                                   \
  inline OfLanes<Real> fma(OfLanes<Real> a, OfLanes<Real> b, OfLanes<Real> c) {                \
    return multiply_add(a, b, c);                                                              \
  }                                                                                            \
  inline OfLanes<Real> choose(Condition condition, OfLanes<Real> a, OfLanes<Real> b) {         \
    return combine<OfLanes<Real>>(a, b, [&](Builder& builder, llvm::Value* x, llvm::Value* y) { \
      return builder.CreateSelect(condition.value, x, y);                                      \
    });                                                                                        \
  }                                                                                            \
  inline OfLanes<Real> choose_constant(Condition condition, Real a, Real b, OfLanes<Real> like) { \
    llvm::Value *first = value_like(OfLanes<Real>(a), like), *second = value_like(OfLanes<Real>(b), like); \
    return {*like.emitter, like.emitter->builder.CreateSelect(condition.value, first, second)}; \
  }                                                                                            \
  inline OfLanes<Bits> bits(OfLanes<Real> x) { return reinterpreted<OfLanes<Bits>>(x); }       \
  inline OfLanes<Real> number(OfLanes<Bits> x) { return reinterpreted<OfLanes<Real>>(x); }

template <class Real>
OfLanes<Real> operator-(OfLanes<Real> x) {
  return {*x.emitter, x.emitter->builder.CreateFNeg(x.value)};
}

#define RICCI_FUNCTION(name, intrinsic, Real)                                                  \
  inline OfLanes<Real> name(OfLanes<Real> x) {                                                 \
    return {*x.emitter, x.emitter->builder.CreateUnaryIntrinsic(llvm::Intrinsic::intrinsic, x.value)}; \
  }
RICCI_FUNCTION(sqrt, sqrt, float)
RICCI_FUNCTION(sqrt, sqrt, double)
RICCI_FUNCTION(floor, floor, float)
RICCI_FUNCTION(floor, floor, double)
RICCI_FUNCTION(trunc, trunc, float)
RICCI_FUNCTION(trunc, trunc, double)
RICCI_FUNCTION(magnitude, fabs, float)  // the same as Op::abs makes
RICCI_FUNCTION(magnitude, fabs, double)
#undef RICCI_FUNCTION

template <class Real>
OfLanes<Real> multiply_add(OfLanes<Real> a, OfLanes<Real> b, OfLanes<Real> c) {
  const auto& like = a.value != nullptr ? a : b.value != nullptr ? b : c;
  llvm::Value* const operands[] = {value_like(a, like), value_like(b, like), value_like(c, like)};
  return {*like.emitter,
          like.emitter->builder.CreateIntrinsic(llvm::Intrinsic::fma, {operands[0]->getType()}, operands)};
}

template <class To, class From>
To reinterpreted(OfLanes<From> x) {
  Builder& b = x.emitter->builder;
  using T = typename To::Element;
  llvm::Type* type = std::is_same_v<T, float>    ? b.getFloatTy()
                     : std::is_same_v<T, double> ? b.getDoubleTy()
                                                 : llvm::Type::getIntNTy(b.getContext(), 8 * sizeof(T));
  return {*x.emitter, b.CreateBitCast(x.value, x.value->getType()->getWithNewType(type))};
}

RICCI_NUMBER(float, std::uint32_t)
RICCI_OPERATOR(Condition, Condition, &, CreateAnd)
RICCI_NUMBER(double, std::uint64_t)
#undef RICCI_NUMBER
#undef RICCI_OPERATOR

inline OfLanes<float> to_number(OfLanes<std::uint32_t> x) {
  Builder& b = x.emitter->builder;
  return {*x.emitter, b.CreateSIToFP(x.value, x.value->getType()->getWithNewType(b.getFloatTy()))};
}

/// AVX2 has no instruction for it: the bits from 32 on, added to 2^84 + 2^63, are those of a number.
inline OfLanes<double> to_number(OfLanes<std::uint64_t> x) {
  Builder& b = x.emitter->builder;
  if (x.value->getType()->isVectorTy() && !has_avx512(x.emitter->target)) {
    const auto shifted = (x >> std::uint64_t{32}) ^ std::uint64_t{0x4530000080000000};
    return number(shifted) - (0x1p84 + 0x1p63);
  }
  return {*x.emitter, b.CreateSIToFP(x.value, x.value->getType()->getWithNewType(b.getDoubleTy()))};
}

OfLanes<float> entry(std::span<const math::Column<float>> table, std::size_t column, Integers<float> place);
OfLanes<double> entry(std::span<const math::Column<double>> table, std::size_t column, Integers<double> place);
OfLanes<float> entry(const math::LongColumn& column, Integers<float> place);
math::Binary<OfLanes<float>> binary_parts(OfLanes<float> x);
OfLanes<float> scale(OfLanes<float> x, math::Whole<OfLanes<float>, Integers<float>> n);
OfLanes<double> scale(OfLanes<double> x, math::Whole<OfLanes<double>, Integers<double>> n);

/// A branch that is taken if the condition fails in any lane.
template <class Real, class Rare>
OfLanes<Real> usually(Condition condition, OfLanes<Real> usual, Rare rare) {
  PhaseEmitter& e = *condition.emitter;
  const Condition unusual(e, opposite(e.builder, condition.value));
  return {e, emit_usual(e, unusual.value, usual.value, [&] { return choose(unusual, rare(), usual).value; })};
}

}  // namespace ricci::codegen
