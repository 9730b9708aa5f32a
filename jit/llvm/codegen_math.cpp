// The transcendental functions: in line where jit/math has them, else as calls.
#include "llvm/number.hpp"
#include "math/asin.hpp"
#include "math/atan.hpp"
#include "math/atan2.hpp"
#include "math/cbrt.hpp"
#include "math/exp.hpp"
#include "math/exp_of_base.hpp"
#include "math/hyperbolic.hpp"
#include "math/hypot.hpp"
#include "math/inverse_hyperbolic.hpp"
#include "math/log.hpp"
#include "math/log_of_base.hpp"
#include "math/pow.hpp"
#include "math/remainder.hpp"
#include "math/sine.hpp"
#include "math/tan.hpp"
#include "ricci/helpers.hpp"

namespace ricci::codegen {
namespace {

using llvm::Value;

/// What `make` gives for parts of `lanes` lanes of the operands, put together; lanes that do not fill a part are 0.
Value* in_parts(Builder& b, int lanes, llvm::ArrayRef<Value*> operands,
                llvm::function_ref<Value*(llvm::ArrayRef<Value*>)> make) {
  const int all = llvm::cast<llvm::FixedVectorType>(operands[0]->getType())->getNumElements();
  llvm::SmallVector<Value*, 8> results;
  for (int start = 0; start < all; start += lanes) {
    llvm::SmallVector<int, 16> numbers(lanes);
    for (int i = 0; i < lanes; ++i) numbers[i] = std::min(start + i, all);
    llvm::SmallVector<Value*, 2> parts;
    for (Value* whole : operands) {
      Value* zero = llvm::Constant::getNullValue(whole->getType());
      parts.push_back(lanes == all ? whole : b.CreateShuffleVector(whole, zero, numbers));
    }
    results.push_back(make(parts));
  }
  Value* together = results.size() == 1 ? results[0] : llvm::concatenateVectors(b, results);
  if (static_cast<int>(results.size()) * lanes == all) return together;
  return b.CreateShuffleVector(together, llvm::createSequentialMask(0, all, 0));
}

/// How many of `lanes` lanes of this size go into one register of the target.
int lanes_at_once(PhaseEmitter& e, int lanes, int size) {
  int chunk = 16 / size;
  while (chunk < lanes && chunk < e.target.vector_bytes / size) chunk *= 2;
  return chunk;
}

/// A function that takes the places of two vectors, and leaves what it makes of them in the first.
Value* call_in_place(PhaseEmitter& e, Value* function, llvm::ArrayRef<Value*> operands) {
  llvm::SmallVector<Value*, 2> places;
  for (Value* operand : operands) {
    places.push_back(e.entry.CreateAlloca(operand->getType()));
    e.builder.CreateStore(operand, places.back());
  }
  llvm::Type* pointer = e.builder.getPtrTy();
  auto* type = llvm::FunctionType::get(e.builder.getVoidTy(), {pointer, pointer}, false);
  e.builder.CreateCall(type, function, places)->setDoesNotThrow();
  return e.builder.CreateLoad(operands[0]->getType(), places[0]);
}

Value* emit_helper_call(PhaseEmitter& e, Op op, loop::Type type, llvm::ArrayRef<Value*> args) {
  const auto call = [&](int lanes, llvm::ArrayRef<Value*> operands) -> Value* {
    const std::vector<llvm::Type*> types(operands.size(), operands[0]->getType());
    Value* address = load_argument(e, e.helpers, e.builder.getPtrTy(), helper_slot(op, type.dtype, lanes),
                                   e.helper_addresses);
    if (op == Op::fmod && lanes > 1) return call_in_place(e, address, operands);  // remainders.hpp
    auto* call = e.builder.CreateCall(llvm::FunctionType::get(types[0], types, false), address, operands);
    call->setDoesNotThrow();
    call->setDoesNotAccessMemory();
    call->addFnAttr(llvm::Attribute::WillReturn);
    return call;
  };
  if (type.lanes == 1) return call(1, args);
  const int lanes = lanes_at_once(e, type.lanes, static_cast<int>(size_of(type.dtype)));
  return in_parts(e.builder, lanes, args, [&](llvm::ArrayRef<Value*> parts) { return call(lanes, parts); });
}

/// The instruction of AVX-512 for x * 2^n on vectors of this size.
llvm::Intrinsic::ID scale_instruction(bool wide, int bytes) {
  namespace I = llvm::Intrinsic;
  if (wide)
    return bytes == 64   ? I::x86_avx512_mask_scalef_pd_512
           : bytes == 32 ? I::x86_avx512_mask_scalef_pd_256
                         : I::x86_avx512_mask_scalef_pd_128;
  return bytes == 64   ? I::x86_avx512_mask_scalef_ps_512
         : bytes == 32 ? I::x86_avx512_mask_scalef_ps_256
                       : I::x86_avx512_mask_scalef_ps_128;
}

/// AVX-512 has an instruction for it. Elsewhere 2^n is the product of two powers that are ordinary numbers.
template <class Real>
OfLanes<Real> scaled(OfLanes<Real> x, math::Whole<OfLanes<Real>, Integers<Real>> n) {
  using F = math::Format<Real>;
  PhaseEmitter& e = *x.emitter;
  Builder& b = e.builder;
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(x.value->getType());
  if (has_avx512(e.target) && vector != nullptr) {
    const int lanes = lanes_at_once(e, static_cast<int>(vector->getNumElements()), sizeof(Real));
    const int bytes = lanes * static_cast<int>(sizeof(Real));
    const auto instruction = [&](llvm::ArrayRef<Value*> parts) -> Value* {
      Value* mask = b.getIntN(std::max(lanes, 8), ~std::uint64_t{0} >> (64 - std::max(lanes, 8)));
      Value* zero = llvm::Constant::getNullValue(parts[0]->getType());
      llvm::SmallVector<Value*, 5> operands{parts[0], parts[1], zero, mask};
      if (bytes == 64) operands.push_back(b.getInt32(4));  // the usual rounding
      return b.CreateIntrinsic(scale_instruction(sizeof(Real) == 8, bytes), {}, operands);
    };
    return {e, in_parts(b, lanes, {x.value, n.value.value}, instruction)};
  }
  const Integers<Real> half(e, b.CreateAShr(n.integer.value, 1));
  const OfLanes<Real> first = number((half + F::bias) << math::BitsOf<Real>{F::fraction});
  const OfLanes<Real> second = number((n.integer - half + F::bias) << math::BitsOf<Real>{F::fraction});
  return x * first * second;
}

/// What an instruction of AVX-512 that takes one vector of f32 makes of as many parts of x as it needs.
Value* of_singles(OfLanes<float> x, llvm::Intrinsic::ID wide, llvm::Intrinsic::ID half, llvm::Intrinsic::ID quarter,
                  llvm::ArrayRef<Value*> immediate) {
  PhaseEmitter& e = *x.emitter;
  Builder& b = e.builder;
  const int lanes =
      lanes_at_once(e, static_cast<int>(llvm::cast<llvm::FixedVectorType>(x.value->getType())->getNumElements()), 4);
  return in_parts(b, lanes, x.value, [&](llvm::ArrayRef<Value*> parts) -> Value* {
    llvm::SmallVector<Value*, 5> operands{parts[0]};
    operands.append(immediate.begin(), immediate.end());
    operands.push_back(llvm::Constant::getNullValue(parts[0]->getType()));
    operands.push_back(b.getIntN(std::max(lanes, 8), ~std::uint64_t{0} >> (64 - std::max(lanes, 8))));
    if (lanes == 16) operands.push_back(b.getInt32(4));  // the usual rounding
    return b.CreateIntrinsic(lanes == 16 ? wide : lanes == 8 ? half : quarter, {}, operands);
  });
}

/// For eight lanes or sixteen. AVX2 chooses from eight numbers, hence twice, and the highest bit of the place decides.
Value* entries(PhaseEmitter& e, const math::Column<float>& table, Value* place) {
  namespace I = llvm::Intrinsic;
  Builder& b = e.builder;
  const llvm::ArrayRef<float> numbers(table);
  Value* low = llvm::ConstantDataVector::get(b.getContext(), numbers.take_front(8));
  Value* high = llvm::ConstantDataVector::get(b.getContext(), numbers.take_back(8));
  if (llvm::cast<llvm::FixedVectorType>(place->getType())->getNumElements() == 16) {
    Value* all = llvm::ConstantDataVector::get(b.getContext(), numbers);
    return b.CreateIntrinsic(I::x86_avx512_permvar_sf_512, {}, {all, place});
  }
  if (has_avx512(e.target)) return b.CreateIntrinsic(I::x86_avx512_vpermi2var_ps_256, {}, {low, place, high});
  Value* of_low = b.CreateIntrinsic(I::x86_avx2_permps, {}, {low, place});
  if (low == high) return of_low;
  Value* of_high = b.CreateIntrinsic(I::x86_avx2_permps, {}, {high, place});
  Value* top = b.CreateShl(place, 28);
  return b.CreateSelect(b.CreateICmpSLT(top, llvm::Constant::getNullValue(top->getType())), of_high, of_low);
}

/// The entries of eight places by one instruction of AVX-512.
Value* eight_entries(PhaseEmitter& e, const math::Column<double>& table, Value* place) {
  Builder& b = e.builder;
  const llvm::ArrayRef<double> numbers(table);
  Value* low = llvm::ConstantDataVector::get(b.getContext(), numbers.take_front(8));
  Value* high = llvm::ConstantDataVector::get(b.getContext(), numbers.take_back(8));
  return b.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_pd_512, {}, {low, place, high});
}

/// The columns of a table beside each other in memory, two or four.
llvm::GlobalVariable* rows_of(PhaseEmitter& e, std::span<const math::Column<double>> table, std::size_t width) {
  llvm::SmallVector<double, 64> numbers(width * table[0].size());
  for (std::size_t i = 0; i < table.size(); ++i)
    for (std::size_t k = 0; k < table[i].size(); ++k) numbers[k * width + i] = table[i][k];
  llvm::Module& module = *e.function->getParent();
  llvm::Constant* constant = llvm::ConstantDataArray::get(module.getContext(), llvm::ArrayRef<double>(numbers));
  for (llvm::GlobalVariable& global : module.globals())
    if (global.hasInitializer() && global.getInitializer() == constant) return &global;
  return new llvm::GlobalVariable(module, constant->getType(), true, llvm::GlobalValue::InternalLinkage, constant,
                                  "table");
}

/// The same for one lane, two or four without AVX-512. A load takes two columns of a row, of which a shuffle makes one
/// of all lanes; loads of the same are one after the passes.
Value* entries_of_rows(PhaseEmitter& e, std::span<const math::Column<double>> table, std::size_t column, Value* place) {
  Builder& b = e.builder;
  const std::size_t width = std::bit_ceil(table.size());
  llvm::GlobalVariable* rows = rows_of(e, table, width);
  Value* offset = b.CreateShl(b.CreateAnd(place, 15), std::countr_zero(width * sizeof(double)));
  const auto load = [&](llvm::Type* type, Value* row, std::size_t first) {
    Value* address = b.CreateInBoundsGEP(b.getInt8Ty(), rows, b.CreateAdd(row, b.getInt64(first * sizeof(double))));
    auto* value = b.CreateAlignedLoad(type, address, llvm::Align(8));
    value->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(b.getContext(), {}));
    return value;
  };
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(place->getType());
  if (vector == nullptr) return load(b.getDoubleTy(), offset, column);
  llvm::SmallVector<Value*, 4> pairs;
  for (unsigned lane = 0; lane < vector->getNumElements(); ++lane)
    pairs.push_back(load(llvm::FixedVectorType::get(b.getDoubleTy(), 2), b.CreateExtractElement(offset, lane),
                         column / 2 * 2));
  const int k = static_cast<int>(column % 2);
  if (pairs.size() == 2) return b.CreateShuffleVector(pairs[0], pairs[1], {k, 2 + k});
  Value* even = b.CreateShuffleVector(pairs[0], pairs[2], {0, 1, 2, 3});
  Value* odd = b.CreateShuffleVector(pairs[1], pairs[3], {0, 1, 2, 3});
  return b.CreateShuffleVector(even, odd, {k, 4 + k, 2 + k, 6 + k});
}

/// The function in line, or null where there is none.
template <class Number, class Library>
Value* emit_in_line(Op op, Number x, Library library) {
  switch (op) {
    case Op::exp:
      return (has_avx512(x.emitter->target) ? math::exp(x) : math::exp_of_ordinary(x)).value;
    case Op::log: return math::log(x, library).value;
    case Op::exp2:
      if constexpr (math::Double<Number>)
        if (!has_avx512(x.emitter->target)) return math::exp2_of_ordinary(x).value;
      return math::exp2(x).value;
    case Op::expm1: return math::expm1(x).value;
    case Op::log2: return math::log_of_base(x, math::base_2<math::RealOf<Number>>, library).value;
    case Op::log10: return math::log_of_base(x, math::base_10<math::RealOf<Number>>, library).value;
    case Op::log1p: return math::log1p(x, library).value;
    case Op::sinh: return math::sinh(x).value;
    case Op::cosh: return math::cosh(x).value;
    case Op::asinh: return math::asinh(x).value;
    case Op::acosh: return math::acosh(x).value;
    case Op::atanh: return math::atanh(x).value;
    case Op::asin: return math::asin(x).value;
    case Op::acos: return math::acos(x).value;
    case Op::cbrt: return math::cbrt(x).value;
    case Op::sin: return math::sin(x, library).value;
    case Op::cos: return math::cos(x, library).value;
    case Op::tanh: return math::tanh(x).value;
    case Op::atan: return math::atan(x).value;
    case Op::tan: return math::tan(x, library).value;
    default: return nullptr;
  }
}

/// The same for functions of two arguments.
template <class Number, class Library>
Value* emit_in_line(Op op, Number x, Number y, Library library) {
  switch (op) {
    case Op::fmod: return math::fmod(x, y, library).value;
    case Op::remainder: return math::remainder(x, y, library).value;
    case Op::floor_divide: return math::floor_divide(x, y, library).value;
    case Op::hypot: return math::hypot(x, y).value;
    case Op::atan2: return math::atan2(x, y).value;
    case Op::pow: return math::pow(x, y, library).value;
    default: return nullptr;
  }
}

}  // namespace

OfLanes<float> entry(std::span<const math::Column<float>> table, std::size_t column, Integers<float> place) {
  PhaseEmitter& e = *place.emitter;
  Builder& b = e.builder;
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(place.value->getType());
  if (vector == nullptr) {
    Value* none = llvm::PoisonValue::get(llvm::FixedVectorType::get(b.getInt32Ty(), 8));
    Value* eight = b.CreateInsertElement(none, place.value, std::uint64_t{0});
    return {e, b.CreateExtractElement(entries(e, table[column], eight), std::uint64_t{0})};
  }
  const bool wide = has_avx512(e.target) && vector->getNumElements() > 8;
  return {e, in_parts(b, wide ? 16 : 8, place.value,
                      [&](llvm::ArrayRef<Value*> parts) { return entries(e, table[column], parts[0]); })};
}

/// AVX2 has nothing that chooses from so many numbers: they are loaded.
OfLanes<double> entry(std::span<const math::Column<double>> table, std::size_t column, Integers<double> place) {
  PhaseEmitter& e = *place.emitter;
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(place.value->getType());
  if (vector == nullptr) return {e, entries_of_rows(e, table, column, place.value)};
  const bool in_registers = has_avx512(e.target);
  const int lanes = in_registers ? 8 : lanes_at_once(e, static_cast<int>(vector->getNumElements()), sizeof(double));
  return {e, in_parts(e.builder, lanes, place.value, [&](llvm::ArrayRef<Value*> parts) {
            return in_registers ? eight_entries(e, table[column], parts[0])
                                : entries_of_rows(e, table, column, parts[0]);
          })};
}

/// AVX-512 chooses from both halves at once, elsewhere the fifth bit decides.
OfLanes<float> entry(const math::LongColumn& column, Integers<float> place) {
  PhaseEmitter& e = *place.emitter;
  Builder& b = e.builder;
  math::Table<float, 2> halves;
  std::copy_n(column.begin(), 16, halves[0].begin());
  std::copy_n(column.begin() + 16, 16, halves[1].begin());
  const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(place.value->getType());
  if (vector != nullptr && vector->getNumElements() > 8 && has_avx512(e.target)) {
    const auto numbers = [&](int half) {
      return llvm::ConstantDataVector::get(b.getContext(), llvm::ArrayRef<float>(halves[half]));
    };
    return {e, in_parts(b, 16, place.value, [&](llvm::ArrayRef<Value*> parts) {
              return b.CreateIntrinsic(llvm::Intrinsic::x86_avx512_vpermi2var_ps_512, {},
                                       {numbers(0), parts[0], numbers(1)});
            })};
  }
  const OfLanes<float> low = entry(halves, 0, place);
  const OfLanes<float> high = entry(halves, 1, place);
  Value* top = b.CreateShl(place.value, 27);
  return choose({e, b.CreateICmpSLT(top, llvm::Constant::getNullValue(top->getType()))}, high, low);
}

/// AVX-512 has an instruction for each part.
math::Binary<OfLanes<float>> binary_parts(OfLanes<float> x) {
  namespace I = llvm::Intrinsic;
  PhaseEmitter& e = *x.emitter;
  if (!has_avx512(e.target) || !x.value->getType()->isVectorTy()) return math::binary_parts(x);
  Value* positive_from_1_to_2 = e.builder.getInt32(4);
  Value* significand = of_singles(x, I::x86_avx512_mask_getmant_ps_512, I::x86_avx512_mask_getmant_ps_256,
                                  I::x86_avx512_mask_getmant_ps_128, positive_from_1_to_2);
  Value* exponent = of_singles(x, I::x86_avx512_mask_getexp_ps_512, I::x86_avx512_mask_getexp_ps_256,
                               I::x86_avx512_mask_getexp_ps_128, {});
  return {{e, significand}, {e, exponent}};
}

OfLanes<float> scale(OfLanes<float> x, math::Whole<OfLanes<float>, Integers<float>> n) { return scaled(x, n); }
OfLanes<double> scale(OfLanes<double> x, math::Whole<OfLanes<double>, Integers<double>> n) { return scaled(x, n); }

Value* emit_math(PhaseEmitter& e, Op op, loop::Type type, llvm::ArrayRef<Value*> args) {
  const Op called = op == Op::remainder || op == Op::floor_divide ? Op::fmod : op;
  const auto in_line = [&]<class Real>(Real) {
    using Number = OfLanes<Real>;
    const auto library = [&](auto... x) { return Number(e, emit_helper_call(e, called, type, {x.value...})); };
    if (args.size() == 2) return emit_in_line(op, Number(e, args[0]), Number(e, args[1]), library);
    return emit_in_line(op, Number(e, args[0]), library);
  };
  Value* value = type.dtype == DType::f32 ? in_line(float{}) : in_line(double{});
  return value != nullptr ? value : emit_helper_call(e, op, type, args);
}

}  // namespace ricci::codegen
