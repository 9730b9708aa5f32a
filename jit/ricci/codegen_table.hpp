#pragma once
// The boundary of the shared object that contains LLVM: one exported function that returns a table of functions.
// No exception crosses it, and nothing of LLVM's appears in it.
#include "ricci/codegen.hpp"

namespace ricci {

enum class CodegenText : std::uint8_t { llvm, assembly };

struct CodegenTable {
  std::string_view compiler;  // compiler_digest() of the sources it was built from
  /// Fills everything of `compiled`; the handle inside its code is for `unload`.
  void (*compile)(const loop::Kernel&, const CodegenOptions&, Compiled& compiled) noexcept;
  void (*unload)(void* handle) noexcept;
  void (*print)(const loop::Kernel&, const CodegenOptions&, CodegenText, std::string& text) noexcept;
};

/// Name and type of the exported function. The name changes with the layout of anything that crosses.
inline constexpr const char* codegen_table_symbol = "ricci_codegen_table_2";
using CodegenTableFunction = const CodegenTable* (*)();

}  // namespace ricci
