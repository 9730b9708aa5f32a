#pragma once
// From loop IR to machine code. The work is done in a shared object that alone contains LLVM and that is opened by
// the first call here, so a process whose kernels are all cached never maps it.
#include <cstddef>
#include <string>
#include <vector>

#include "ricci/loop.hpp"
#include "ricci/target.hpp"

namespace ricci {

struct CodegenOptions {
  Target target;
  bool optimise = true;  // false: no passes over the LLVM IR, for tests
};

/// Machine code in memory, ready to run; frees it on destruction. Nobody may be running it then.
class LoadedCode {
 public:
  LoadedCode() = default;
  LoadedCode(void* handle, std::vector<PhaseFunction> phases) : handle_(handle), phases_(std::move(phases)) {}
  LoadedCode(LoadedCode&& other) noexcept { swap(other); }
  LoadedCode& operator=(LoadedCode&& other) noexcept {
    LoadedCode(std::move(other)).swap(*this);
    return *this;
  }
  ~LoadedCode();

  PhaseFunction phase(std::size_t index) const { return phases_.at(index); }

 private:
  void swap(LoadedCode& other) noexcept {
    std::swap(handle_, other.handle_);
    phases_.swap(other.phases_);
  }
  void* handle_ = nullptr;
  std::vector<PhaseFunction> phases_;  // in the kernel's order
};

/// A relocatable object file (ELF) that defines the phases under the names in KernelInfo. It refers to no symbols
/// of its own making, and to no foreign ones except memcpy, memmove and memset.
struct CompiledObject {
  std::vector<std::byte> object;
};

struct Compiled {
  CompiledObject object;
  LoadedCode code;
  double emit_ms = 0, optimise_ms = 0, codegen_ms = 0, link_ms = 0;
};

/// Compiles all phases of a verified kernel. Thread-safe. Throws Error{file} when the shared object with LLVM cannot be
/// opened.
Compiled generate_code(const loop::Kernel&, const CodegenOptions&);

/// The LLVM IR of the kernel after the passes, and its assembly; nothing is loaded. Throw as generate_code.
std::string llvm_text(const loop::Kernel&, const CodegenOptions&);
std::string assembly_text(const loop::Kernel&, const CodegenOptions&);

}  // namespace ricci
