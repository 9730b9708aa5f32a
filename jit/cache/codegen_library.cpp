#include <dlfcn.h>
#include <link.h>

#include <filesystem>

#include "ricci/codegen_table.hpp"
#include "ricci/disk_cache.hpp"
#include "ricci/error.hpp"

namespace ricci {
namespace {

namespace fs = std::filesystem;

/// The folder of the executable or shared library that contains this function.
fs::path own_folder() {
  Dl_info info;
  link_map* map = nullptr;
  std::error_code ignored;
  const bool found =
      dladdr1(reinterpret_cast<void*>(&own_folder), &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP);
  const bool in_executable = !found || map->l_name == nullptr || *map->l_name == '\0';
  return fs::canonical(in_executable ? "/proc/self/exe" : map->l_name, ignored).parent_path();
}

/// The library lies beside us, or where the program's run path or the system says, or where it was built.
const CodegenTable& open_library() {
  const fs::path built = RICCI_LLVM_LIBRARY, name = built.filename();
  std::string tried;
  for (const fs::path& path : {own_folder() / name, name, built}) {
    void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) {
      tried += std::string("\n  ") + dlerror();
      continue;
    }
    void* function = dlsym(library, codegen_table_symbol);
    const CodegenTable* table = function ? reinterpret_cast<CodegenTableFunction>(function)() : nullptr;
    if (table && table->compiler == compiler_digest()) return *table;
    tried += "\n  " + path.string() + ": belongs to another version of Ricci";
    dlclose(library);
  }
  throw Error(Error::Kind::file,
              "cannot open the code generator, which a kernel that is not cached needs; tried:" + tried);
}

const CodegenTable& library() {
  static const CodegenTable& table = open_library();
  return table;
}

std::string print(const loop::Kernel& kernel, const CodegenOptions& options, CodegenText which) {
  std::string text;
  library().print(kernel, options, which, text);
  return text;
}

}  // namespace

LoadedCode::~LoadedCode() {
  if (handle_ != nullptr) library().unload(handle_);
}

Compiled generate_code(const loop::Kernel& kernel, const CodegenOptions& options) {
  Compiled compiled;
  library().compile(kernel, options, compiled);
  return compiled;
}

std::string llvm_text(const loop::Kernel& kernel, const CodegenOptions& options) {
  return print(kernel, options, CodegenText::llvm);
}

std::string assembly_text(const loop::Kernel& kernel, const CodegenOptions& options) {
  return print(kernel, options, CodegenText::assembly);
}

}  // namespace ricci
