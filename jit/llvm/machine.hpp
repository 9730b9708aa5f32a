#pragma once
// LLVM's part of the work: its description of the machine, its passes and its code generator.
#include "llvm/llvm.hpp"
#include "ricci/codegen.hpp"

namespace ricci::codegen {

/// The machine for these options; each thread makes it once and keeps it.
llvm::TargetMachine& target_machine(const CodegenOptions&);

/// early-cse, simplifycfg: what explicit vector code still gains from. In place.
void run_passes(llvm::Module&, llvm::TargetMachine&);

/// An object file, or assembly. They consume the module: code generation changes it.
llvm::SmallVector<char, 0> generate_object(std::unique_ptr<llvm::Module>, llvm::TargetMachine&);
llvm::SmallVector<char, 0> generate_assembly(std::unique_ptr<llvm::Module>, llvm::TargetMachine&);

}  // namespace ricci::codegen
