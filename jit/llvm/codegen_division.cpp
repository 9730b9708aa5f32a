// floor_divide and remainder.
#include "llvm/emit.hpp"

namespace ricci::codegen {
namespace {

using llvm::APInt;
using llvm::Value;

/// Of where a chunk begins, an argument of the phase, for small work 0: a division of 64 bits takes up to 90 cycles,
/// and all else waits for it.
Value* quotient_of_begin(PhaseEmitter& e, Value* dividend, Value* divisor) {
  Builder& b = e.builder;
  Value* reaches = b.CreateICmpUGE(dividend, divisor);
  return emit_usual(e, reaches, b.getInt64(0), [&] { return b.CreateUDiv(dividend, divisor); });
}

constexpr std::uint64_t limit = std::uint64_t{1} << 50, unit_at_one = 0x4338'0000'0000'0000;  // 3 * 2^51 as a double

/// Lanes of 64 bits in doubles where the sizes of all of them are below 2^50, as they almost always are; elsewhere one
/// by one, as LLVM takes them: a division of 64 bits takes 20 to 90 cycles. Next to 3 * 2^51 the last bit of a double
/// counts ones, so that an addition, which every machine has for lanes, makes a double of an integer and back.
Value* quotient_of_long(PhaseEmitter& e, bool sign, Value* dividend, Value* divisor) {
  Builder& b = e.builder;
  llvm::Type* type = dividend->getType();
  llvm::Type* real = type->getWithNewType(b.getDoubleTy());
  const auto number = [&](std::uint64_t n) { return llvm::ConstantInt::get(type, n); };
  Value* bias = b.CreateBitCast(number(unit_at_one), real);
  const auto is_long = [&](Value* x) {
    return sign ? b.CreateICmpUGE(b.CreateAdd(x, number(limit)), number(2 * limit)) : b.CreateICmpUGE(x, number(limit));
  };
  const auto as_real = [&](Value* x) {
    return b.CreateFSub(b.CreateBitCast(b.CreateAdd(x, number(unit_at_one)), real), bias);
  };
  Value* some_long = b.CreateOr(is_long(dividend), is_long(divisor));
  Value* real_quotient = b.CreateFDiv(as_real(dividend), as_real(divisor));
  Value* whole = b.CreateUnaryIntrinsic(llvm::Intrinsic::trunc, real_quotient);
  Value* quotient = b.CreateSub(b.CreateBitCast(b.CreateFAdd(whole, bias), type), number(unit_at_one));
  return emit_usual(e, some_long, quotient,
                    [&] { return sign ? b.CreateSDiv(dividend, divisor) : b.CreateUDiv(dividend, divisor); });
}

/// The quotient, rounded towards zero, of numbers of which LLVM would take vectors one by one: in floats, of which the
/// fraction has more bits than the numbers. A quotient that is no whole number is at least 1 / divisor below the next
/// one, a greater part of it than what the division rounds, so that it is rounded to no other whole number.
Value* whole_quotient(PhaseEmitter& e, DType dtype, Value* dividend, Value* divisor) {
  Builder& b = e.builder;
  llvm::Type* type = dividend->getType();
  const bool sign = is_signed_integer(dtype);
  const bool is_begin = llvm::isa<llvm::Argument>(dividend) && type->isIntegerTy(64) && !sign;
  if (is_begin) return quotient_of_begin(e, dividend, divisor);
  if (!type->isVectorTy()) return sign ? b.CreateSDiv(dividend, divisor) : b.CreateUDiv(dividend, divisor);
  if (type->getScalarSizeInBits() == 64) return quotient_of_long(e, sign, dividend, divisor);
  llvm::Type* real = type->getWithNewType(type->getScalarSizeInBits() == 32 ? b.getDoubleTy() : b.getFloatTy());
  Value* above = sign ? b.CreateSIToFP(dividend, real) : b.CreateUIToFP(dividend, real);
  Value* below = sign ? b.CreateSIToFP(divisor, real) : b.CreateUIToFP(divisor, real);
  Value* quotient = b.CreateFDiv(above, below);
  return sign ? b.CreateFPToSI(quotient, type) : b.CreateFPToUI(quotient, type);
}

/// By any divisor, none of which the machine could trap on.
Value* divided_anyhow(PhaseEmitter& e, Op op, DType dtype, Value* dividend, Value* divisor) {
  Builder& b = e.builder;
  llvm::Type* type = dividend->getType();
  Value* zero = llvm::ConstantInt::get(type, 0);
  Value* one = llvm::ConstantInt::get(type, 1);
  Value* by_zero = b.CreateICmpEQ(divisor, zero);
  if (is_unsigned_integer(dtype)) {
    Value* safe = b.CreateSelect(by_zero, one, divisor);
    Value* quotient = whole_quotient(e, dtype, dividend, safe);
    if (op == Op::remainder) return b.CreateSub(dividend, b.CreateMul(quotient, safe));
    return b.CreateSelect(by_zero, zero, quotient);
  }
  Value* lowest = llvm::ConstantInt::get(type, llvm::APInt::getSignedMinValue(type->getScalarSizeInBits()));
  Value* overflow =
      b.CreateAnd(b.CreateICmpEQ(divisor, llvm::ConstantInt::getAllOnesValue(type)), b.CreateICmpEQ(dividend, lowest));
  Value* safe = b.CreateSelect(b.CreateOr(by_zero, overflow), one, divisor);  // x / 1 has both wanted remainders
  Value* quotient = whole_quotient(e, dtype, dividend, safe);
  Value* rest = b.CreateSub(dividend, b.CreateMul(quotient, safe));
  Value* towards_zero = b.CreateAnd(b.CreateICmpNE(rest, zero), b.CreateICmpSLT(b.CreateXor(rest, safe), zero));
  if (op == Op::remainder) return b.CreateSelect(towards_zero, b.CreateAdd(rest, safe), rest);
  Value* floored = b.CreateAdd(quotient, b.CreateSExt(towards_zero, type));
  return b.CreateSelect(by_zero, zero, floored);
}

/// The remainder where all lanes are at most one divisor away from it, as the subscripts of what wraps around are: it
/// then takes no division.
Value* divided(PhaseEmitter& e, Op op, DType dtype, Value* dividend, Value* divisor) {
  Builder& b = e.builder;
  llvm::Type* type = dividend->getType();
  const bool wraps = op == Op::remainder && dtype == DType::i64 && type->isVectorTy() && llvm::getSplatValue(divisor);
  if (!wraps) return divided_anyhow(e, op, dtype, dividend, divisor);
  Value* zero = llvm::ConstantInt::get(type, 0);
  Value* above = b.CreateAdd(dividend, divisor);
  Value* three = b.CreateMul(divisor, llvm::ConstantInt::get(type, 3));
  Value* is_odd = b.CreateICmpUGE(divisor, llvm::ConstantInt::get(type, std::uint64_t{1} << 60));  // below 0 too
  Value* is_far = b.CreateOr(b.CreateICmpUGE(above, three), is_odd);
  Value* below = b.CreateSelect(b.CreateICmpSGE(dividend, divisor), b.CreateSub(dividend, divisor), dividend);
  Value* near = b.CreateSelect(b.CreateICmpSLT(dividend, zero), above, below);
  return emit_usual(e, is_far, near, [&] { return divided_anyhow(e, op, dtype, dividend, divisor); });
}

/// The upper 64 bits of the products of lanes with a constant, from products of halves, which machines have.
Value* upper_product(Builder& b, Value* x, const APInt& factor) {
  llvm::Type* type = x->getType();
  const auto number = [&](std::uint64_t n) { return llvm::ConstantInt::get(type, n); };
  const auto low = [&](Value* v) { return b.CreateAnd(v, number(0xffffffff)); };
  const auto high = [&](Value* v) { return b.CreateLShr(v, 32); };
  Value *f_low = number(factor.getLoBits(32).getZExtValue()), *f_high = number(factor.lshr(32).getZExtValue());
  Value *x_low = low(x), *x_high = high(x);
  Value* carry = high(b.CreateMul(x_low, f_low));
  Value* first = b.CreateAdd(b.CreateMul(x_high, f_low), carry);
  Value* rest = low(first);
  Value* second = b.CreateAdd(b.CreateMul(x_low, f_high), rest);
  carry = high(first);
  Value* top = b.CreateAdd(b.CreateMul(x_high, f_high), carry);
  return b.CreateAdd(top, high(second));
}

/// Lanes of 64 bits by a constant that is no power of two, the lanes below 2^63 unless `full`: LLVM would take them one
/// by one. With l = ceil(log2 d) and m = floor(2^(63 + l) / d) + 1, which has 64 bits, x / d = x * m / 2^(63 + l) for
/// all x < 2^63; for larger ones m = floor(2^(64 + l) / d) + 1 has a bit more, which is added by itself.
Value* quotient(Builder& b, Value* x, const APInt& divisor, bool full) {
  const unsigned l = divisor.ceilLogBase2();
  const APInt wide = divisor.zext(192);
  const APInt factor = (APInt::getOneBitSet(192, (full ? 64 : 63) + l).udiv(wide) + 1).trunc(64);
  Value* product = upper_product(b, x, factor);
  if (!full) return b.CreateLShr(product, l - 1);
  Value* rest = b.CreateLShr(b.CreateSub(x, product), 1);
  return b.CreateLShr(b.CreateAdd(rest, product), l - 1);
}

/// Bytes by a constant: as words, which machines multiply, those at even and at odd places for themselves. That a word
/// is below 256 LLVM sees, and takes one multiplication for it.
Value* quotient_of_bytes(Builder& b, Value* x, const APInt& divisor) {
  const unsigned lanes = llvm::cast<llvm::FixedVectorType>(x->getType())->getNumElements();
  llvm::Type* words = llvm::FixedVectorType::get(b.getInt16Ty(), lanes / 2);
  Value* below = llvm::ConstantInt::get(words, divisor.getZExtValue());
  Value* both = b.CreateBitCast(x, words);
  Value* even = b.CreateUDiv(b.CreateAnd(both, llvm::ConstantInt::get(words, 0xff)), below);
  Value* odd = b.CreateUDiv(b.CreateLShr(both, 8), below);
  return b.CreateBitCast(b.CreateOr(even, b.CreateShl(odd, 8)), x->getType());
}

/// By a constant above 0. Of what is negative, ~x is divided: floor(x / d) = ~floor(~x / d).
Value* divided_by(Builder& b, Op op, DType dtype, Value* dividend, const APInt& divisor) {
  llvm::Type* type = dividend->getType();
  const unsigned width = divisor.getBitWidth();
  const bool sign = is_signed_integer(dtype);
  if (divisor.isPowerOf2()) {
    if (op == Op::remainder) return b.CreateAnd(dividend, llvm::ConstantInt::get(type, divisor - 1));
    return sign ? b.CreateAShr(dividend, divisor.logBase2()) : b.CreateLShr(dividend, divisor.logBase2());
  }
  Value* signs = sign ? b.CreateAShr(dividend, width - 1) : nullptr;
  Value* x = sign ? b.CreateXor(dividend, signs) : dividend;
  Value* whole;
  if (width == 64 && type->isVectorTy()) {
    whole = quotient(b, x, divisor, !sign);
  } else if (width == 8 && type->isVectorTy() && llvm::cast<llvm::FixedVectorType>(type)->getNumElements() > 1) {
    whole = quotient_of_bytes(b, x, divisor);
  } else {
    // So much LLVM does not see; it saves a step of what it makes of the division.
    if (sign) x = b.CreateAnd(x, llvm::ConstantInt::get(type, APInt::getSignedMaxValue(width)));
    whole = b.CreateUDiv(x, llvm::ConstantInt::get(type, divisor));
  }
  if (sign) whole = b.CreateXor(whole, signs);
  if (op == Op::floor_divide) return whole;
  return b.CreateSub(dividend, b.CreateMul(whole, llvm::ConstantInt::get(type, divisor)));
}

}  // namespace

Value* emit_division(PhaseEmitter& e, Op op, DType dtype, Value* dividend, Value* divisor) {
  const auto* constant = llvm::dyn_cast<llvm::Constant>(divisor);
  if (constant && constant->getType()->isVectorTy()) constant = constant->getSplatValue();
  const auto* number = llvm::dyn_cast_or_null<llvm::ConstantInt>(constant);
  const bool above_zero = number && !number->isZero() && !(is_signed_integer(dtype) && number->isNegative());
  return above_zero ? divided_by(e.builder, op, dtype, dividend, number->getValue())
                    : divided(e, op, dtype, dividend, divisor);
}

}  // namespace ricci::codegen
