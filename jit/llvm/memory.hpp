#pragma once
// What everything that touches memory shares: codegen_memory.cpp, codegen_apart.cpp and codegen_append.cpp.
#include "llvm/emit.hpp"

namespace ricci::codegen {

/// In memory b1 is a byte.
llvm::Type* memory_type(PhaseEmitter&, loop::Type);

/// To the form of memory from that of registers.
llvm::Value* to_memory(PhaseEmitter&, loop::Type, llvm::Value*);

/// Tells LLVM what the kernel's disjointness means for this access, and returns it.
llvm::Instruction* tag(PhaseEmitter&, loop::BufferId, llvm::Instruction* access);

llvm::Align alignment(DType);

/// 0, 1, 2 ... as i32.
llvm::Value* lane_numbers(PhaseEmitter&, int lanes);

/// Calls `body` with every lane number whose mask bit is set, in order.
void for_set_bits(PhaseEmitter&, llvm::Value* mask, llvm::function_ref<void(llvm::Value*)> body);

/// Offsets that are known when compiling, the same distance from lane to lane.
struct Progression {
  std::int64_t first, step, last;
};
std::optional<Progression> progression(const llvm::Value* offsets);

/// Whether lanes are so near to each other that whole vectors hold enough of what is wanted. A mask, which may be null,
/// needs AVX-512.
bool are_near(PhaseEmitter&, loop::Type, const Progression& offsets, llvm::Value* mask);

/// Elements a few apart: whole vectors from the first to the last of them, so that nothing outside is touched, and what
/// is wanted of these. Lanes that a mask, if there is one, leaves out are zero and touch nothing. What lies between may
/// be in other buffers: these loads have no scope.
llvm::Value* load_apart(PhaseEmitter&, loop::Type, loop::BufferId, llvm::Value* base, const Progression& offsets,
                        llvm::Value* mask);
/// The same for stores, whose masks leave alone what lies between. For AVX-512.
void store_apart(PhaseEmitter&, loop::Type, loop::BufferId, llvm::Value* base, llvm::Value* value,
                 const Progression& offsets, llvm::Value* mask);

/// A vector whose lanes are wanted one after the other: through the stack, unless they are plain to see.
class Lanes {
 public:
  Lanes(PhaseEmitter& e, llvm::Value* vector, bool by_variable) : e_(e), vector_(vector) {
    splat_ = vector->getType()->isVectorTy() ? llvm::getSplatValue(vector) : vector;
    if (splat_ != nullptr || (llvm::isa<llvm::Constant>(vector) && !by_variable)) return;
    memory_ = e.entry.CreateAlloca(vector->getType());
    e.builder.CreateStore(vector, memory_);
  }
  llvm::Value* at(llvm::Value* lane) const {
    if (splat_ != nullptr) return splat_;
    if (memory_ == nullptr) return e_.builder.CreateExtractElement(vector_, lane);
    llvm::Type* element = vector_->getType()->getScalarType();
    return e_.builder.CreateLoad(element, e_.builder.CreateGEP(element, memory_, lane));
  }

 private:
  PhaseEmitter& e_;
  llvm::Value *vector_, *splat_ = nullptr, *memory_ = nullptr;
};

}  // namespace ricci::codegen
