#include "run/single_kernel.hpp"

#include <algorithm>

#include "rewrite/in_order.hpp"
#include "ricci/disk_cache.hpp"
#include "ricci/error.hpp"
#include "ricci/helpers.hpp"
#include "ricci/sha256.hpp"
#include "ricci/shape.hpp"
#include "run/allocations.hpp"
#include "run/chosen.hpp"
#include "specialise/variants.hpp"

namespace ricci::jit {

namespace {

Target target_of(const Options& options) {
  return options.vector_bytes == 0 ? host_target() : host_target(options.vector_bytes);
}

std::string to_string(const Target& target) {
  return "target " + std::to_string(target.vector_bytes) + ' ' + target.features + '\n';
}

/// With what a user named numbered, as programs with equal cache keys may have other names.
ir::Program without_names(ir::Program program) {
  const auto number = [](char kind, auto& items) {
    for (std::size_t i = 0; i < items.size(); ++i) items[i].name = kind + std::to_string(i);
  };
  number('t', program.tensors);
  number('a', program.axes);
  number('p', program.params);
  return program;
}

/// Everything that the machine code depends on, as text: two kernels with equal keys are the same kernel.
///   - the compiler itself, by a digest of its sources and LLVM's version;
///   - the target's instruction sets and vector width, and the optimisation level;
///   - the program with all names numbered away;
///   - the specialisation: stride classes, collapsed axes, proved facts, offset width, aliasing, coarse sizes.
/// Not in it: extents, addresses, values of params, thread counts.
std::string key_text(const std::string& program, const Specialisation& s, const Target& target, bool optimise) {
  return "ricci kernel\ncompiler " + std::string(compiler_digest()) + '\n' + to_string(target) +
         (optimise ? "optimised\n" : "unoptimised\n") + to_string(s) + program;
}

}  // namespace

std::vector<TensorView> views_of(TensorPointers tensors) {
  std::vector<TensorView> views;
  for (const TensorView* view : tensors) views.push_back(*view);
  return views;
}

SingleKernel::SingleKernel(ir::Program program, Shares shares) : SingleKernel(program, normalise(program), shares) {}

SingleKernel::SingleKernel(ir::Program program, Normalised normalised, Shares shares)
    : program_(std::move(program)), plain_(std::ranges::any_of(program_.statements, [&](const ir::Statement& s) {
        return orders_what_it_writes(program_, s);
      })),
      whole_(normalised.program), origin_(std::move(normalised.origin)), share_sizes_(share_sizes(shares)),
      may_drop_(may_be_dropped(whole_.at_once.program)), calls_(shaping_params(program_)) {
  for (const ir::Statement& s : program_.statements)
    if (std::ranges::count(targets_, s.target) == 0) targets_.push_back(s.target);
  for (ir::TensorId t = 0; t < whole_.at_once.program.tensors.size(); ++t) {
    const bool is_user = t < origin_.size() && whole_.at_once.program.tensors[t].table.empty();
    sources_.push_back(is_user ? origin_[t] : no_source);
  }
  steering_ = steering_tensors(program_);
  const bool targets_first = std::ranges::all_of(targets_, [&](ir::TensorId t) { return t < targets_.size(); });
  if (!plain_ && targets_first) chosen_ = count_of_results(program_, whole_.at_once.program);
}

std::optional<Report> SingleKernel::run(std::span<const TensorView> tensors, std::size_t made,
                                        std::span<const Scalar> params, const Counts& counts, const Options& options) {
  std::vector<const TensorView*> pointers;
  for (const TensorView& view : tensors) pointers.push_back(&view);
  const bool native = options.backend == Backend::native;
  if (const std::shared_ptr<const Call> call = native ? known_call(pointers, made, params, counts, options) : nullptr) {
    Report report = call->report;
    report.run_ms = milliseconds(repeat(*call, pointers, params, options));
    return report;
  }
  check_tensors(program_, tensors);
  const std::vector<std::int64_t> extents = axis_extents(program_, tensors, params, counts);
  const auto idle = std::ranges::count_if(program_.statements, [&](const ir::Statement& s) {
    return std::ranges::any_of(s.domain, [&](ir::AxisId axis) { return extents[axis] == 0; });
  });
  if (plain_) return run_plainly(tensors, params, counts);
  if (idle == std::ssize(program_.statements)) {
    const Report report = run_plainly(tensors, params, counts);
    if (native)  // whatever the elements are
      calls_.add(std::make_shared<Call>(call_of(tensors, made, params, counts, options)));
    return report;
  }
  if (idle > 0) return std::nullopt;
  return native ? run_native(tensors, pointers, made, params, counts, options)
                : run_interpreted(tensors, params, counts, options);
}

Report SingleKernel::run_plainly(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                 const Counts& counts) const {
  Report report;
  const Ticks start = ticks_now();
  evaluate_reference(program_, tensors, params, counts);
  report.run_ms = milliseconds(ticks_now() - start);
  return report;
}

SingleKernel::Binding SingleKernel::bind(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                         const Counts& counts, const Options& options, OldValues old,
                                         Trial trial) const {
  Binding b;
  b.form = &whole_.at_once;
  const ir::Program& own = whole_.at_once.program;
  check_tensors(program_, tensors);
  check_reductions(program_, axis_extents(program_, tensors, params, counts));
  for (const std::uint32_t source : sources_) b.tensors.push_back(source == no_source ? TensorView{} : tensors[source]);
  b.extents = axis_extents(own, b.tensors, params, counts);
  const std::vector<ir::TensorId> overwritten = find_overwritten(own, b.tensors);
  if (old == OldValues::in_bands && !overwritten.empty())
    if (std::optional<Binding> band = bind_band(b, overwritten, params, options, trial)) return *std::move(band);
  const Form* values_first = form_of_values_first(overwritten, b.tensors, b.extents);
  const Ticks start = ticks_now();
  for (const ir::TensorId t : overwritten) {
    if (values_first) break;
    b.copies.emplace_back(t, copy_of(b.tensors[t]));
    b.tensors[t] = b.copies.back().second.view();
  }
  if (!b.copies.empty()) b.copying = ticks_now() - start;
  const auto take = [&](const Form& form) {
    b.form = &form;
    if (b.form == &whole_.at_once) return;
    b.tensors.resize(form.program.tensors.size());
    b.extents = axis_extents(form.program, b.tensors, params, counts);
  };
  if (values_first) {
    take(*values_first);
  } else {
    Forms& forms = forms_for(b.extents);
    for (const auto& [tensor, dimensions] : forms.lacks)
      b.tensors[tensor] = without_dimensions(b.tensors[tensor], dimensions);
    take(forms.at_once);
    Forms& in_order = forms_in_order(forms, b.tensors, b.extents);
    take(in_order.at_once);
    Forms& sums_first = forms_with_sums_first(in_order, b.tensors, b.extents);
    take(sums_first.at_once);
    take(form_in_shares(sums_first, b.tensors, b.extents));
  }
  b.facts = specialise(b.form->program, b.tensors, b.extents);
  b.assumed = assume(*b.form, b.facts, options, trial);
  return b;
}

Specialisation SingleKernel::assume(const Form& form, const Specialisation& facts, const Options& options,
                                    Trial trial) const {
  if (!options.specialise) return assume_nothing(form.program);
  const Target target = target_of(options);
  const auto loops_of = [&](const Specialisation& assumed) {
    const std::lock_guard lock(mutex_);
    return sha256_hex(loop::to_string(build(without_names(form.program), assumed, target).kernel));
  };
  return choose_variant(to_string(target) + form.text, form.program, facts, loops_of, trial == Trial::yes);
}

std::optional<SingleKernel::Binding> SingleKernel::bind_band(Binding& whole,
                                                             std::span<const ir::TensorId> overwritten,
                                                             std::span<const Scalar> params, const Options& options,
                                                             Trial trial) const {
  const BandForm* form = band_form(whole.tensors[whole_.at_once.program.statements[0].target]);
  if (!form) return std::nullopt;
  const auto bands = make_bands(form->band, whole.tensors, overwritten, whole.extents, options.threads);
  whole.for_now = bands && !cut(*bands, params);
  if (!bands || whole.for_now) return std::nullopt;
  Binding b = whole;
  b.form = &form->form;
  b.bands = bands;
  b.tensors = views_of_band(*bands, whole.tensors, bands->of_band);
  b.extents[bands->axis] = bands->of_band;
  b.facts = specialise(b.form->program, b.tensors, b.extents);  // and of fewer rows
  if (b.facts.answers.contains('c')) return std::nullopt;
  b.assumed = assume(*b.form, b.facts, options, trial);
  return b.assumed.answers.contains('c') ? std::nullopt : std::optional(std::move(b));
}

Found SingleKernel::find(const Binding& binding, const Options& options) {
  const CodegenOptions codegen{target_of(options), options.optimise};
  const std::lock_guard lock(mutex_);
  return find_or_compile(key_text(binding.form->text, binding.assumed, codegen.target, options.optimise), codegen,
                         [&] { return build(binding.form->program, binding.assumed, codegen.target).kernel; });
}

Report SingleKernel::report_of(const KernelInfo& info, const Binding& b, const LaunchPlan& plan) const {
  Report report;
  report.kernels = 1;
  report.phases = static_cast<int>(info.phases.size());
  report.loops = info.loops;
  add_copies(report, whole_.at_once.program, b.copies, "whose old values are still read");
  add_tables(report, b.form->program, b.form->contents, b.form->accumulators, plan);
  report.checks = info.checks;
  report.proved = info.proved;
  return report;
}

/// What an error message needs of elements that the kernel may have overwritten by then: copies, where a check
/// depends on them. Counted as temporary bytes.
Copies SingleKernel::old_values(std::span<const TensorView> tensors, Report& report) const {
  if (report.checks.empty()) return {};
  Copies old = copy_steering(tensors, targets_, steering_);
  add_copies(report, program_, old, "whose old values the message of a failing check needs");
  return old;
}

/// The error that the program's meaning gives for these arguments. The kernel only knows that there is one.
void SingleKernel::raise_error(std::span<const TensorView> tensors, std::span<const Scalar> params,
                              const Counts& counts, const Copies& old, const std::string& check) const {
  std::vector<TensorView> views(tensors.begin(), tensors.end());
  std::vector<Array> scratch;
  for (ir::TensorId t : targets_) {
    scratch.push_back(Array::zeros(views[t].layout.dtype, extents_of(views[t].layout)));
    views[t] = scratch.back().view();
  }
  for (const auto& [tensor, copy] : old) views[tensor] = copy.view();
  evaluate_reference(program_, views, params, counts);
  internal_error(__FILE__, __LINE__, "a check failed that the reference evaluator passes: " + check);
}

/// Runs the kernel of a call and returns its time. `places` are the addresses of its buffers, see set_places(), `old`
/// what copies of old values an error message needs.
Ticks SingleKernel::run_kernel(const Call& call, std::span<void* const> places, TensorPointers tensors,
                               std::span<const Scalar> params, const Copies& old, const Options& options) const {
  const std::vector<PhaseFunction>& phases = call.kernel->phases;
  const Ticks start = ticks_now();
  std::int32_t status = 0;
  if (call.plan.simple && call.plan.params.empty()) {
    const KernelArgs args{places.data(), call.plan.symbols.data(), helper_table().data(), options.threads};
    for (std::size_t p = 0; p < phases.size() && status == 0; ++p)
      status = phases[p](&args, 0, call.plan.phases[p].trip);
  } else {
    status = launch(call.plan, places, params, options.threads,
                    [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
                      return phases[p](&args, begin, end);
                    });
  }
  const Ticks time = ticks_now() - start;
  if (status != 0)
    raise_error(views_of(tensors), params, call.counts, old,
                call.kernel->info.checks.at(static_cast<std::size_t>(status) - 1));
  return time;
}

std::optional<Report> SingleKernel::choose(TensorPointers tensors, std::size_t made, std::span<const Scalar> params,
                                           Executable::MakeChosen make, const Options& options) {
  if (const std::shared_ptr<const Call> call = known_call(tensors, made, params, {}, options)) {
    const std::optional<Ticks> time = repeat_choice(*call, tensors, params, make, options);
    if (!time) return std::nullopt;
    Report report = call->report;
    report.run_ms = milliseconds(*time);
    return report;
  }
  std::vector<TensorView> views;
  for (ir::TensorId t = 0; t < tensors.size(); ++t)
    views.push_back(t < made ? TensorView{{program_.tensors[t].dtype, 1, {-1}, {1}}, nullptr, true} : *tensors[t]);
  check_tensors(program_, views);
  const std::optional<std::int64_t> most = most_chosen(chosen_, axis_extents(program_, views, params));
  if (!most || *most >= apart / 8) return std::nullopt;
  // Bound, planned and proved for the most that can be chosen: the kernel needs no other fact about how many are.
  for (std::size_t t = 0; t < made; ++t) {
    views[t].layout.extents[0] = *most;
    views[t].data = nowhere(t);
  }
  const Counts counts{{chosen_, *most}};
  const Binding binding = bind(views, params, counts, options, OldValues::at_once);
  if (std::ranges::count(binding.extents, 0) > 0 || !binding.copies.empty() || !binding.facts.disjoint)
    return std::nullopt;
  const Found found = find(binding, options);
  auto call = std::make_shared<Call>(call_of(views, made, params, {}, options));
  call->kernel = found.kernel;
  call->plan = plan_launch(found.kernel->info, binding.tensors, binding.extents, options.threads);
  if (!call->plan.slices.empty()) return std::nullopt;
  std::vector<bool> is_target(whole_.at_once.program.tensors.size());
  for (std::size_t t = 0; t < origin_.size(); ++t) is_target[t] = origin_[t] < made;
  call->plan.choice = choice_of(found.kernel->info, is_target);
  call->report = report_of(found.kernel->info, binding, call->plan);
  const std::optional<Ticks> time = repeat_choice(*call, tensors, params, make, options);
  if (!time) return std::nullopt;
  calls_.add(call);
  Report report = call->report;
  report.origin = found.origin;
  report.compile_ms = found.compile_ms;
  report.run_ms = milliseconds(*time);
  return report;
}

/// A call with these layouts, which does nothing yet.
Call SingleKernel::call_of(std::span<const TensorView> tensors, std::size_t made, std::span<const Scalar> params,
                           const Counts& counts, const Options& options) const {
  Call call{{}, made, calls_.shaping(params), counts, options.vector_bytes, options.optimise, options.specialise,
            std::nullopt, nullptr, {}, {}};
  for (const TensorView& view : tensors) call.layouts.push_back(view.layout);
  return call;
}

Report SingleKernel::run_native(std::span<const TensorView> tensors, TensorPointers pointers, std::size_t made,
                                std::span<const Scalar> params, const Counts& counts, const Options& options) {
  const Binding binding = bind(tensors, params, counts, options, OldValues::in_bands);
  const Found found = find(binding, options);
  auto call = std::make_shared<Call>(call_of(tensors, made, params, counts, options));
  call->kernel = found.kernel;
  call->plan = plan_launch(found.kernel->info, binding.tensors, binding.extents, options.threads);
  if (!call->plan.slices.empty() || binding.bands) call->threads = options.threads;
  call->report = report_of(found.kernel->info, binding, call->plan);
  if (binding.bands) {
    const Cut pieces = cut(*binding.bands, params).value();
    Call::InBands& in_bands = call->in_bands.emplace(*binding.bands, binding.extents, pieces.last_rows());
    in_bands.plan_of_last = plan_of_rows(*found.kernel, in_bands, binding.tensors, pieces.last_rows());
    add_copies(call->report, whole_.at_once.program, *binding.bands, pieces, options.threads);
  }
  if (std::ranges::count(binding.extents, 0) > 0 && !call->report.checks.empty())
    return run_plainly(tensors, params, counts);
  const Copies old = old_values(tensors, call->report);
  if (is_apart(pointers) && !binding.for_now) {  // then layouts decide what is copied
    for (const auto& [tensor, copy] : binding.copies) call->copied.push_back(tensor);
    call->repetition = repetition_of(*call);
    calls_.add(call);
  }
  Report report = call->report;
  report.origin = found.origin;
  report.compile_ms = found.compile_ms;
  if (options.no_temporaries) refuse_temporaries(report);
  if (call->in_bands) {
    report.run_ms = milliseconds(run_bands(*call, pointers, params, options));
    return report;
  }
  std::vector<void*> places(call->plan.own_bytes.size());
  for (std::size_t t = 0; t < binding.tensors.size(); ++t) places[t] = binding.tensors[t].data;
  report.run_ms = milliseconds(binding.copying + run_kernel(*call, places, pointers, params, old, options));
  return report;
}

/// The loop IR instead of machine code, with every access checked against its buffer.
Report SingleKernel::run_interpreted(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                     const Counts& counts, const Options& options) {
  const Binding b = bind(tensors, params, counts, options, OldValues::at_once);
  loop::Kernel kernel;
  {
    const std::lock_guard lock(mutex_);
    kernel = build(b.form->program, b.assumed, target_of(options)).kernel;
  }
  const LaunchPlan plan = plan_launch(kernel.info, b.tensors, b.extents, options.threads);
  std::vector<void*> places(plan.own_bytes.size());
  for (std::size_t t = 0; t < b.tensors.size(); ++t) places[t] = b.tensors[t].data;
  Report report = report_of(kernel.info, b, plan);
  if (std::ranges::count(b.extents, 0) > 0 && !report.checks.empty()) return run_plainly(tensors, params, counts);
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
            const ByteRange range = bytes_at(plan, static_cast<std::uint32_t>(i), p, begin);
            memory.push_back({args.buffers[i], range.low / size, range.high / size});
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

std::string SingleKernel::dump(Executable::Stage stage, std::span<const TensorView> tensors,
                               std::span<const Scalar> params, const Counts& counts, const Options& options) {
  const Binding b = bind(tensors, params, counts, options, OldValues::in_bands, Trial::yes);
  const std::lock_guard lock(mutex_);
  const Target target = target_of(options);
  const Built built = build(b.form->program, b.assumed, target);
  switch (stage) {
    case Executable::Stage::index: return to_string(built.program, true, ir::Axes::used);
    case Executable::Stage::schedule: return to_string(built.schedule, built.program);
    case Executable::Stage::loops: return to_string(built.kernel);
    case Executable::Stage::llvm: return llvm_text(built.kernel, {target, options.optimise});
    case Executable::Stage::assembly: return assembly_text(built.kernel, {target, options.optimise});
  }
  __builtin_unreachable();
}

}  // namespace ricci::jit
