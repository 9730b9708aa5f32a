#pragma once
// Compiled kernels of this process by their full key text, filled from the disk cache or the compiler.
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ricci/codegen.hpp"
#include "ricci/compile.hpp"
#include "ricci/kernel.hpp"
#include "ricci/object_loader.hpp"

namespace ricci::jit {

/// A kernel ready to run.
struct ReadyKernel {
  KernelInfo info;
  std::vector<PhaseFunction> phases;
  std::variant<std::monostate, LoadedCode, LoadedObject> code;  // owns what `phases` points to
};

struct Found {
  std::shared_ptr<const ReadyKernel> kernel;
  Origin origin;
  double compile_ms;
};

/// The kernel with this key; `make` builds its loop IR if neither memory nor disk has it. A key compiles once per
/// process, also when several threads ask at the same time.
Found find_or_compile(const std::string& key, const CodegenOptions&, const std::function<loop::Kernel()>& make);

}  // namespace ricci::jit
