#pragma once
// The numbers that the functions of jit/math are written in, as values of a kernel that is being built: each operation
// adds an instruction to it. A constant stands for all lanes.
#include <utility>

#include "emit.hpp"
#include "math/number.hpp"

namespace ricci::codegen {

template <class T>
struct OfLanes {
  OfLanes(T all) : constant(all) {}
  OfLanes(PhaseEmitter& e, llvm::Value* v) : emitter(&e), value(v) {}

  PhaseEmitter* emitter = nullptr;
  llvm::Value* value = nullptr;  // null: a constant
  T constant{};
};
using Number = OfLanes<float>;
using Integer = OfLanes<std::uint32_t>;
using Condition = OfLanes<bool>;

template <class T>
llvm::Value* value_like(const OfLanes<T>& x, const OfLanes<T>& other) {
  if (x.value != nullptr) return x.value;
  llvm::Type* type = other.value->getType();
  if constexpr (std::is_same_v<T, float>)
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

#define RICCI_OPERATOR(Result, Operand, symbol, method)                                        \
  inline Result operator symbol(Operand a, Operand b) {                                        \
    return combine<Result>(a, b, [](Builder& builder, llvm::Value* x, llvm::Value* y) {        \
      return builder.method(x, y);                                                             \
    });                                                                                        \
  }
RICCI_OPERATOR(Number, Number, +, CreateFAdd)
RICCI_OPERATOR(Number, Number, -, CreateFSub)
RICCI_OPERATOR(Number, Number, *, CreateFMul)
RICCI_OPERATOR(Number, Number, /, CreateFDiv)
RICCI_OPERATOR(Condition, Number, <, CreateFCmpOLT)
RICCI_OPERATOR(Condition, Number, >, CreateFCmpOGT)
RICCI_OPERATOR(Integer, Integer, +, CreateAdd)
RICCI_OPERATOR(Integer, Integer, -, CreateSub)
RICCI_OPERATOR(Integer, Integer, &, CreateAnd)
RICCI_OPERATOR(Integer, Integer, |, CreateOr)
RICCI_OPERATOR(Integer, Integer, ^, CreateXor)
RICCI_OPERATOR(Integer, Integer, <<, CreateShl)
RICCI_OPERATOR(Condition, Integer, ==, CreateICmpEQ)
RICCI_OPERATOR(Condition, Integer, <, CreateICmpULT)
#undef RICCI_OPERATOR
inline Number operator-(Number x) { return {*x.emitter, x.emitter->builder.CreateFNeg(x.value)}; }

inline Number fma(Number a, Number b, Number c) {
  const Number& like = a.value != nullptr ? a : b.value != nullptr ? b : c;
  llvm::Value* const operands[] = {value_like(a, like), value_like(b, like), value_like(c, like)};
  return {*like.emitter, like.emitter->builder.CreateIntrinsic(llvm::Intrinsic::fma, {operands[0]->getType()}, operands)};
}

inline Number choose(Condition condition, Number a, Number b) {
  return combine<Number>(a, b, [&](Builder& builder, llvm::Value* x, llvm::Value* y) {
    return builder.CreateSelect(condition.value, x, y);
  });
}

inline Integer bits(Number x) {
  Builder& b = x.emitter->builder;
  return {*x.emitter, b.CreateBitCast(x.value, x.value->getType()->getWithNewType(b.getInt32Ty()))};
}
inline Number number(Integer x) {
  Builder& b = x.emitter->builder;
  return {*x.emitter, b.CreateBitCast(x.value, x.value->getType()->getWithNewType(b.getFloatTy()))};
}
inline Number to_number(Integer x) {
  Builder& b = x.emitter->builder;
  return {*x.emitter, b.CreateSIToFP(x.value, x.value->getType()->getWithNewType(b.getFloatTy()))};
}

Number scale(Number x, math::Whole<Number, Integer> n);

/// A branch that is taken if the condition fails in any lane.
template <class Rare>
Number usually(Condition condition, Number usual, Rare rare) {
  PhaseEmitter& e = *condition.emitter;
  Builder& b = e.builder;
  llvm::Value* any = b.CreateIsNotNull(mask_bits(e, b.CreateNot(condition.value)));
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "rare", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "usual", e.function);
  b.CreateCondBr(any, inside, after, llvm::MDBuilder(b.getContext()).createUnlikelyBranchWeights());
  b.SetInsertPoint(inside);
  const Number mixed = choose(condition, usual, rare());
  llvm::BasicBlock* inside_end = b.GetInsertBlock();
  b.CreateBr(after);
  b.SetInsertPoint(after);
  auto* result = b.CreatePHI(usual.value->getType(), 2);
  result->addIncoming(usual.value, before);
  result->addIncoming(mixed.value, inside_end);
  return {e, result};
}

}  // namespace ricci::codegen
