#include "machine.hpp"

#include <mutex>

#include "emit.hpp"
#include "ricci/error.hpp"

namespace ricci::codegen {
namespace {

/// "avx2,fma" as "+avx2,+fma", and two facts for the cost model: gathers are worth their name on every CPU with AVX2
/// that matters, and a 64-bit division of small numbers is cheaper done in 32 bits.
std::string feature_string(const Target& target) {
  std::string text = "+fast-gather,+idivq-to-divl";
  for (const llvm::StringRef feature : llvm::split(target.features, ','))
    if (!feature.empty()) text += ",+" + feature.str();
  return text;
}

/// Passes of code generation that cost more than they give here:
///   - Loop strength reduction takes a third of the time. The addresses of explicit vector code fit the machine's
///     addressing modes without it: the loops it changes gain at most a multiplication per iteration.
///   - What moves chains of integers into mask registers, 3 %, finds none: masks are vectors of bits from the start.
void leave_out_passes() {
  auto& options = llvm::cl::getRegisteredOptions();
  for (const char* name : {"disable-lsr", "disable-x86-domain-reassignment"})
    if (const auto found = options.find(name); found != options.end())
      static_cast<llvm::cl::opt<bool>*>(found->second)->setValue(true);
}

std::unique_ptr<llvm::TargetMachine> make_machine(const CodegenOptions& options) {
  static std::once_flag initialised;
  std::call_once(initialised, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    leave_out_passes();
  });
  const std::string triple = llvm::sys::getProcessTriple();
  std::string fault;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, fault);
  RICCI_ASSERT(target != nullptr, fault);
  llvm::TargetOptions strict;
  strict.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  strict.NoTrappingFPMath = true;
  // The name of the host's CPU is not asked for: it may be wrong in a virtual machine and brings features of its own.
  const char* cpu = has_avx512(options.target) ? "x86-64-v4" : "x86-64-v3";
  // Never None: the fast selector of LLVM 19 makes select(c, load float, x) a vblendvps that reads 16 bytes.
  const auto level = llvm::CodeGenOptLevel::Less;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, feature_string(options.target), strict, llvm::Reloc::PIC_, llvm::CodeModel::Small, level, true));
}

/// The passes and the analyses they share; building these takes longer than running them on a small kernel.
struct Passes {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  llvm::FunctionPassManager pipeline;

  explicit Passes(llvm::TargetMachine& machine) {
    llvm::PassBuilder builder(&machine);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
    pipeline.addPass(llvm::EarlyCSEPass());
    pipeline.addPass(llvm::InstCombinePass());
    pipeline.addPass(llvm::SimplifyCFGPass());
  }
};

/// What one thread keeps for the last options it compiled with.
struct Workshop {
  CodegenOptions options;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<Passes> passes;
};
thread_local Workshop workshop;

}  // namespace

llvm::TargetMachine& target_machine(const CodegenOptions& options) {
  if (!workshop.machine || !(workshop.options.target == options.target) ||
      workshop.options.optimise != options.optimise) {
    workshop.passes.reset();
    workshop.machine = make_machine(options);
    workshop.options = options;
  }
  return *workshop.machine;
}

void run_passes(llvm::Module& module, llvm::TargetMachine& machine) {
  if (!workshop.passes) workshop.passes = std::make_unique<Passes>(machine);
  Passes& passes = *workshop.passes;
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) passes.pipeline.run(function, passes.functions);
  passes.loops.clear();
  passes.functions.clear();
  passes.sccs.clear();
  passes.modules.clear();
}

llvm::SmallVector<char, 0> generate(std::unique_ptr<llvm::Module> module, llvm::TargetMachine& machine,
                                    llvm::CodeGenFileType file) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  const bool failed = machine.addPassesToEmitFile(passes, stream, nullptr, file);
  RICCI_ASSERT(!failed, "LLVM cannot write code for this machine");
  passes.run(*module);
  return bytes;
}

}  // namespace ricci::codegen
