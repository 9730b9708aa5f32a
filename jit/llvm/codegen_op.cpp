#include <cmath>

#include "llvm/emit.hpp"

namespace ricci::codegen {
namespace {

using llvm::Intrinsic::ID;
using llvm::Value;

/// A NaN wins, whichever; the first argument wins a tie.
Value* emit_extremum(Builder& b, Op op, DType dtype, Value* first, Value* second) {
  const bool larger = op == Op::maximum;
  if (is_float(dtype)) {
    // The machine's instruction, which gives the first argument where either is a NaN.
    Value* wins = larger ? b.CreateFCmpOGT(second, first) : b.CreateFCmpOLT(second, first);
    Value* better = b.CreateSelect(wins, second, first);
    return b.CreateSelect(b.CreateFCmpUNO(second, second), second, better);
  }
  const bool sign = is_signed_integer(dtype);
  const ID id = larger ? (sign ? llvm::Intrinsic::smax : llvm::Intrinsic::umax)
                       : (sign ? llvm::Intrinsic::smin : llvm::Intrinsic::umin);
  return b.CreateBinaryIntrinsic(id, first, second);
}

/// What a masked load gives is zero already where its mask is false.
Value* emit_select(Builder& b, Value* condition, Value* first, Value* second) {
  const auto* load = llvm::dyn_cast<llvm::IntrinsicInst>(first);
  const auto* zero = llvm::dyn_cast<llvm::Constant>(second);
  const bool is_masked_load = load != nullptr && load->getIntrinsicID() == llvm::Intrinsic::masked_load;
  if (is_masked_load && load->getArgOperand(2) == condition && zero != nullptr && zero->isNullValue()) return first;
  return b.CreateSelect(condition, first, second);
}

Value* emit_sign(Builder& b, DType dtype, Value* x) {
  llvm::Type* type = x->getType();
  Value* zero = llvm::Constant::getNullValue(type);
  if (!is_float(dtype)) {
    Value* above = b.CreateZExt(b.CreateICmpNE(x, zero), type);
    if (is_unsigned_integer(dtype)) return above;
    return b.CreateSelect(b.CreateICmpSLT(x, zero), llvm::Constant::getAllOnesValue(type), above);
  }
  const auto number = [&](double n) { return llvm::ConstantFP::get(type, n); };
  Value* below = b.CreateSelect(b.CreateFCmpOLT(x, zero), number(-1), zero);
  Value* sign = b.CreateSelect(b.CreateFCmpOGT(x, zero), number(1), below);
  return b.CreateSelect(b.CreateFCmpUNO(x, x), x, sign);
}

/// Counts of the width or more (as unsigned numbers) shift everything out.
Value* emit_shift(Builder& b, Op op, DType dtype, Value* value, Value* count) {
  llvm::Type* type = value->getType();
  const unsigned width = type->getScalarSizeInBits();
  if (op == Op::shift_right && is_signed_integer(dtype))
    return b.CreateAShr(
        value, b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, count, llvm::ConstantInt::get(type, width - 1)));
  Value* fits = b.CreateICmpULT(count, llvm::ConstantInt::get(type, width));
  Value* shifted = op == Op::shift_left ? b.CreateShl(value, count) : b.CreateLShr(value, count);
  return b.CreateSelect(fits, shifted, llvm::ConstantInt::get(type, 0));
}

Value* emit_compare(Builder& b, Op op, DType dtype, Value* x, Value* y) {
  using P = llvm::CmpInst::Predicate;
  struct Predicates { P floats, signs, others; };
  const Predicates p = op == Op::equal        ? Predicates{P::FCMP_OEQ, P::ICMP_EQ, P::ICMP_EQ}
                       : op == Op::not_equal  ? Predicates{P::FCMP_UNE, P::ICMP_NE, P::ICMP_NE}
                       : op == Op::less       ? Predicates{P::FCMP_OLT, P::ICMP_SLT, P::ICMP_ULT}
                       : op == Op::less_equal ? Predicates{P::FCMP_OLE, P::ICMP_SLE, P::ICMP_ULE}
                       : op == Op::greater    ? Predicates{P::FCMP_OGT, P::ICMP_SGT, P::ICMP_UGT}
                                              : Predicates{P::FCMP_OGE, P::ICMP_SGE, P::ICMP_UGE};
  return b.CreateCmp(is_float(dtype) ? p.floats : is_signed_integer(dtype) ? p.signs : p.others, x, y);
}

/// The f32 of f16 or bf16 bits.
Value* emit_widening(Builder& b, DType from, Value* bits, llvm::Type* floats) {
  if (from == DType::bf16) {
    Value* wide = b.CreateZExt(bits, floats->getWithNewType(b.getInt32Ty()));
    return b.CreateBitCast(b.CreateShl(wide, 16), floats);
  }
  return b.CreateFPExt(b.CreateBitCast(bits, floats->getWithNewType(b.getHalfTy())), floats);
}

/// The bits of the nearest f16 or bf16.
Value* emit_narrowing(Builder& b, DType to, Value* value) {
  llvm::Type* type = value->getType()->getWithNewType(b.getInt16Ty());
  if (to == DType::f16) return b.CreateBitCast(b.CreateFPTrunc(value, type->getWithNewType(b.getHalfTy())), type);
  llvm::Type* wide = type->getWithNewType(b.getInt32Ty());
  const auto number = [&](std::uint32_t n) { return llvm::ConstantInt::get(wide, n); };
  Value* bits = b.CreateBitCast(value, wide);
  Value* upper = b.CreateLShr(bits, 16);
  Value* up = b.CreateAdd(b.CreateAnd(upper, number(1)), number(0x7fff));  // halves to even
  Value* rounded = b.CreateLShr(b.CreateAdd(bits, up), 16);
  Value* nan = b.CreateOr(upper, number(0x40));
  return b.CreateTrunc(b.CreateSelect(b.CreateFCmpUNO(value, value), nan, rounded), type);
}

/// Vectors of floats as integers, saturated, NaN as 0. The intrinsic that means the same is slower, some of it done
/// lane by lane.
Value* emit_saturated(Builder& b, DType to, Value* value, llvm::Type* type) {
  const bool sign = is_signed_integer(to);
  const int bits = static_cast<int>(size_of(to)) * 8;
  llvm::Type* floats = value->getType();
  const auto number = [&](double n) { return llvm::ConstantFP::get(floats, n); };
  const auto converted = [&](Value* x, llvm::Type* t) { return sign ? b.CreateFPToSI(x, t) : b.CreateFPToUI(x, t); };
  Value *lowest = number(sign ? -std::ldexp(1.0, bits - 1) : 0),
        *above = number(std::ldexp(1.0, sign ? bits - 1 : bits));
  Value* raised = b.CreateSelect(b.CreateFCmpOGT(value, lowest), value, lowest);
  if (bits < 32) {  // every integer is a float
    Value* highest = number(std::ldexp(1.0, sign ? bits - 1 : bits) - 1);
    Value* inside = b.CreateSelect(b.CreateFCmpOLT(raised, highest), raised, highest);
    Value* whole = b.CreateFPToSI(inside, type->getWithNewType(b.getInt32Ty()));
    if (sign)
      whole = b.CreateSelect(b.CreateFCmpORD(value, value), whole, llvm::Constant::getNullValue(whole->getType()));
    return b.CreateTrunc(whole, type);
  }
  Value* inside = b.CreateSelect(b.CreateFCmpOLT(value, above), raised, number(0));
  const llvm::APInt most = sign ? llvm::APInt::getSignedMaxValue(bits) : llvm::APInt::getMaxValue(bits);
  return b.CreateSelect(b.CreateFCmpOGE(value, above), llvm::ConstantInt::get(type, most), converted(inside, type));
}

Value* emit_cast(Builder& b, DType from, DType to, Value* value, llvm::Type* type) {
  if (from == to) return value;
  if (is_float16(from)) {
    llvm::Type* floats = value->getType()->getWithNewType(b.getFloatTy());
    return emit_cast(b, DType::f32, to, emit_widening(b, from, value, floats), type);
  }
  if (is_float16(to)) {
    llvm::Type* floats = type->getWithNewType(b.getFloatTy());
    return emit_narrowing(b, to, emit_cast(b, from, DType::f32, value, floats));
  }
  if (to == DType::b1) {
    Value* zero = llvm::Constant::getNullValue(value->getType());
    return is_float(from) ? b.CreateFCmpUNE(value, zero) : b.CreateICmpNE(value, zero);
  }
  if (is_float(from) && is_float(to)) return b.CreateFPCast(value, type);
  if (is_float(to)) return is_signed_integer(from) ? b.CreateSIToFP(value, type) : b.CreateUIToFP(value, type);
  if (is_float(from)) {
    if (type->isVectorTy()) return emit_saturated(b, to, value, type);
    const ID id = is_signed_integer(to) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
    return b.CreateIntrinsic(id, {type, value->getType()}, {value});
  }
  return b.CreateIntCast(value, type, is_signed_integer(from));
}

/// Without AVX-512, floats become i64 lane by lane, and these floats; with i32 there are instructions. What fits those,
/// in all lanes, goes by way of them.
Value* emit_cast_by_i32(PhaseEmitter& e, DType from, DType to, Value* value, llvm::Type* type) {
  Builder& b = e.builder;
  llvm::Type* halves = type->getWithNewType(b.getInt32Ty());
  Value *usual, *misfits;
  if (is_float(from)) {
    Value* size = b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, value);
    misfits = b.CreateFCmpUGE(size, llvm::ConstantFP::get(value->getType(), std::ldexp(1.0, 31)));
    usual = b.CreateSExt(b.CreateFPToSI(value, halves), type);
  } else {
    Value* half = b.CreateTrunc(value, halves);
    misfits = b.CreateICmpNE(b.CreateSExt(half, value->getType()), value);
    usual = b.CreateSIToFP(half, type);
  }
  return emit_usual(e, misfits, usual, [&] { return emit_cast(b, from, to, value, type); });
}

Value* emit_cast(PhaseEmitter& e, DType from, loop::Type to, Value* value) {
  llvm::Type* type = register_type(e.builder.getContext(), to);
  const auto is_real = [](DType dtype) { return dtype == DType::f32 || dtype == DType::f64; };
  const bool of_i64 = (is_real(from) && to.dtype == DType::i64) || (from == DType::i64 && is_real(to.dtype));
  const bool has_instructions = e.target.features.find("avx512dq") != std::string::npos;
  if (of_i64 && type->isVectorTy() && !has_instructions) return emit_cast_by_i32(e, from, to.dtype, value, type);
  return emit_cast(e.builder, from, to.dtype, value, type);
}

}  // namespace

Value* emit_op(PhaseEmitter& e, Op op, DType operand, loop::Type result, llvm::ArrayRef<Value*> args) {
  Builder& b = e.builder;
  const bool floats = is_float(operand);
  Value* x = args[0];
  Value* y = args.size() > 1 ? args[1] : nullptr;
  switch (op) {
    case Op::add: return floats ? b.CreateFAdd(x, y) : b.CreateAdd(x, y);
    case Op::subtract: return floats ? b.CreateFSub(x, y) : b.CreateSub(x, y);
    case Op::multiply: return floats ? b.CreateFMul(x, y) : b.CreateMul(x, y);
    case Op::divide: return b.CreateFDiv(x, y);
    case Op::fma: return b.CreateIntrinsic(llvm::Intrinsic::fma, {x->getType()}, args);
    case Op::floor_divide:
    case Op::remainder:
      if (floats) return emit_math(e, op, result, args);
      return emit_division(e, op, operand, x, y);
    case Op::minimum:
    case Op::maximum: return emit_extremum(b, op, operand, x, y);
    case Op::negate: return floats ? b.CreateFNeg(x) : b.CreateNeg(x);
    case Op::abs:
      if (floats) return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x);
      return is_unsigned_integer(operand) ? x : b.CreateBinaryIntrinsic(llvm::Intrinsic::abs, x, b.getFalse());
    case Op::sign: return emit_sign(b, operand, x);
    case Op::copysign: return b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, x, y);
    case Op::sqrt: return b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, x);
    case Op::floor: return b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x);
    case Op::ceil: return b.CreateUnaryIntrinsic(llvm::Intrinsic::ceil, x);
    case Op::trunc: return b.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, x);
    case Op::round: return b.CreateUnaryIntrinsic(llvm::Intrinsic::roundeven, x);
    case Op::exp:
    case Op::exp2:
    case Op::expm1:
    case Op::log:
    case Op::log2:
    case Op::log10:
    case Op::log1p:
    case Op::sin:
    case Op::cos:
    case Op::tan:
    case Op::asin:
    case Op::acos:
    case Op::atan:
    case Op::atan2:
    case Op::sinh:
    case Op::cosh:
    case Op::tanh:
    case Op::asinh:
    case Op::acosh:
    case Op::atanh:
    case Op::cbrt:
    case Op::hypot:
    case Op::erf:
    case Op::fmod:
    case Op::pow: return emit_math(e, op, result, args);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return emit_compare(b, op, operand, x, y);
    case Op::logical_and: return b.CreateAnd(x, y);
    case Op::logical_or: return b.CreateOr(x, y);
    case Op::logical_xor: return b.CreateXor(x, y);
    case Op::logical_not: return opposite(b, x);
    case Op::shift_left:
    case Op::shift_right: return emit_shift(b, op, operand, x, y);
    case Op::select: return emit_select(b, x, y, args[2]);
    case Op::cast: return emit_cast(e, operand, result, x);
  }
  llvm_unreachable("every op is above");
}

}  // namespace ricci::codegen
