// The lanes that a mask chooses, one after another: appends.
#include "llvm/memory.hpp"

namespace ricci::codegen {
namespace {

using llvm::Value;

/// How many bits of an integer are set.
Value* count_bits(PhaseEmitter& e, Value* bits) {
  return e.builder.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, e.builder.CreateZExt(bits, e.builder.getInt64Ty()));
}

bool has_compress(PhaseEmitter& e, DType dtype) {
  const bool avx2 = e.target.vector_bytes >= 32 && e.target.features.find("bmi2") != std::string::npos;
  return has_avx512(e.target) || (avx2 && size_of(dtype) >= 4);
}

/// The lanes of one register whose mask is true, at its start; what follows them means nothing. AVX2 has no instruction
/// for it: the mask's bits become bytes or pairs of them by pdep, these choose from the numbers of the register's eight
/// parts of 4 bytes by pext, and what they chose is a permutation.
Value* compressed(PhaseEmitter& e, Value* piece, Value* chosen) {
  Builder& b = e.builder;
  if (has_avx512(e.target))
    return b.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_compress, {piece->getType()},
                             {piece, llvm::Constant::getNullValue(piece->getType()), chosen});
  const auto* type = llvm::cast<llvm::FixedVectorType>(piece->getType());
  const int lanes = static_cast<int>(type->getNumElements());
  const bool wide = type->getScalarSizeInBits() == 64;  // a lane is two of the parts
  const int in_register = wide ? 4 : 8;
  if (lanes < in_register)
    piece = b.CreateShuffleVector(piece, llvm::createSequentialMask(0, lanes, in_register - lanes));
  Value* bits = b.CreateZExt(mask_bits(e, chosen), b.getInt64Ty());
  Value* apart = b.CreateIntrinsic(llvm::Intrinsic::x86_bmi_pdep_64, {},
                                   {bits, b.getInt64(wide ? 0x0001000100010001 : 0x0101010101010101)});
  Value* whole = b.CreateMul(apart, b.getInt64(wide ? 0xffff : 0xff));
  Value* numbers = b.CreateIntrinsic(llvm::Intrinsic::x86_bmi_pext_64, {}, {b.getInt64(0x0706050403020100), whole});
  auto* bytes = llvm::FixedVectorType::get(b.getInt8Ty(), 8);
  auto* parts = llvm::FixedVectorType::get(b.getInt32Ty(), 8);
  Value* order = b.CreateZExt(b.CreateBitCast(numbers, bytes), parts);
  Value* packed = b.CreateIntrinsic(llvm::Intrinsic::x86_avx2_permd, {}, {b.CreateBitCast(piece, parts), order});
  packed = b.CreateBitCast(packed, piece->getType());
  return lanes < in_register ? b.CreateShuffleVector(packed, llvm::createSequentialMask(0, lanes, 0)) : packed;
}

/// Appends by the instructions that pack the chosen lanes of one register. They are stored with a mask: the other lanes
/// would overwrite what the share behind this one appends. Packing into memory at once is slow on some processors.
void append_registers(PhaseEmitter& e, const loop::Append& s) {
  Builder& b = e.builder;
  const loop::Type type = e.type(s.value);
  llvm::Type* element = memory_type(e, {type.dtype, 1});
  Value *value = to_memory(e, type, e[s.value]), *mask = e[s.mask], *first = e[s.first];
  const bool narrow = size_of(type.dtype) < 4;  // packed as 4 bytes each
  if (narrow) value = b.CreateZExt(value, llvm::FixedVectorType::get(b.getInt32Ty(), type.lanes));
  const int in_register = e.target.vector_bytes / static_cast<int>(narrow ? 4 : size_of(type.dtype));
  const int lanes = std::min(type.lanes, in_register);
  for (int at = 0; at < type.lanes; at += lanes) {
    const auto part = [&](Value* whole) {
      return lanes == type.lanes ? whole : b.CreateShuffleVector(whole, llvm::createSequentialMask(at, lanes, 0));
    };
    Value *piece = part(value), *chosen = part(mask);
    Value* packed = compressed(e, piece, chosen);
    if (narrow) packed = b.CreateTrunc(packed, llvm::FixedVectorType::get(element, lanes));
    Value* count = count_bits(e, mask_bits(e, chosen));
    Value* fits = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, count, b.CreateSub(e[s.end], first));
    Value* limit = b.CreateVectorSplat(lanes, b.CreateTrunc(fits, b.getInt32Ty()));
    tag(e, s.buffer, b.CreateMaskedStore(packed, element_address(e, s.buffer, first), alignment(type.dtype),
                                         b.CreateICmpSLT(lane_numbers(e, lanes), limit)));
    first = b.CreateAdd(first, count);
  }
}

/// Appends lane after lane.
void append_lanes(PhaseEmitter& e, const loop::Append& s) {
  Builder& b = e.builder;
  const loop::Type type = e.type(s.value);
  const Lanes values(e, to_memory(e, type, e[s.value]), true);
  Value *bits = b.CreateZExt(mask_bits(e, e[s.mask]), b.getInt64Ty()), *first = e[s.first];
  for_set_bits(e, e[s.mask], [&](Value* lane) {
    Value* below = b.CreateAnd(bits, b.CreateSub(b.CreateShl(b.getInt64(1), lane), b.getInt64(1)));
    Value* number = b.CreateAdd(first, count_bits(e, below));
    emit_if(e, b.CreateICmpSLT(number, e[s.end]), [&] {
      Value* address = element_address(e, s.buffer, b.CreateMul(number, e[s.stride]));
      tag(e, s.buffer, b.CreateAlignedStore(values.at(lane), address, alignment(type.dtype)));
    });
  });
}

}  // namespace

void emit_append(PhaseEmitter& e, const loop::Append& s) {
  const auto* stride = llvm::dyn_cast<llvm::ConstantInt>(e[s.stride]);
  const loop::Type type = e.type(s.value);
  const bool packs = has_compress(e, type.dtype) && type.lanes >= 4 && stride != nullptr && stride->isOne();
  packs ? append_registers(e, s) : append_lanes(e, s);
}

}  // namespace ricci::codegen
