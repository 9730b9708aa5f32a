// Loop IR to LLVM IR: arguments, control flow, and the statements that make no memory access.
//
// No instruction gets a fast-math flag, so the passes keep every float operation as it is written. Vectors keep the
// lanes of the loop IR; the attributes of the function keep LLVM from splitting them in two.
#include "llvm/emit.hpp"
#include "ricci/error.hpp"

namespace ricci::codegen {
namespace {

using llvm::Value;

Value* vector_of(PhaseEmitter& e, int lanes, Value* scalar) {
  return lanes == 1 ? scalar : e.builder.CreateVectorSplat(lanes, scalar);
}

/// `bits` as a value of this dtype; the upper ones are dropped.
Value* from_bits(Builder& b, DType dtype, Value* bits) {
  llvm::Type* type = register_type(b.getContext(), {dtype, 1});
  Value* low = b.CreateTrunc(bits, b.getIntNTy(type->getPrimitiveSizeInBits()));
  return b.CreateBitCast(low, type);
}

void emit_block(PhaseEmitter&, const loop::Block&);

void emit(PhaseEmitter& e, const loop::Constant& s) {
  const loop::Type type = e.type(s.result);
  e.values[s.result] = vector_of(e, type.lanes, from_bits(e.builder, type.dtype, e.builder.getInt64(s.value.bits)));
}

void emit(PhaseEmitter& e, const loop::Argument& s) {
  Value* bits = load_argument(e, e.symbols, e.builder.getInt64Ty(), s.symbol, e.symbol_values);
  e.values[s.result] = from_bits(e.builder, e.type(s.result).dtype, bits);
}

void emit(PhaseEmitter& e, const loop::Compute& s) {
  llvm::SmallVector<Value*, 3> args;
  for (const loop::Value arg : s.args) args.push_back(e[arg]);
  e.values[s.result] = emit_op(e, s.op, e.type(s.args.back()).dtype, e.type(s.result), args);
}

void emit(PhaseEmitter& e, const loop::Splat& s) {
  e.values[s.result] = vector_of(e, e.type(s.result).lanes, e[s.scalar]);
}

void emit(PhaseEmitter& e, const loop::Iota& s) {
  const loop::Type type = e.type(s.result);
  llvm::SmallVector<llvm::Constant*, 64> lanes;
  for (int i = 0; i < type.lanes; ++i)
    lanes.push_back(llvm::ConstantInt::get(register_type(e.builder.getContext(), {type.dtype, 1}), i));
  e.values[s.result] = type.lanes == 1 ? lanes[0] : llvm::ConstantVector::get(lanes);
}

/// AVX-512 keeps masks in registers of their own, which a scalar bit mask fills in fewest instructions (bzhi, kmov);
/// elsewhere masks are vectors, made by comparing one with the lane numbers.
void emit(PhaseEmitter& e, const loop::LaneMask& s) {
  Builder& b = e.builder;
  const int lanes = e.type(s.result).lanes;
  Value* count = e[s.count];
  if (!s.few) {
    count = b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, count, b.getInt64(0));
    count = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, count, b.getInt64(lanes));
  }
  if (lanes == 1) {
    e.values[s.result] = b.CreateIsNotNull(count);
  } else if (has_avx512(e.target) && lanes == 64) {  // bzhi keeps all bits for a count of 64, which a shift does not
    Value* bits = b.CreateIntrinsic(llvm::Intrinsic::x86_bmi_bzhi_64, {}, {b.getInt64(-1), count});
    e.values[s.result] = b.CreateBitCast(bits, llvm::FixedVectorType::get(b.getInt1Ty(), lanes));
  } else if (has_avx512(e.target) && lanes >= 16 && lanes < 64) {
    // Not for 8 lanes: LLVM 19 widens a masked load of 8 bytes to 16 and may leave the mask's upper bits, set here by
    // the shift, in place, so that bytes behind the buffer are touched. A comparison clears them.
    Value* bits = b.CreateNot(b.CreateShl(b.getInt64(-1), count));
    e.values[s.result] = b.CreateBitCast(b.CreateTrunc(bits, b.getIntNTy(lanes)),
                                         llvm::FixedVectorType::get(b.getInt1Ty(), lanes));
  } else {
    Value* numbers = b.CreateStepVector(llvm::FixedVectorType::get(b.getInt32Ty(), lanes));
    Value* limit = b.CreateVectorSplat(lanes, b.CreateTrunc(count, b.getInt32Ty()));
    e.values[s.result] = b.CreateICmpSLT(numbers, limit);
  }
}

void emit(PhaseEmitter& e, const loop::Half& s) {
  const int half = e.type(s.result).lanes, first = s.upper ? half : 0;
  if (half == 1)
    e.values[s.result] = e.builder.CreateExtractElement(e[s.vector], e.builder.getInt64(first));
  else
    e.values[s.result] = e.builder.CreateShuffleVector(e[s.vector], llvm::createSequentialMask(first, half, 0));
}

/// Where floats slide against zeros that LLVM sees, it takes vexpandps, which needs 3.5 times as long as vpermt2ps
/// (measured on Zen 4, as part of a running sum).
Value* unseen_zeros(PhaseEmitter& e, Value* v) {
  const auto* constant = llvm::dyn_cast<llvm::Constant>(v);
  if (!constant || !constant->isNullValue() || !v->getType()->isFPOrFPVectorTy() || !has_avx512(e.target)) return v;
  return e.entry.CreateIntrinsic(llvm::Intrinsic::arithmetic_fence, {v->getType()}, {v});
}

void emit(PhaseEmitter& e, const loop::Slide& s) {
  const int lanes = e.type(s.result).lanes;
  if (lanes == 1)
    e.values[s.result] = e[s.from == 0 ? s.low : s.high];
  else
    e.values[s.result] = e.builder.CreateShuffleVector(unseen_zeros(e, e[s.low]), unseen_zeros(e, e[s.high]),
                                                       llvm::createSequentialMask(s.from, lanes, 0));
}

void emit(PhaseEmitter& e, const loop::Pick& s) {
  Builder& b = e.builder;
  const bool one = e.type(s.vector).lanes == 1;
  if (s.lanes.size() == 1)
    e.values[s.result] = one ? e[s.vector] : b.CreateExtractElement(e[s.vector], b.getInt64(s.lanes[0]));
  else if (one)
    e.values[s.result] = b.CreateVectorSplat(static_cast<unsigned>(s.lanes.size()), e[s.vector]);
  else
    e.values[s.result] = b.CreateShuffleVector(e[s.vector], s.lanes);
}

void emit(PhaseEmitter& e, const loop::AnyLane& s) {
  e.values[s.result] = e.builder.CreateIsNotNull(mask_bits(e, e[s.mask]));
}

void emit(PhaseEmitter& e, const loop::CountLanes& s) {
  Value* bits = e.builder.CreateZExt(mask_bits(e, e[s.mask]), e.builder.getInt64Ty());
  e.values[s.result] = e.builder.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits);
}

void emit(PhaseEmitter& e, const loop::ToLine& s) {
  Builder& b = e.builder;
  Value* address = b.CreatePtrToInt(element_address(e, s.buffer, e[s.offset]), b.getInt64Ty());
  Value* bytes = b.CreateAnd(b.CreateNeg(address), b.getInt64(63));
  e.values[s.result] = b.CreateUDiv(bytes, b.getInt64(size_of(e.kernel.info.buffers[s.buffer].dtype)));
}

void emit(PhaseEmitter& e, const loop::Prefetch& s) {
  Builder& b = e.builder;
  Value* address = element_address(e, s.buffer, e[s.offset]);
  // For reading, into all levels of the caches or all but the first, data.
  b.CreateIntrinsic(llvm::Intrinsic::prefetch, {address->getType()},
                    {address, b.getInt32(0), b.getInt32(s.later ? 2 : 3), b.getInt32(1)});
}

void emit(PhaseEmitter& e, const loop::Load& s) { e.values[s.result] = emit_load(e, s); }
void emit(PhaseEmitter& e, const loop::Gather& s) { e.values[s.result] = emit_gather(e, s); }
void emit(PhaseEmitter& e, const loop::Store& s) { emit_store(e, s); }
void emit(PhaseEmitter& e, const loop::Scatter& s) { emit_scatter(e, s); }
void emit(PhaseEmitter& e, const loop::Append& s) { emit_append(e, s); }

void emit(PhaseEmitter& e, const loop::SortRows& s) { emit_sort_rows(e, s); }

void emit(PhaseEmitter& e, const loop::Transpose& s) { emit_transpose(e, s); }

/// Before the phase ends, what it stores past the caches must be seen in order with what others do then.
void emit_return(PhaseEmitter& e, Value* status) {
  if (e.streams) e.builder.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {}, {});
  e.builder.CreateRet(status);
}

void emit(PhaseEmitter& e, const loop::Check& s) {
  Builder& b = e.builder;
  Value* bad = opposite(b, e[s.ok]);
  if (s.mask != loop::none) bad = b.CreateAnd(bad, e[s.mask]);
  auto* fail = llvm::BasicBlock::Create(b.getContext(), "check.failed", e.function);
  auto* pass = llvm::BasicBlock::Create(b.getContext(), "checked", e.function);
  b.CreateCondBr(b.CreateIsNotNull(mask_bits(e, bad)), fail, pass,
                 llvm::MDBuilder(b.getContext()).createUnlikelyBranchWeights());
  b.SetInsertPoint(fail);
  emit_return(e, b.getInt32(s.number + 1));
  b.SetInsertPoint(pass);
}

/// One test before the loop and one at the end of its body: the form that instruction selection likes.
void emit(PhaseEmitter& e, const loop::For& s) {
  Builder& b = e.builder;
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* body = llvm::BasicBlock::Create(b.getContext(), "loop", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "loop.end", e.function);
  b.CreateCondBr(b.CreateICmpSLT(e[s.begin], e[s.end]), body, after);

  b.SetInsertPoint(body);
  auto* variable = b.CreatePHI(b.getInt64Ty(), 2);
  variable->addIncoming(e[s.begin], before);
  e.values[s.variable] = variable;
  std::vector<llvm::PHINode*> carried;
  for (const loop::Carried& c : s.carried) {
    carried.push_back(b.CreatePHI(e[c.initial]->getType(), 2));
    carried.back()->addIncoming(e[c.initial], before);
    e.values[c.variable] = carried.back();
  }
  emit_block(e, s.body);
  Value* next = b.CreateNSWAdd(variable, b.getInt64(s.step));
  llvm::BasicBlock* latch = b.GetInsertBlock();
  Value* goes_on = b.CreateICmpSLT(next, e[s.end]);
  if (s.until != loop::none) goes_on = b.CreateAnd(goes_on, opposite(b, e[s.until]));
  b.CreateCondBr(goes_on, body, after);
  variable->addIncoming(next, latch);
  for (std::size_t i = 0; i < carried.size(); ++i) carried[i]->addIncoming(e[s.carried[i].next], latch);

  b.SetInsertPoint(after);
  for (const loop::Carried& c : s.carried) {
    auto* result = b.CreatePHI(e[c.initial]->getType(), 2);
    result->addIncoming(e[c.initial], before);
    result->addIncoming(e[c.next], latch);
    e.values[c.result] = result;
  }
}

void emit(PhaseEmitter& e, const loop::If& s) {
  emit_if(e, e[s.condition], [&] { emit_block(e, s.body); });
}

void emit_block(PhaseEmitter& e, const loop::Block& block) {
  for (std::size_t i = 0; i < block.size();) {
    const auto streaming = [&](std::size_t k) {
      const loop::Store* store = k < block.size() ? block[k].as<loop::Store>() : nullptr;
      return store ? store->streaming : loop::none;
    };
    std::size_t end = i + 1;
    while (streaming(i) != loop::none && streaming(end) == streaming(i)) ++end;
    if (streaming(i) != loop::none)
      emit_streaming(e, std::span(block).subspan(i, end - i));
    else
      loop::visit(block[i], [&](const auto& kind) { emit(e, kind); });
    i = end;
  }
}

bool has_streams(const loop::Block& block) {
  return std::ranges::any_of(block, [](const loop::Statement& s) {
    if (const loop::For* inner = s.as<loop::For>()) return has_streams(inner->body);
    if (const loop::If* inner = s.as<loop::If>()) return has_streams(inner->body);
    if (const loop::Transpose* matrix = s.as<loop::Transpose>()) return matrix->streaming;
    return s.as<loop::Store>() != nullptr && s.as<loop::Store>()->streaming != loop::none;
  });
}

/// One scope per buffer, so that each access can name the buffers it cannot touch.
std::vector<llvm::Metadata*> alias_scopes(llvm::LLVMContext& context, const loop::Kernel& kernel) {
  std::vector<llvm::Metadata*> scopes;
  if (!kernel.disjoint) return scopes;
  llvm::MDBuilder metadata(context);
  llvm::MDNode* domain = metadata.createAnonymousAliasScopeDomain();
  for (const BufferInfo& buffer : kernel.info.buffers)
    scopes.push_back(metadata.createAnonymousAliasScope(domain, buffer.name));
  return scopes;
}

llvm::Function* declare_phase(llvm::Module& module, const std::string& name, const llvm::TargetMachine& machine,
                              const Target& target) {
  llvm::LLVMContext& context = module.getContext();
  llvm::Type* i64 = llvm::Type::getInt64Ty(context);
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), {llvm::PointerType::get(context, 0), i64, i64},
                                       false);
  auto* function = llvm::Function::Create(type, llvm::Function::ExternalLinkage, name, module);
  for (const auto attribute : {llvm::Attribute::NoUnwind, llvm::Attribute::WillReturn, llvm::Attribute::NoFree})
    function->addFnAttr(attribute);
  const std::string bits = std::to_string(target.vector_bytes * 8);
  function->addFnAttr("no-trapping-math", "true");
  function->addFnAttr("prefer-vector-width", bits);
  function->addFnAttr("min-legal-vector-width", bits);
  function->addFnAttr("target-cpu", machine.getTargetCPU());
  function->addFnAttr("target-features", machine.getTargetFeatureString());
  return function;
}

void emit_phase(const loop::Kernel& kernel, std::size_t index, const Target& target, llvm::Function* function) {
  const loop::Phase& phase = kernel.phases[index];
  llvm::LLVMContext& context = function->getContext();
  auto* entry = llvm::BasicBlock::Create(context, "entry", function);
  auto* start = llvm::BasicBlock::Create(context, "start", function);
  llvm::Instruction* enter = llvm::BranchInst::Create(start, entry);

  PhaseEmitter e{.kernel = kernel,
                 .phase = phase,
                 .target = target,
                 .function = function,
                 .builder = Builder(context),
                 .entry = Builder(context),
                 .buffers = nullptr,
                 .symbols = nullptr,
                 .helpers = nullptr,
                 .values = std::vector<Value*>(phase.types.size()),
                 .buffer_addresses = {},
                 .symbol_values = {},
                 .helper_addresses = {},
                 .scopes = alias_scopes(context, kernel),
                 .streams = has_streams(phase.body)};
  e.builder.SetInsertPoint(start);
  e.entry.SetInsertPoint(enter);
  const auto array = [&](std::size_t offset) {
    Value* address = e.entry.CreateConstGEP1_64(e.entry.getInt8Ty(), function->getArg(0), offset);
    return e.entry.CreateLoad(e.entry.getPtrTy(), address);
  };
  e.buffers = array(offsetof(KernelArgs, buffers));
  e.symbols = array(offsetof(KernelArgs, symbols));
  e.helpers = array(offsetof(KernelArgs, helpers));
  e.values[phase.begin] = function->getArg(1);
  e.values[phase.end] = function->getArg(2);
  emit_block(e, phase.body);
  emit_return(e, e.builder.getInt32(0));
}

}  // namespace

bool has_avx512(const Target& target) { return target.features.find("avx512f") != std::string::npos; }

llvm::Type* register_type(llvm::LLVMContext& context, loop::Type type) {
  llvm::Type* scalar = type.dtype == DType::b1    ? llvm::Type::getInt1Ty(context)
                       : type.dtype == DType::f32 ? llvm::Type::getFloatTy(context)
                       : type.dtype == DType::f64 ? llvm::Type::getDoubleTy(context)
                                                  : llvm::Type::getIntNTy(context, size_of(type.dtype) * 8);
  return type.lanes == 1 ? scalar : llvm::FixedVectorType::get(scalar, type.lanes);
}

Value* load_argument(PhaseEmitter& e, Value* array, llvm::Type* type, std::size_t index, std::vector<Value*>& loaded) {
  if (index >= loaded.size()) loaded.resize(index + 1);
  if (loaded[index] == nullptr) {
    auto* load = e.entry.CreateLoad(type, e.entry.CreateConstGEP1_64(type, array, index));
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(e.entry.getContext(), {}));
    loaded[index] = load;
  }
  return loaded[index];
}

Value* mask_bits(PhaseEmitter& e, Value* mask) {
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(mask->getType());
  return type == nullptr ? mask : e.builder.CreateBitCast(mask, e.builder.getIntNTy(type->getNumElements()));
}

Value* opposite(Builder& b, Value* condition) {
  auto* comparison = llvm::dyn_cast<llvm::CmpInst>(condition);
  if (comparison == nullptr) return b.CreateNot(condition);
  return b.CreateCmp(comparison->getInversePredicate(), comparison->getOperand(0), comparison->getOperand(1));
}

void emit_if(PhaseEmitter& e, Value* condition, llvm::function_ref<void()> body) {
  Builder& b = e.builder;
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "if", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "if.end", e.function);
  b.CreateCondBr(condition, inside, after);
  b.SetInsertPoint(inside);
  body();
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

void emit_either(PhaseEmitter& e, Value* condition, llvm::function_ref<void()> body,
                 llvm::function_ref<void()> otherwise) {
  Builder& b = e.builder;
  auto* first = llvm::BasicBlock::Create(b.getContext(), "either", e.function);
  auto* second = llvm::BasicBlock::Create(b.getContext(), "or", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "after", e.function);
  b.CreateCondBr(condition, first, second);
  b.SetInsertPoint(first);
  body();
  b.CreateBr(after);
  b.SetInsertPoint(second);
  otherwise();
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

Value* emit_usual(PhaseEmitter& e, Value* unusual, Value* usual, llvm::function_ref<Value*()> rare) {
  Builder& b = e.builder;
  Value* any = b.CreateIsNotNull(mask_bits(e, unusual));
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "rare", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "usual", e.function);
  b.CreateCondBr(any, inside, after, llvm::MDBuilder(b.getContext()).createUnlikelyBranchWeights());
  b.SetInsertPoint(inside);
  Value* other = rare();
  llvm::BasicBlock* inside_end = b.GetInsertBlock();
  b.CreateBr(after);
  b.SetInsertPoint(after);
  auto* result = b.CreatePHI(usual->getType(), 2);
  result->addIncoming(usual, before);
  result->addIncoming(other, inside_end);
  return result;
}

std::unique_ptr<llvm::Module> emit_module(const loop::Kernel& kernel, const Target& target,
                                          const llvm::TargetMachine& machine, llvm::LLVMContext& context) {
  auto module = std::make_unique<llvm::Module>("kernel", context);
  module->setDataLayout(machine.createDataLayout());
  module->setTargetTriple(machine.getTargetTriple().str());
  for (std::size_t i = 0; i < kernel.phases.size(); ++i)
    emit_phase(kernel, i, target, declare_phase(*module, kernel.info.phases[i].name, machine, target));
  return module;
}

void verify(const llvm::Module& module) {
  std::string fault;
  llvm::raw_string_ostream stream(fault);
  RICCI_ASSERT(!llvm::verifyModule(module, &stream), "the emitter made invalid LLVM IR: " + fault);
}

}  // namespace ricci::codegen
