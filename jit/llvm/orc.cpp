// Object bytes to function pointers, and the table through which the rest of the compiler reaches all of this.
#include <chrono>

#include "llvm/emit.hpp"
#include "llvm/machine.hpp"
#include "ricci/codegen_table.hpp"
#include "ricci/disk_cache.hpp"
#include "ricci/error.hpp"

namespace ricci::codegen {
namespace {

namespace orc = llvm::orc;

template <class T>
T expect(llvm::Expected<T> value) {
  if (!value) internal_error(__FILE__, __LINE__, llvm::toString(value.takeError()));
  return std::move(*value);
}
void expect(llvm::Error error) {
  if (error) internal_error(__FILE__, __LINE__, llvm::toString(std::move(error)));
}

struct Jit {
  std::unique_ptr<orc::LLJIT> lljit;
  orc::JITDylib* support;            // the only foreign symbols that kernels may refer to
  std::atomic<std::uint64_t> loaded = 0;  // names the kernels
};

void define_support(orc::LLJIT& lljit, orc::JITDylib& support) {
  const auto symbol = [](auto* function) {
    return orc::ExecutorSymbolDef(orc::ExecutorAddr::fromPtr(function),
                                  llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable);
  };
  expect(support.define(orc::absoluteSymbols({{lljit.mangleAndIntern("memcpy"), symbol(&std::memcpy)},
                                              {lljit.mangleAndIntern("memmove"), symbol(&std::memmove)},
                                              {lljit.mangleAndIntern("memset"), symbol(&std::memset)}})));
}

std::unique_ptr<orc::LLJIT> make_lljit(const llvm::TargetMachine& machine) {
  // The platform and the symbols of the process would cost time, and give kernels what they must not have.
  return expect(orc::LLJITBuilder()
                    .setJITTargetMachineBuilder(orc::JITTargetMachineBuilder(machine.getTargetTriple()))
                    .setDataLayout(machine.createDataLayout())
                    .setLinkProcessSymbolsByDefault(false)
                    .setPlatformSetUp(orc::setUpInactivePlatform)
                    .setObjectLinkingLayerCreator([](orc::ExecutionSession& session, const llvm::Triple&) {
                      return std::make_unique<orc::ObjectLinkingLayer>(
                          session, expect(llvm::jitlink::InProcessMemoryManager::Create()));
                    })
                    .create());
}

/// Never destroyed: kernels may live in static objects that outlast every static object here.
Jit& jit(const llvm::TargetMachine& machine) {
  static Jit& instance = [&]() -> Jit& {
    auto lljit = make_lljit(machine);
    orc::JITDylib& support = lljit->getExecutionSession().createBareJITDylib("support");
    define_support(*lljit, support);
    return *new Jit{std::move(lljit), &support};
  }();
  return instance;
}

/// LLVM's own static objects were made before this one and are destroyed after it. From then on the process is
/// about to end, and unloading code is neither safe nor of use.
struct AtExit {
  bool reached = false;
  ~AtExit() { reached = true; }
} at_exit;

/// One kernel's code: a JITDylib, so that names need not be unique, whose removal frees everything.
struct Handle {
  Jit& jit;
  orc::JITDylib& library;
};

LoadedCode load(Jit& jit, const loop::Kernel& kernel, llvm::ArrayRef<char> object) {
  orc::ExecutionSession& session = jit.lljit->getExecutionSession();
  orc::JITDylib& library = session.createBareJITDylib("kernel" + std::to_string(jit.loaded++));
  library.addToLinkOrder(*jit.support);
  const llvm::StringRef bytes(object.data(), object.size());
  expect(jit.lljit->addObjectFile(library, llvm::MemoryBuffer::getMemBuffer(bytes, "kernel", false)));
  orc::SymbolLookupSet names;
  for (const PhaseInfo& phase : kernel.info.phases) names.add(jit.lljit->mangleAndIntern(phase.name));
  orc::SymbolMap addresses = expect(session.lookup(orc::makeJITDylibSearchOrder(&library), std::move(names)));
  std::vector<PhaseFunction> phases;
  for (const PhaseInfo& phase : kernel.info.phases)
    phases.push_back(addresses[jit.lljit->mangleAndIntern(phase.name)].getAddress().toPtr<PhaseFunction>());
  return LoadedCode(new Handle{jit, library}, std::move(phases));
}

void unload(void* code) noexcept {
  if (at_exit.reached) return;
  const std::unique_ptr<Handle> handle(static_cast<Handle*>(code));
  expect(handle->jit.lljit->getExecutionSession().removeJITDylib(handle->library));
}

/// Milliseconds since the last call.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void compile(const loop::Kernel& kernel, const CodegenOptions& options, Compiled& result) noexcept {
  Stopwatch watch;
  llvm::LLVMContext context;  // one per kernel: its types and constants are never freed before it
  llvm::TargetMachine& machine = target_machine(options);
  auto module = emit_module(kernel, options.target, machine, context);
  result.emit_ms = watch.lap();
  // A module is the same with and without passes. Tests compile both ways; to verify takes a fiftieth of the time.
  if (options.optimise)
    run_passes(*module, machine);
  else
    verify(*module);
  result.optimise_ms = watch.lap();
  const auto object = generate_object(std::move(module), machine);
  result.codegen_ms = watch.lap();
  const auto* bytes = reinterpret_cast<const std::byte*>(object.data());
  result.object.object.assign(bytes, bytes + object.size());
  result.code = load(jit(machine), kernel, object);
  result.link_ms = watch.lap();
}

void print(const loop::Kernel& kernel, const CodegenOptions& options, CodegenText which, std::string& text) noexcept {
  llvm::LLVMContext context;
  llvm::TargetMachine& machine = target_machine(options);
  auto module = emit_module(kernel, options.target, machine, context);
  verify(*module);
  if (options.optimise) run_passes(*module, machine);
  if (which == CodegenText::llvm) {
    llvm::raw_string_ostream(text) << *module;
  } else {
    const auto assembly = generate_assembly(std::move(module), machine);
    text.assign(assembly.begin(), assembly.end());
  }
}

const CodegenTable table = {compiler_digest(), compile, unload, print};

}  // namespace
}  // namespace ricci::codegen

extern "C" __attribute__((visibility("default"))) const ricci::CodegenTable* ricci_codegen_table_2() {
  return &ricci::codegen::table;
}
