// Loads, stores, gathers and scatters. A masked access that the target has no instruction for becomes one access
// per lane: loads of masked-off lanes are turned to a zero in our own memory, stores loop over the set mask bits.
#include <cstddef>

#include "llvm/memory.hpp"
#include "ricci/helpers.hpp"
#include "ricci/kernel.hpp"

namespace ricci::codegen {

using llvm::Value;

llvm::Type* memory_type(PhaseEmitter& e, loop::Type type) {
  if (type.dtype == DType::b1) type.dtype = DType::u8;
  return register_type(e.builder.getContext(), type);
}

Value* to_memory(PhaseEmitter& e, loop::Type type, Value* value) {
  return type.dtype == DType::b1 ? e.builder.CreateZExt(value, memory_type(e, type)) : value;
}

llvm::Instruction* tag(PhaseEmitter& e, loop::BufferId buffer, llvm::Instruction* access) {
  if (e.scopes.empty()) return access;
  llvm::SmallVector<llvm::Metadata*, 8> others;
  for (std::size_t i = 0; i < e.scopes.size(); ++i)
    if (i != buffer) others.push_back(e.scopes[i]);
  llvm::LLVMContext& context = e.builder.getContext();
  access->setMetadata(llvm::LLVMContext::MD_alias_scope, llvm::MDNode::get(context, {e.scopes[buffer]}));
  access->setMetadata(llvm::LLVMContext::MD_noalias, llvm::MDNode::get(context, others));
  if (llvm::isa<llvm::LoadInst>(access) && !e.kernel.info.buffers[buffer].writable)
    access->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context, {}));
  return access;
}

llvm::Align alignment(DType dtype) { return llvm::Align(size_of(dtype)); }

Value* lane_numbers(PhaseEmitter& e, int lanes) {
  return e.builder.CreateStepVector(llvm::FixedVectorType::get(e.builder.getInt32Ty(), lanes));
}

void for_set_bits(PhaseEmitter& e, Value* mask, llvm::function_ref<void(Value*)> body) {
  Builder& b = e.builder;
  Value* bits = b.CreateZExt(mask_bits(e, mask), b.getInt64Ty());
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* header = llvm::BasicBlock::Create(b.getContext(), "lanes", e.function);
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "lane", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "lanes.end", e.function);
  b.CreateBr(header);
  b.SetInsertPoint(header);
  auto* left = b.CreatePHI(b.getInt64Ty(), 2);
  left->addIncoming(bits, before);
  b.CreateCondBr(b.CreateIsNull(left), after, inside);
  b.SetInsertPoint(inside);
  body(b.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, left, b.getTrue()));
  left->addIncoming(b.CreateAnd(left, b.CreateSub(left, b.getInt64(1))), b.GetInsertBlock());
  b.CreateBr(header);
  b.SetInsertPoint(after);
}

namespace {

/// From the form of memory to that of registers.
Value* from_memory(PhaseEmitter& e, DType dtype, Value* value) {
  return dtype == DType::b1 ? e.builder.CreateIsNotNull(value) : value;
}

DType buffer_dtype(PhaseEmitter& e, loop::BufferId buffer) { return e.kernel.info.buffers[buffer].dtype; }

/// Where a buffer begins: an argument, or for scratch a place on the stack.
Value* start_of(PhaseEmitter& e, loop::BufferId buffer) {
  const BufferInfo& info = e.kernel.info.buffers[buffer];
  if (info.scratch == 0) return load_argument(e, e.buffers, e.builder.getPtrTy(), buffer, e.buffer_addresses);
  if (e.buffer_addresses.size() <= buffer) e.buffer_addresses.resize(buffer + 1);
  if (e.buffer_addresses[buffer] == nullptr) {
    auto* place = e.entry.CreateAlloca(memory_type(e, {info.dtype, 1}), e.entry.getInt64(info.scratch));
    place->setAlignment(llvm::Align(64));
    e.buffer_addresses[buffer] = place;
  }
  return e.buffer_addresses[buffer];
}

// What the instruction sets have: AVX2 or AVX-512 with BW.
bool has_masked_access(PhaseEmitter& e, DType dtype) { return size_of(dtype) >= 4 || has_avx512(e.target); }
bool has_gather(DType dtype) { return size_of(dtype) >= 4; }
bool has_scatter(PhaseEmitter& e, DType dtype) { return size_of(dtype) >= 4 && has_avx512(e.target); }

/// Replaces addresses whose mask is false by that of eight zero bytes.
Value* harmless_address(PhaseEmitter& e, Value* mask, Value* address) {
  if (e.zero_memory == nullptr) {
    e.zero_memory = e.entry.CreateAlloca(e.entry.getInt64Ty());
    e.entry.CreateStore(e.entry.getInt64(0), e.zero_memory);
  }
  const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(mask->getType());
  Value* zero = type == nullptr ? e.zero_memory : e.builder.CreateVectorSplat(type->getNumElements(), e.zero_memory);
  return e.builder.CreateSelect(mask, address, zero);
}

Value* load_scalar(PhaseEmitter& e, loop::BufferId buffer, Value* address, Value* mask) {
  const DType dtype = buffer_dtype(e, buffer);
  if (mask != nullptr) address = harmless_address(e, mask, address);
  return tag(e, buffer, e.builder.CreateAlignedLoad(memory_type(e, {dtype, 1}), address, alignment(dtype)));
}

Value* gather(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* addresses, Value* mask) {
  if (mask != nullptr && !has_gather(type.dtype)) {
    addresses = harmless_address(e, mask, addresses);
    mask = nullptr;
  }
  llvm::Type* vector = memory_type(e, type);
  return tag(e, buffer, e.builder.CreateMaskedGather(vector, addresses, alignment(type.dtype), mask,
                                                     llvm::Constant::getNullValue(vector)));
}

/// Calls `body` with every lane number in order: a loop over a few lanes at a time, because all of them in a row are
/// long code, which takes longer to compile than it saves.
constexpr int lanes_at_once = 4;
void for_each_lane(PhaseEmitter& e, int lanes, bool in_a_row, llvm::function_ref<void(Value*)> body) {
  Builder& b = e.builder;
  if (in_a_row) {
    for (int lane = 0; lane < lanes; ++lane) body(b.getInt64(lane));
    return;
  }
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* inside = llvm::BasicBlock::Create(b.getContext(), "lanes", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "lanes.end", e.function);
  b.CreateBr(inside);
  b.SetInsertPoint(inside);
  auto* first = b.CreatePHI(b.getInt64Ty(), 2);
  first->addIncoming(b.getInt64(0), before);
  for (int lane = 0; lane < lanes_at_once; ++lane) body(b.CreateAdd(first, b.getInt64(lane)));
  Value* next = b.CreateAdd(first, b.getInt64(lanes_at_once));
  first->addIncoming(next, b.GetInsertBlock());
  b.CreateCondBr(b.CreateICmpSLT(next, b.getInt64(lanes)), inside, after);
  b.SetInsertPoint(after);
}

/// Stores `value`, or what `combine` makes of the old element and it; lane after lane.
void store_lanes(PhaseEmitter& e, const loop::Scatter& s) {
  const loop::Type type = e.type(s.value), scalar{type.dtype, 1};
  const auto store = [&](Value* address, Value* value) {
    if (s.combine) {
      Value* old = from_memory(e, type.dtype, load_scalar(e, s.buffer, address, nullptr));
      value = emit_op(e, *s.combine, type.dtype, scalar, {old, from_memory(e, type.dtype, value)});
      value = to_memory(e, scalar, value);
    }
    tag(e, s.buffer, e.builder.CreateAlignedStore(value, address, alignment(type.dtype)));
  };
  Value* base = element_address(e, s.buffer, e[s.base]);
  llvm::Type* element = memory_type(e, scalar);
  const auto apart = progression(e[s.offsets]);
  const bool in_a_row = type.lanes <= (apart && !s.combine ? 2 : 1) * lanes_at_once;
  const bool by_variable = s.mask != loop::none || !in_a_row;
  std::optional<Lanes> offsets;
  if (!apart) offsets.emplace(e, e[s.offsets], by_variable);
  const Lanes values(e, to_memory(e, type, e[s.value]), by_variable);
  const auto offset_of = [&](Value* lane) {
    if (!apart) return offsets->at(lane);
    Builder& b = e.builder;
    return b.CreateAdd(b.CreateMul(lane, b.getInt64(apart->step)), b.getInt64(apart->first));
  };
  const auto store_lane = [&](Value* lane) {
    store(e.builder.CreateGEP(element, base, offset_of(lane)), values.at(lane));
  };
  if (s.mask == loop::none)
    for_each_lane(e, type.lanes, in_a_row, store_lane);
  else if (type.lanes == 1)
    emit_if(e, e[s.mask], [&] { store_lane(e.builder.getInt64(0)); });
  else
    for_set_bits(e, e[s.mask], store_lane);
}

/// What a mask says of all lanes, if it says the same of them in an access that is narrower than a vector register;
/// otherwise nothing. LLVM 19 widens such accesses, and takes the mask of the lanes it adds from what stands behind
/// that of the others: after a condition that was spread over all of them, it may be true.
Value* condition_of_narrow(PhaseEmitter& e, loop::Type type, Value* mask) {
  const bool narrow = size_of(type.dtype) * static_cast<std::size_t>(type.lanes) < 16;
  return narrow && llvm::isSplatValue(mask) ? e.builder.CreateExtractElement(mask, std::uint64_t{0}) : nullptr;
}

/// Consecutive elements.
Value* load_vector(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* address, Value* mask) {
  if (type.lanes == 1) return load_scalar(e, buffer, address, mask);
  llvm::Type* vector = memory_type(e, type);
  const llvm::Align align = alignment(type.dtype);
  if (mask != nullptr)
    if (Value* condition = condition_of_narrow(e, type, mask)) {
      address = harmless_address(e, condition, address);
      mask = nullptr;
    }
  if (mask == nullptr) return tag(e, buffer, e.builder.CreateAlignedLoad(vector, address, align));
  // Of two lanes of 4 bytes, LLVM 19 may make a masked load for which AVX2 has no instruction.
  const bool fills = size_of(type.dtype) * static_cast<std::size_t>(type.lanes) >= 16 || has_avx512(e.target);
  if (fills && has_masked_access(e, type.dtype))
    return tag(e, buffer, e.builder.CreateMaskedLoad(vector, address, align, mask,
                                                     llvm::Constant::getNullValue(vector)));
  llvm::Type* element = memory_type(e, {type.dtype, 1});
  return gather(e, type, buffer, e.builder.CreateGEP(element, address, lane_numbers(e, type.lanes)), mask);
}

void store_vector(PhaseEmitter& e, loop::Type type, loop::BufferId buffer, Value* address, Value* value, Value* mask) {
  Builder& b = e.builder;
  const llvm::Align align = alignment(type.dtype);
  Value* condition = mask == nullptr || type.lanes == 1 ? mask : condition_of_narrow(e, type, mask);
  if (mask == nullptr) {
    tag(e, buffer, b.CreateAlignedStore(value, address, align));
  } else if (condition != nullptr) {
    emit_if(e, condition, [&] { tag(e, buffer, b.CreateAlignedStore(value, address, align)); });
  } else if (has_avx512(e.target)) {
    tag(e, buffer, b.CreateMaskedStore(value, address, align, mask));
  } else if (has_masked_access(e, type.dtype)) {  // slow on some processors, and most masks are full
    Value* bits = mask_bits(e, mask);
    Value* full = b.CreateICmpEQ(bits, llvm::Constant::getAllOnesValue(bits->getType()));
    emit_either(
        e, full, [&] { tag(e, buffer, b.CreateAlignedStore(value, address, align)); },
        [&] { tag(e, buffer, b.CreateMaskedStore(value, address, align, mask)); });
  } else {
    const Lanes values(e, value, true);
    llvm::Type* element = memory_type(e, {type.dtype, 1});
    for_set_bits(e, mask, [&](Value* lane) {
      tag(e, buffer, b.CreateAlignedStore(values.at(lane), b.CreateGEP(element, address, lane), align));
    });
  }
}

std::optional<std::int64_t> last_of_reversed(const Value* offsets) {
  const auto numbers = progression(offsets);
  return numbers && numbers->step == -1 ? std::optional(numbers->last) : std::nullopt;
}

Value* reversed(PhaseEmitter& e, Value* vector) {
  return vector == nullptr ? nullptr : e.builder.CreateVectorReverse(vector);
}

void call_helper(PhaseEmitter& e, std::size_t slot, llvm::ArrayRef<Value*> args) {
  Builder& b = e.builder;
  Value* function = load_argument(e, e.helpers, b.getPtrTy(), slot, e.helper_addresses);
  llvm::SmallVector<llvm::Type*, 8> types;
  for (Value* arg : args) types.push_back(arg->getType());
  b.CreateCall(llvm::FunctionType::get(b.getVoidTy(), types, false), function, args)->setDoesNotThrow();
}

/// Whether a value was computed before the block that is written now, as before a loop; and not in it.
llvm::Instruction* computed_before(PhaseEmitter& e, Value* v) {
  auto* instruction = llvm::dyn_cast<llvm::Instruction>(v);
  return instruction != nullptr && instruction->getParent() != e.builder.GetInsertBlock() ? instruction : nullptr;
}

/// start[offset]. What the offset adds that is constant comes last, where the machine's addresses have a place for it,
/// and elements that lie next to each other share the rest. Where part of that was computed before a loop, the address
/// up to there is computed there too: no pass moves it out of the loop.
Value* address_of(PhaseEmitter& e, llvm::Type* element, Value* start, Value* offset) {
  Builder& b = e.builder;
  const auto* sum = llvm::dyn_cast<llvm::BinaryOperator>(offset);
  if (sum == nullptr || sum->getOpcode() != llvm::Instruction::Add) return b.CreateGEP(element, start, offset);
  Value *far = sum->getOperand(0), *near = sum->getOperand(1);
  if (llvm::isa<llvm::Constant>(near)) return b.CreateGEP(element, address_of(e, element, start, far), near);
  if (computed_before(e, offset)) return b.CreateGEP(element, start, offset);
  if (!computed_before(e, far)) std::swap(far, near);
  llvm::Instruction* before = computed_before(e, far);
  if (before == nullptr || computed_before(e, near) || llvm::isa<llvm::Constant>(near))
    return b.CreateGEP(element, start, offset);
  if (before->getParent() == &e.function->getEntryBlock())
    return b.CreateGEP(element, e.entry.CreateGEP(element, start, far), near);
  const bool is_phi = llvm::isa<llvm::PHINode>(before);
  Builder there(before->getParent(),
                is_phi ? before->getParent()->getFirstInsertionPt() : std::next(before->getIterator()));
  return b.CreateGEP(element, there.CreateGEP(element, start, far), near);
}

}  // namespace

Value* element_address(PhaseEmitter& e, loop::BufferId buffer, Value* base, Value* offset) {
  Value* start = start_of(e, buffer);
  llvm::Type* element = memory_type(e, {buffer_dtype(e, buffer), 1});
  Value* address = address_of(e, element, start, base);
  return offset == nullptr ? address : e.builder.CreateGEP(element, address, offset);
}

Value* emit_load(PhaseEmitter& e, const loop::Load& s) {
  Value* address = element_address(e, s.buffer, e[s.offset]);
  const loop::Type type = e.type(s.result);
  Value* mask = s.mask == loop::none ? nullptr : e[s.mask];
  return from_memory(e, type.dtype, load_vector(e, type, s.buffer, address, mask));
}

namespace {

/// What `load` gives where the condition holds, else zeros.
Value* load_if(PhaseEmitter& e, Value* condition, llvm::function_ref<Value*()> load) {
  Builder& b = e.builder;
  llvm::BasicBlock* before = b.GetInsertBlock();
  auto* then = llvm::BasicBlock::Create(b.getContext(), "some", e.function);
  auto* after = llvm::BasicBlock::Create(b.getContext(), "loaded", e.function);
  b.CreateCondBr(condition, then, after);
  b.SetInsertPoint(then);
  Value* loaded = load();
  then = b.GetInsertBlock();
  b.CreateBr(after);
  b.SetInsertPoint(after);
  llvm::PHINode* all = b.CreatePHI(loaded->getType(), 2);
  all->addIncoming(loaded, then);
  all->addIncoming(llvm::Constant::getNullValue(loaded->getType()), before);
  return all;
}

Value* load_lanes(PhaseEmitter& e, const loop::Gather& s, Value* mask) {
  const loop::Type type = e.type(s.result);
  Value *offsets = e[s.offsets], *loaded;
  Value* same = mask != nullptr && type.lanes > 1 ? llvm::getSplatValue(mask) : nullptr;
  if (same != nullptr && !llvm::isa<llvm::Constant>(same))  // all lanes or none
    return load_if(e, same, [&] { return load_lanes(e, s, nullptr); });
  if (const auto last = last_of_reversed(offsets)) {
    Value* address = element_address(e, s.buffer, e[s.base], e.builder.getInt64(*last));
    loaded = reversed(e, load_vector(e, type, s.buffer, address, reversed(e, mask)));
  } else if (const auto apart = progression(offsets); apart && are_near(e, type, *apart, mask)) {
    loaded = load_apart(e, type, s.buffer, e[s.base], *apart, mask);
  } else {
    Value* addresses = element_address(e, s.buffer, e[s.base], offsets);
    loaded = type.lanes == 1 ? load_scalar(e, s.buffer, addresses, mask) : gather(e, type, s.buffer, addresses, mask);
  }
  return loaded;
}

}  // namespace

Value* emit_gather(PhaseEmitter& e, const loop::Gather& s) {
  return from_memory(e, e.type(s.result).dtype, load_lanes(e, s, s.mask == loop::none ? nullptr : e[s.mask]));
}

void emit_store(PhaseEmitter& e, const loop::Store& s) {
  const loop::Type type = e.type(s.value);
  Value* address = element_address(e, s.buffer, e[s.offset]);
  store_vector(e, type, s.buffer, address, to_memory(e, type, e[s.value]), s.mask == loop::none ? nullptr : e[s.mask]);
}

void emit_streaming(PhaseEmitter& e, std::span<const loop::Statement> stores) {
  Builder& b = e.builder;
  const auto store_all = [&](bool streams) {
    for (const loop::Statement& statement : stores) {
      const loop::Store& s = *statement.as<loop::Store>();
      const loop::Type type = e.type(s.value);
      const std::size_t bytes = std::min<std::size_t>(64, size_of(type.dtype) * static_cast<std::size_t>(type.lanes));
      Value *address = element_address(e, s.buffer, e[s.offset]), *value = to_memory(e, type, e[s.value]);
      const llvm::Align align = streams ? llvm::Align(bytes) : alignment(type.dtype);
      auto* store = tag(e, s.buffer, b.CreateAlignedStore(value, address, align));
      llvm::Metadata* one = llvm::ConstantAsMetadata::get(b.getInt32(1));
      if (streams) store->setMetadata(llvm::LLVMContext::MD_nontemporal, llvm::MDNode::get(b.getContext(), {one}));
    }
  };
  Value* streaming = e[stores.front().as<loop::Store>()->streaming];
  emit_either(e, streaming, [&] { store_all(true); }, [&] { store_all(false); });
}

void emit_scatter(PhaseEmitter& e, const loop::Scatter& s) {
  const loop::Type type = e.type(s.value);
  Value* mask = s.mask == loop::none ? nullptr : e[s.mask];
  if (const auto last = last_of_reversed(e[s.offsets]); last && !s.combine) {
    Value* address = element_address(e, s.buffer, e[s.base], e.builder.getInt64(*last));
    return store_vector(e, type, s.buffer, address, reversed(e, to_memory(e, type, e[s.value])), reversed(e, mask));
  }
  if (const auto apart = progression(e[s.offsets]);
      apart && !s.combine && has_avx512(e.target) && are_near(e, type, *apart, mask))
    return store_apart(e, type, s.buffer, e[s.base], to_memory(e, type, e[s.value]), *apart, mask);
  if (s.combine || type.lanes == 1 || !has_scatter(e, type.dtype)) return store_lanes(e, s);
  Value* addresses = element_address(e, s.buffer, e[s.base], e[s.offsets]);
  tag(e, s.buffer, e.builder.CreateMaskedScatter(e[s.value], addresses, alignment(type.dtype), mask));
}

void emit_sort_rows(PhaseEmitter& e, const loop::SortRows& s) {
  Value *keys = element_address(e, s.keys, e[s.offset]), *to = element_address(e, s.to, e[s.first]);
  const DType dtype = buffer_dtype(e, s.keys);
  llvm::SmallVector<Value*> args{keys, e[s.stride], e[s.key_step], e[s.count], e[s.rows], to, e[s.pitch], e[s.step]};
  if (s.limit != loop::none) args.push_back(e[s.limit]);
  args.push_back(e.builder.getInt32(s.descending));
  Value* own = e.builder.GetInsertBlock()->getParent()->getArg(0);
  Value* threads = e.builder.CreateConstGEP1_64(e.builder.getInt8Ty(), own, offsetof(KernelArgs, threads));
  args.push_back(e.builder.CreateLoad(e.builder.getInt32Ty(), threads));
  call_helper(e, s.limit == loop::none ? sort_keys_slot(dtype) : sort_rows_slot(dtype), args);
}

void emit_transpose(PhaseEmitter& e, const loop::Transpose& s) {
  const auto bytes = static_cast<int>(size_of(buffer_dtype(e, s.from)));
  Value *from = element_address(e, s.from, e[s.offset]), *to = element_address(e, s.to, e[s.first]);
  Value *ahead = e.builder.getInt64(0), *ahead_apart = ahead, *ahead_step = ahead;
  if (s.ahead != loop::none) {
    ahead = e[s.ahead];
    ahead_apart = e[s.ahead_apart];
    ahead_step = e[s.ahead_step];
  }
  call_helper(e, transpose_slot(bytes, e.target.vector_bytes),
              {from, e[s.stride], to, e[s.pitch], e[s.rows], e[s.columns], ahead, ahead_apart,
               ahead_step, e.builder.getInt32(s.alternate), e.builder.getInt32(s.streaming)});
}

}  // namespace ricci::codegen
