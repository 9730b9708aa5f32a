// Executable: binding a program to tensors, finding its kernel, running it.
#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "aliasing.hpp"
#include "allocations.hpp"
#include "calls.hpp"
#include "counting.hpp"
#include "kernel_store.hpp"
#include "launch.hpp"
#include "pipeline.hpp"
#include "ricci/compile.hpp"
#include "ricci/disk_cache.hpp"
#include "ricci/error.hpp"
#include "ricci/extents.hpp"
#include "ricci/few.hpp"
#include "ricci/overlap.hpp"
#include "ricci/shape.hpp"

namespace ricci {

using namespace jit;

namespace {

Target target_of(const Options& options) {
  return options.vector_bytes == 0 ? host_target() : host_target(options.vector_bytes);
}

/// Everything that the machine code depends on, as text: two kernels with equal keys are the same kernel.
///   - the compiler itself, by a digest of its sources and LLVM's version;
///   - the target's instruction sets and vector width, and the optimisation level;
///   - the program with all names numbered away;
///   - the specialisation: stride classes, collapsed axes, proved facts, offset width, aliasing, coarse sizes.
/// Not in it: extents, addresses, values of params, thread counts.
std::string key_text(const ir::Program& program, const Specialisation& s, const Target& target, bool optimise) {
  return "ricci kernel\ncompiler " + std::string(compiler_digest()) + "\ntarget " +
         std::to_string(target.vector_bytes) + ' ' + target.features +
         (optimise ? "\noptimised\n" : "\nunoptimised\n") + to_string(s) + to_string(program, false);
}

std::vector<TensorView> views_of(TensorPointers tensors) {
  std::vector<TensorView> views;
  for (const TensorView* view : tensors) views.push_back(*view);
  return views;
}

/// A program bound to arguments: what a first call with new layouts computes.
struct Binding {
  std::vector<TensorView> tensors;  // by tensor of the normalised program, tables left out
  Copies copies;
  std::vector<std::int64_t> extents;
  Specialisation specialisation;
};

}  // namespace

Options& default_options() {
  static Options options;
  return options;
}

std::string_view to_string(Origin origin) {
  constexpr std::string_view names[] = {"compiled", "memory", "disk"};
  return names[static_cast<int>(origin)];
}

struct Executable::Impl {
  /// What finds one of the extents that data decides.
  struct Counter {
    ir::Expr count;
    std::vector<ir::TensorId> tensors;  // what it reads
    std::shared_ptr<Executable> executable;
  };

  ir::Program original;
  Normalised normalised;
  std::vector<Counter> counters;
  std::vector<ir::TensorId> targets;  // user tensors that are written
  std::vector<ir::TensorId> steering; // user tensors whose elements decide which elements are touched
  std::mutex mutex;                   // over the program's graph
  Calls calls;

  explicit Impl(ir::Program program)
      : original(program), normalised(normalise(std::move(program))), calls(shaping_params(original)) {
    for (ir::Expr count : count_expressions(original)) {
      CountingProgram counting = counting_program(original, count);
      counters.push_back({count, std::move(counting.tensors), prepare(std::move(counting.program))});
    }
    for (const ir::Statement& s : original.statements)
      if (std::ranges::count(targets, s.target) == 0) targets.push_back(s.target);
    steering = steering_tensors(original);
  }

  Counted count(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options& options) const {
    Counted counted;
    for (const Counter& counter : counters) {
      std::int64_t value = 0;
      std::vector<TensorView> views;
      for (ir::TensorId t : counter.tensors) views.push_back(tensors[t]);
      views.push_back({{DType::i64, 0, {}, {}}, &value, true});
      const Report r = counter.executable->run(views, params, options);
      counted.counts.push_back({counter.count, value});
      add(counted.report, r);
    }
    return counted;
  }

  /// Adds what one run did to what others did.
  static void add(Report& sum, const Report& r) {
    sum.kernels += r.kernels;
    sum.phases += r.phases;
    sum.loops += r.loops;
    sum.temporary_bytes += r.temporary_bytes;
    sum.accumulator_bytes += r.accumulator_bytes;
    sum.temporaries.insert(sum.temporaries.end(), r.temporaries.begin(), r.temporaries.end());
    sum.accumulators.insert(sum.accumulators.end(), r.accumulators.begin(), r.accumulators.end());
    sum.checks.insert(sum.checks.end(), r.checks.begin(), r.checks.end());
    sum.proved += r.proved;
    sum.compile_ms += r.compile_ms;
    sum.run_ms += r.run_ms;
    if (r.origin != Origin::memory && sum.origin != Origin::compiled) sum.origin = r.origin;
  }

  Binding bind(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts& counts) const {
    Binding b;
    const ir::Program& program = normalised.program;
    check_tensors(original, tensors);
    check_reductions(original, axis_extents(original, tensors, params, counts));
    for (ir::TensorId t = 0; t < program.tensors.size(); ++t)
      b.tensors.push_back(t < normalised.origin.size() && program.tensors[t].table.empty() ? tensors[normalised.origin[t]]
                                                                                           : TensorView{});
    b.copies = copy_overlapping(program, b.tensors);
    b.extents = axis_extents(program, b.tensors, params, counts);
    b.specialisation = specialise(program, b.tensors, b.extents);
    return b;
  }

  /// Whether nothing that is written overlaps anything. A tensor that is null is still to be made.
  bool is_apart(TensorPointers tensors) const {
    return std::ranges::all_of(targets, [&](ir::TensorId w) {
      if (!tensors[w]) return true;
      for (ir::TensorId t = 0; t < tensors.size(); ++t)
        if (t != w && tensors[t] && may_overlap(*tensors[w], *tensors[t])) return false;
      return tensors[w]->writable;
    });
  }

  std::shared_ptr<const Call> known_call(TensorPointers tensors, std::size_t made, std::span<const Scalar> params,
                                         const Counts& counts, const Options& options) const {
    return is_apart(tensors) ? calls.find(tensors, made, params, counts, options) : nullptr;
  }

  Report report_of(const KernelInfo& info, const Binding& b, const LaunchPlan& plan) const {
    Report report;
    report.kernels = 1;
    report.phases = static_cast<int>(info.phases.size());
    report.loops = info.loops;
    add_copies(report, normalised.program, b.copies, "whose old values are still read");
    add_tables(report, normalised.program, plan);
    report.checks = info.checks;
    report.proved = info.proved;
    return report;
  }

  /// What an error message needs of elements that the kernel may have overwritten by then: copies, where a check
  /// depends on them. Counted as temporary bytes.
  Copies old_values(std::span<const TensorView> tensors, Report& report) const {
    if (report.checks.empty()) return {};
    Copies old = copy_steering(tensors, targets, steering);
    add_copies(report, original, old, "whose old values the message of a failing check needs");
    return old;
  }

  /// The error that the program's meaning gives for these arguments. The kernel only knows that there is one.
  [[noreturn]] void raise_error(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                const Counts& counts, const Copies& old, const std::string& check) const {
    std::vector<TensorView> views(tensors.begin(), tensors.end());
    std::vector<Array> scratch;
    for (ir::TensorId t : targets) {
      scratch.push_back(Array::zeros(views[t].layout.dtype, extents_of(views[t].layout)));
      views[t] = scratch.back().view();
    }
    for (const auto& [tensor, copy] : old) views[tensor] = copy.view();
    evaluate_reference(original, views, params, counts);
    internal_error(__FILE__, __LINE__, "a check failed that the reference evaluator passes: " + check);
  }

  /// Runs the kernel of a call and returns its time. `places` are the addresses of the normalised program's tensors,
  /// `old` what copies of old values an error message needs.
  Ticks run_kernel(const Call& call, std::span<void* const> places, TensorPointers tensors,
                   std::span<const Scalar> params, const Copies& old, const Options& options) const {
    const std::vector<PhaseFunction>& phases = call.kernel->phases;
    const Ticks start = ticks_now();
    const std::int32_t status =
        launch(call.plan, places, params, options.threads,
               [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
                 return phases[p](&args, begin, end);
               });
    const Ticks time = ticks_now() - start;
    if (status != 0)
      raise_error(views_of(tensors), params, call.counts, old,
                  call.kernel->info.checks.at(static_cast<std::size_t>(status) - 1));
    return time;
  }

  /// Runs a call that fits these tensors, all of which exist now.
  Ticks repeat(const Call& call, TensorPointers tensors, std::span<const Scalar> params, const Options& options) const {
    if (options.no_temporaries) refuse_temporaries(call.report);
    const Copies old = call.report.checks.empty() ? Copies{} : copy_steering(views_of(tensors), targets, steering);
    // A tensor's old values are where its new ones go: a repeated call has no copies.
    Few<void*, 16> places(normalised.program.tensors.size());
    for (std::size_t t = 0; t < places.size(); ++t)
      places[t] = t < normalised.origin.size() && normalised.program.tensors[t].table.empty()
                      ? tensors[normalised.origin[t]]->data
                      : nullptr;
    return run_kernel(call, places.span(), tensors, params, old, options);
  }

  Report run_native(std::span<const TensorView> tensors, std::size_t made, std::span<const Scalar> params,
                    const Counts& counts, const Options& options) {
    std::vector<const TensorView*> pointers;
    for (const TensorView& view : tensors) pointers.push_back(&view);
    if (const std::shared_ptr<const Call> call = known_call(pointers, made, params, counts, options)) {
      Report report = call->report;
      report.run_ms = milliseconds(repeat(*call, pointers, params, options));
      return report;
    }
    check_tensors(original, tensors);
    if (std::ranges::count(axis_extents(original, tensors, params, counts), 0) > 0) {
      // Nothing to iterate somewhere: the plain meaning costs nothing, and hoisted checks cannot cry wolf.
      evaluate_reference(original, tensors, params, counts);
      return {};
    }
    const Binding binding = bind(tensors, params, counts);
    const CodegenOptions codegen{target_of(options), options.optimise};
    const Found found = [&] {
      const std::lock_guard lock(mutex);
      return find_or_compile(key_text(normalised.program, binding.specialisation, codegen.target, options.optimise),
                             codegen,
                             [&] { return build(normalised, binding.specialisation, codegen.target).kernel; });
    }();
    auto call = std::make_shared<Call>();
    for (const TensorView& view : tensors) call->layouts.push_back(view.layout);
    call->made = made;
    call->shaping = calls.shaping(params);
    call->counts = counts;
    call->vector_bytes = options.vector_bytes;
    call->optimise = options.optimise;
    call->kernel = found.kernel;
    call->plan = plan_launch(found.kernel->info, binding.tensors, binding.extents);
    call->report = report_of(found.kernel->info, binding, call->plan);
    const Copies old = old_values(tensors, call->report);
    if (binding.copies.empty() && binding.specialisation.disjoint) calls.add(call);
    Report report = call->report;
    report.origin = found.origin;
    report.compile_ms = found.compile_ms;
    if (options.no_temporaries) refuse_temporaries(report);
    std::vector<void*> places;
    for (const TensorView& view : binding.tensors) places.push_back(view.data);
    report.run_ms = milliseconds(run_kernel(*call, places, pointers, params, old, options));
    return report;
  }

  /// The loop IR instead of machine code, with every access checked against its buffer.
  Report run_interpreted(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts& counts,
                         const Options& options) {
    check_tensors(original, tensors);
    if (std::ranges::count(axis_extents(original, tensors, params, counts), 0) > 0) {
      evaluate_reference(original, tensors, params, counts);
      return {};
    }
    const Binding b = bind(tensors, params, counts);
    loop::Kernel kernel;
    {
      const std::lock_guard lock(mutex);
      kernel = build(normalised, b.specialisation, target_of(options)).kernel;
    }
    const LaunchPlan plan = plan_launch(kernel.info, b.tensors, b.extents);
    std::vector<void*> places;
    for (const TensorView& view : b.tensors) places.push_back(view.data);
    Report report = report_of(kernel.info, b, plan);
    const Copies old = old_values(tensors, report);
    if (options.no_temporaries) refuse_temporaries(report);
    const Ticks start = ticks_now();
    const std::int32_t status = launch(
        plan, places, params, options.threads,
        [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
          std::vector<loop::Memory> memory;
          for (std::size_t i = 0; i < kernel.info.buffers.size(); ++i) {
            if (plan.own_bytes[i] > 0 || i >= b.tensors.size()) {
              const auto size = static_cast<std::int64_t>(size_of(kernel.info.buffers[i].dtype));
              memory.push_back({args.buffers[i], 0, plan.own_bytes[i] / size});
            } else {
              const OffsetRange range = offset_range(b.tensors[i].layout);
              memory.push_back({args.buffers[i], range.low, range.high});
            }
          }
          const std::vector<std::int64_t> symbols(args.symbols, args.symbols + plan.symbols.size());
          return loop::interpret(kernel, p, memory, symbols, begin, end);
        });
    report.run_ms = milliseconds(ticks_now() - start);
    if (status != 0)
      raise_error(tensors, params, counts, old, kernel.info.checks.at(static_cast<std::size_t>(status) - 1));
    return report;
  }
};

Executable::Executable(ir::Program program) : impl_(std::make_unique<Impl>(std::move(program))) {}
Executable::~Executable() = default;

const ir::Program& Executable::program() const { return impl_->original; }

std::vector<std::int64_t> Executable::extents(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                              const Counts& counts) const {
  return axis_extents(impl_->original, tensors, params, counts);
}

Executable::Counted Executable::count(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                      const Options& options) {
  return impl_->count(tensors, params, options);
}

Report Executable::run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options& options) {
  return run(tensors, params, impl_->count(tensors, params, options), options);
}

Report Executable::run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counted& counted,
                       const Options& options, std::size_t made) {
  Report report;
  switch (options.backend) {
    case Backend::native: report = impl_->run_native(tensors, made, params, counted.counts, options); break;
    case Backend::loop_interpreter: report = impl_->run_interpreted(tensors, params, counted.counts, options); break;
    case Backend::reference: {
      const Ticks start = ticks_now();
      evaluate_reference(impl_->original, tensors, params, counted.counts);
      report.run_ms = milliseconds(ticks_now() - start);
      break;
    }
  }
  if (!counted.counts.empty()) Impl::add(report, counted.report);
  return report;
}

bool Executable::counts_extents() const { return !impl_->counters.empty(); }

std::shared_ptr<const Call> Executable::known(TensorPointers tensors, std::span<const Scalar> params,
                                              const Options& options) const {
  if (counts_extents() || options.backend != Backend::native) return nullptr;
  const auto made = static_cast<std::size_t>(std::ranges::count(tensors, static_cast<const TensorView*>(nullptr)));
  return impl_->known_call(tensors, made, params, {}, options);
}

const Layout& Executable::layout(const Call& call, ir::TensorId tensor) { return call.layouts[tensor]; }
const Report& Executable::report(const Call& call) { return call.report; }

Ticks Executable::repeat(const Call& call, TensorPointers tensors, std::span<const Scalar> params,
                          const Options& options) const {
  return impl_->repeat(call, tensors, params, options);
}

std::string Executable::dump(Stage stage, std::span<const TensorView> tensors, std::span<const Scalar> params,
                             const Options& options) {
  const Binding b = impl_->bind(tensors, params, impl_->count(tensors, params, options).counts);
  const std::lock_guard lock(impl_->mutex);
  const Target target = target_of(options);
  const Built built = build(impl_->normalised, b.specialisation, target);
  switch (stage) {
    case Stage::index: return to_string(built.program, true, ir::Axes::used);
    case Stage::schedule: return to_string(built.schedule, built.program);
    case Stage::loops: return to_string(built.kernel);
    case Stage::llvm: return llvm_text(built.kernel, {target, options.optimise});
    case Stage::assembly: return assembly_text(built.kernel, {target, options.optimise});
  }
  __builtin_unreachable();
}

std::shared_ptr<Executable> prepare(ir::Program program) {
  static std::recursive_mutex mutex;  // the programs that count extents are prepared within
  static auto& known = *new std::unordered_map<std::string, std::shared_ptr<Executable>>;
  std::string text = to_string(program, true);
  const std::lock_guard lock(mutex);
  std::shared_ptr<Executable>& executable = known[std::move(text)];
  if (!executable) executable = std::make_shared<Executable>(std::move(program));
  return executable;
}

}  // namespace ricci
