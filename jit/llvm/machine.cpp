#include "llvm/machine.hpp"

#include <mutex>

#include "llvm/emit.hpp"
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

/// Options of code generation that save what gives nothing here:
///   - Loop strength reduction takes a third of the time. The addresses of explicit vector code fit the machine's
///     addressing modes without it: the loops it changes gain at most a multiplication per iteration.
///   - There are no registers of tiles to allocate before the others.
void set_options() {
  auto& options = llvm::cl::getRegisteredOptions();
  for (const auto& [name, value] : {std::pair{"disable-lsr", true}, std::pair{"x86-tile-ra", false}})
    if (const auto found = options.find(name); found != options.end())
      static_cast<llvm::cl::opt<bool>*>(found->second)->setValue(value);
}

std::unique_ptr<llvm::TargetMachine> make_machine(const CodegenOptions& options) {
  static std::once_flag initialised;
  std::call_once(initialised, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    set_options();
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
    pipeline.addPass(llvm::SimplifyCFGPass());
  }
};

/// Passes of code generation that are left out, by their arguments or names; together they take a twelfth of the time.
/// What stands in the first lines is about things that kernels do not have: exceptions, garbage collection, debugging,
/// x87 and AMX, calls of the C library, atomics, indirect branches, defences. The last ones, from consthoist on, change
/// no loop of the benchmarks: they move what stands outside of loops, or find nothing in code that is vectors from the
/// start, but for a copy or two of scalars.
const llvm::StringSet<>& left_out() {
  static const llvm::StringSet<> names{
      "callbrprepare", "cfi-instr-inserter", "dwarf-eh-prepare", "funclet-layout", "indirectbr-expand",
      "fixup-statepoint-caller-saved", "gc-analysis", "gc-lowering", "shadow-stack-gc-lowering", "stackmap-liveness",
      "livedebugvalues", "post-inline-ee-instrument", "pseudo-probe-inserter", "removeredundantdebugvalues",
      "stack-frame-layout", "fentry-insert", "patchable-function", "xray-instrumentation", "machine-sanmd",
      "lower-amx-intrinsics", "lower-amx-type", "lowertilecopy", "tileconfig", "tilepreconfig", "x86-codegen",
      "X86 insert wait instruction", "expand-large-div-rem", "expand-large-fp-convert", "expand-memcmp", "mergeicmps",
      "partially-inline-libcalls", "replace-with-veclib", "atomic-expand", "expandvp", "lower-constant-intrinsics",
      "kcfi", "safe-stack", "x86-lvi-load", "x86-lvi-ret", "x86-return-thunks", "x86-seses", "x86-slh",
      "X86 Indirect Branch Tracking", "X86 Indirect Thunks", "X86 Windows Fixup Buffer Security Check",
      "X86 Atom pad short functions", "X86 Discriminate Memory Operands", "X86 DynAlloca Expander",
      "X86 Insert Cache Prefetches", "X86 PIC Global Base Reg Initialization", "Local Dynamic TLS Access Clean-up",
      "tlshoist", "x86argumentstackrebase", "regallocscoringpass", "stack-coloring", "localstackalloc",
      "stack-protector",
      "consthoist", "dead-mi-elimination", "early-ifcvt", "early-tailduplication", "interleaved-access",
      "machine-combiner", "machine-cp", "machine-latecleanup", "machinelicm", "opt-phis", "post-RA-sched",
      "postra-machine-sink", "shrink-wrap", "stack-slot-coloring", "tailduplication", "x86-avoid-SFB",
      "x86-cmov-conversion", "x86-domain-reassignment", "x86-fixup-bw-insts", "x86-optimize-LEAs",
      "x86-partial-reduction"};
  return names;
}

/// These, a twelfth of the time, save registers: the 32 of AVX-512 are enough for the order that the loop IR has.
const llvm::StringSet<>& for_few_registers() {
  static const llvm::StringSet<> names{"machine-cse", "machine-scheduler"};
  return names;
}

/// Takes passes for another manager, except for those that are left out.
struct Chooser : llvm::legacy::PassManagerBase {
  llvm::legacy::PassManager& passes;
  bool many_registers;

  Chooser(llvm::legacy::PassManager& all, bool many) : passes(all), many_registers(many) {}

  void add(llvm::Pass* pass) override {
    const llvm::PassInfo* info = llvm::PassRegistry::getPassRegistry()->getPassInfo(pass->getPassID());
    const bool named = info != nullptr && !info->getPassArgument().empty();
    const llvm::StringRef name = named ? info->getPassArgument() : pass->getPassName();
    if (left_out().contains(name) || (many_registers && for_few_registers().contains(name)))
      delete pass;
    else
      passes.add(pass);
  }
};

/// The passes of code generation, which write into `bytes`. They can run again on another module of another context:
/// each of them forgets what it knew of a module when it has seen the last of it.
struct Generator {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream{bytes};
  llvm::legacy::PassManager passes;

  Generator(llvm::TargetMachine& machine, llvm::CodeGenFileType file) {
    Chooser chooser(passes, machine.getTargetCPU() == "x86-64-v4");
    const bool failed = machine.addPassesToEmitFile(chooser, stream, nullptr, file);
    RICCI_ASSERT(!failed, "LLVM cannot write code for this machine");
  }
};

/// What one thread keeps for the last options it compiled with.
struct Workshop {
  CodegenOptions options;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<Passes> passes;
  std::unique_ptr<Generator> objects;
};
thread_local Workshop workshop;

}  // namespace

llvm::TargetMachine& target_machine(const CodegenOptions& options) {
  if (!workshop.machine || !(workshop.options.target == options.target) ||
      workshop.options.optimise != options.optimise) {
    workshop.objects.reset();
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

llvm::SmallVector<char, 0> generate_object(std::unique_ptr<llvm::Module> module, llvm::TargetMachine& machine) {
  if (!workshop.objects)
    workshop.objects = std::make_unique<Generator>(machine, llvm::CodeGenFileType::ObjectFile);
  Generator& generator = *workshop.objects;
  generator.bytes.clear();
  generator.passes.run(*module);
  return generator.bytes;
}

llvm::SmallVector<char, 0> generate_assembly(std::unique_ptr<llvm::Module> module, llvm::TargetMachine& machine) {
  Generator generator(machine, llvm::CodeGenFileType::AssemblyFile);
  generator.passes.run(*module);
  return std::move(generator.bytes);
}

}  // namespace ricci::codegen
