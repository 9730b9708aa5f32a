// Executable: a program in one kernel or several, with what must be counted before.
#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "run/allocations.hpp"
#include "run/counters.hpp"
#include "run/single_kernel.hpp"

namespace ricci {

using namespace jit;

Options& default_options() {
  static Options options;
  return options;
}

std::string_view to_string(Origin origin) {
  constexpr std::string_view names[] = {"compiled", "memory", "disk"};
  return names[static_cast<int>(origin)];
}

struct Executable::Impl {
  const ir::Program original;  // as written
  const Shares shares;
  const Counters counters;
  SingleKernel kernel;  // of what the counters leave
  bool chained;         // a statement cannot be bound before one before it has run
  std::mutex mutex;     // over `parts`
  std::vector<std::shared_ptr<Executable>> parts;  // the statements, each alone; made when they are needed

  Impl(ir::Program program, Shares s)
      : original(std::move(program)), shares(s), counters(original), kernel(counters.program(), s),
        chained(counts_anew(original)), parts(original.statements.size()) {
    for (const ir::Statement& s : original.statements)
      chained |= std::ranges::count(original.statements, s.target, &ir::Statement::target) > 1;
  }

  /// Whether statements must run one by one: what one needs in a copy, or to find an extent, another one may write.
  bool is_chained(std::span<const TensorView> tensors) const {
    if (parts.size() < 2 || chained) return chained;
    std::vector<const TensorView*> pointers;
    for (const TensorView& view : tensors) pointers.push_back(&view);
    return !kernel.is_apart(pointers);
  }

  /// The statements one by one.
  Report run_apart(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options& options) {
    Report report;
    for (std::size_t k = 0; k < parts.size(); ++k) add(report, run_part(k, tensors, params, options));
    return report;
  }

  /// Those that have iterations.
  Report run_busy(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counts& counts,
                  const Options& options) {
    Report report;
    const std::vector<std::int64_t> extents = axis_extents(original, tensors, params, counts);
    check_reductions(original, extents);
    for (std::size_t k = 0; k < parts.size(); ++k)
      if (std::ranges::all_of(original.statements[k].domain, [&](ir::AxisId axis) { return extents[axis] > 0; }))
        add(report, run_part(k, tensors, params, options));
    return report;
  }

  Report run_part(std::size_t k, std::span<const TensorView> tensors, std::span<const Scalar> params,
                  const Options& options) {
    std::shared_ptr<Executable> part;
    {
      const std::lock_guard lock(mutex);
      if (!parts[k])
        parts[k] = shares == Shares::of_many ? prepare(alone(original, k))
                                             : std::make_shared<Executable>(alone(original, k), shares);
      part = parts[k];
    }
    return part->run(tensors, params, options);
  }

  static std::vector<TensorView> with_masks(std::span<const TensorView> tensors, const Counted& counted) {
    std::vector<TensorView> all(tensors.begin(), tensors.end());
    for (const Array& mask : counted.masks) all.push_back(mask.view());
    return all;
  }

  std::optional<Report> run(std::span<const TensorView> tensors, std::size_t made, std::span<const Scalar> params,
                            const Counted& counted, const Options& options) {
    if (counted.masks.empty()) return kernel.run(tensors, made, params, counted.counts, options);
    axis_extents(original, tensors, params, counted.counts);  // a clash is told in the words of the program as written
    return kernel.run(with_masks(tensors, counted), made, params, counters.counts(counted.counts), options);
  }
};

Executable::Executable(ir::Program program, Shares shares)
    : impl_(std::make_unique<Impl>(std::move(program), shares)) {}
Executable::~Executable() = default;

const ir::Program& Executable::program() const { return impl_->original; }

std::vector<std::int64_t> Executable::extents(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                              const Counts& counts) const {
  return axis_extents(impl_->original, tensors, params, counts);
}

Executable::Counted Executable::count(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                      const Options& options) {
  return impl_->counters.count(tensors, params, options);
}

Report Executable::run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Options& options) {
  if (impl_->is_chained(tensors)) return run(tensors, params, {}, options);
  return run(tensors, params, count(tensors, params, options), options);
}

Report Executable::run(std::span<const TensorView> tensors, std::span<const Scalar> params, const Counted& counted,
                       const Options& options, std::size_t made) {
  const bool apart = impl_->is_chained(tensors);
  if (options.backend == Backend::reference && !apart) {
    Report report;
    const Ticks start = ticks_now();
    evaluate_reference(impl_->original, tensors, params, counted.counts);
    report.run_ms = milliseconds(ticks_now() - start);
    if (!counted.counts.empty()) add(report, counted.report);
    return report;
  }
  if (apart) return impl_->run_apart(tensors, params, options);
  const std::optional<Report> whole = impl_->run(tensors, made, params, counted, options);
  Report report = whole ? *whole : impl_->run_busy(tensors, params, counted.counts, options);
  if (!counted.counts.empty()) add(report, counted.report);
  return report;
}

bool Executable::counts_extents() const { return !impl_->counters.empty(); }

const std::shared_ptr<const Call>& Executable::known(TensorPointers tensors, std::span<const Scalar> params,
                                                     const Counts& counts, const Options& options) const {
  static const std::shared_ptr<const Call> none;
  std::size_t made = 0;  // the first ones
  while (made < tensors.size() && !tensors[made]) ++made;
  const bool has_counts = counts.size() == impl_->counters.size() || (counts.empty() && impl_->kernel.chooses(made));
  if (!has_counts || impl_->chained || options.backend != Backend::native) return none;
  return impl_->kernel.known_call(tensors, made, params, counts, options);
}

bool Executable::recount(TensorPointers tensors, std::span<const Scalar> params, Recounted& recounted,
                         const Options& options) const {
  if (impl_->chained || options.backend != Backend::native) return false;
  return impl_->counters.recount(tensors, params, recounted, options);
}

Executable::Counted Executable::counted(const Recounted& recounted) {
  Counted counted{recounted.counts, {}};
  for (const std::shared_ptr<const Call>& call : recounted.calls) add(counted.report, call->report);
  counted.report.run_ms += milliseconds(recounted.time);
  return counted;
}

const Layout& Executable::layout(const Call& call, ir::TensorId tensor) { return call.layouts[tensor]; }
const Repetition* Executable::repetition(const Call& call) {
  return call.repetition.phases.empty() ? nullptr : &call.repetition;
}
bool Executable::is_apart(TensorPointers tensors) const { return impl_->kernel.is_apart(tensors); }

Report Executable::report(const Call& call, const Recounted& recounted) {
  Report report = call.report;
  if (!recounted.calls.empty()) add(report, counted(recounted).report);
  return report;
}

Ticks Executable::repeat(const Call& call, TensorPointers tensors, std::span<const Scalar> params,
                          const Options& options) const {
  return impl_->kernel.repeat(call, tensors, params, options);
}

bool Executable::chooses(std::size_t made, const Options& options) const {
  return impl_->kernel.chooses(made) && impl_->counters.simple() && !impl_->chained &&
         options.backend == Backend::native;
}

std::optional<Report> Executable::choose(TensorPointers tensors, std::size_t made, std::span<const Scalar> params,
                                         MakeChosen make, const Options& options) {
  return impl_->kernel.choose(tensors, made, params, make, options);
}

std::optional<Ticks> Executable::repeat_choice(const Call& call, TensorPointers tensors,
                                               std::span<const Scalar> params, MakeChosen make,
                                               const Options& options) const {
  return impl_->kernel.repeat_choice(call, tensors, params, make, options);
}

std::string Executable::dump(Stage stage, std::span<const TensorView> tensors, std::span<const Scalar> params,
                             const Options& options) {
  const Counted counted = count(tensors, params, options);
  return impl_->kernel.dump(stage, Impl::with_masks(tensors, counted), params, impl_->counters.counts(counted.counts),
                            options);
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
