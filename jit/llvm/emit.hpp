#pragma once
// The emitter's state for one phase, and its parts: codegen.cpp (structure), codegen_memory.cpp (everything that
// touches memory, but for codegen_append.cpp), codegen_op.cpp (one switch over the ops), codegen_division.cpp,
// codegen_math.cpp (transcendental functions).
#include <span>

#include "llvm/llvm.hpp"
#include "ricci/loop.hpp"
#include "ricci/target.hpp"

namespace ricci::codegen {

/// Folds constants only. A folder that simplifies more would reason about the phis of loops still being built.
using Builder = llvm::IRBuilder<>;

struct PhaseEmitter {
  const loop::Kernel& kernel;
  const loop::Phase& phase;
  const Target& target;
  llvm::Function* function;
  Builder builder;       // where statements go
  Builder entry;         // before the end of the entry block: what is computed once
  llvm::Value *buffers, *symbols, *helpers;  // the arrays of KernelArgs
  std::vector<llvm::Value*> values;          // by loop::Value
  std::vector<llvm::Value*> buffer_addresses, symbol_values, helper_addresses;  // by number; null until used
  std::vector<llvm::Metadata*> scopes;       // alias scopes by buffer; empty unless the kernel is disjoint
  bool streams = false;                      // some stores go past the caches, and in no order
  llvm::Value* zero_memory = nullptr;        // 8 zero bytes that masked-off lanes load; null until used

  llvm::Value* operator[](loop::Value v) const { return values[v]; }
  loop::Type type(loop::Value v) const { return phase.types[v]; }
};

/// Targets are of two levels: AVX2 with FMA (x86-64-v3), or also the AVX-512 of x86-64-v4.
bool has_avx512(const Target&);

/// In registers b1 is i1; more than one lane makes a vector.
llvm::Type* register_type(llvm::LLVMContext&, loop::Type);

/// Loads entry `index` of one of the arrays of KernelArgs, once per function; `loaded` remembers.
llvm::Value* load_argument(PhaseEmitter&, llvm::Value* array, llvm::Type*, std::size_t index,
                           std::vector<llvm::Value*>& loaded);

/// All mask bits as an integer, lane 0 lowest.
llvm::Value* mask_bits(PhaseEmitter&, llvm::Value* mask);

/// True where `condition` is false: of a comparison the opposite one.
llvm::Value* opposite(Builder&, llvm::Value* condition);

/// Runs `body` where the i1 `condition` is true; the builder continues after it.
void emit_if(PhaseEmitter&, llvm::Value* condition, llvm::function_ref<void()> body);

/// Runs one of the two: `body` where the i1 `condition` is true.
void emit_either(PhaseEmitter&, llvm::Value* condition, llvm::function_ref<void()> body,
                 llvm::function_ref<void()> otherwise);

/// `usual`, or in a branch that is seldom taken what `rare` makes, if the mask `unusual` is true in any lane.
llvm::Value* emit_usual(PhaseEmitter&, llvm::Value* unusual, llvm::Value* usual,
                        llvm::function_ref<llvm::Value*()> rare);

/// `op` lane by lane on arguments whose dtype (for select: that of the branches) is `operand`.
llvm::Value* emit_op(PhaseEmitter&, Op, DType operand, loop::Type result, llvm::ArrayRef<llvm::Value*> args);

/// floor_divide or remainder (codegen_division.cpp).
llvm::Value* emit_division(PhaseEmitter&, Op, DType, llvm::Value* dividend, llvm::Value* divisor);

/// One of the transcendental functions (codegen_math.cpp).
llvm::Value* emit_math(PhaseEmitter&, Op, loop::Type, llvm::ArrayRef<llvm::Value*> args);

llvm::Value* emit_load(PhaseEmitter&, const loop::Load&);
llvm::Value* emit_gather(PhaseEmitter&, const loop::Gather&);
void emit_store(PhaseEmitter&, const loop::Store&);
/// Stores that follow one another and go past the caches together.
void emit_streaming(PhaseEmitter&, std::span<const loop::Statement>);
void emit_scatter(PhaseEmitter&, const loop::Scatter&);
void emit_append(PhaseEmitter&, const loop::Append&);
void emit_sort_rows(PhaseEmitter&, const loop::SortRows&);
void emit_transpose(PhaseEmitter&, const loop::Transpose&);

/// Address of the element (or vector of addresses of the elements) at `offset` of a buffer.
llvm::Value* element_address(PhaseEmitter&, loop::BufferId, llvm::Value* base, llvm::Value* offset = nullptr);

/// The whole kernel as a module of one function per phase.
std::unique_ptr<llvm::Module> emit_module(const loop::Kernel&, const Target&, const llvm::TargetMachine&,
                                          llvm::LLVMContext&);

/// Stops the process where a module breaks LLVM's rules: a fault of the emitter.
void verify(const llvm::Module&);

}  // namespace ricci::codegen
