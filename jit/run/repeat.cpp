// Repeating the calls of a kernel that are known, by tensors of the same layouts.
#include <algorithm>

#include "ricci/few.hpp"
#include "ricci/overlap.hpp"
#include "run/allocations.hpp"
#include "run/single_kernel.hpp"

namespace ricci::jit {

bool SingleKernel::is_apart(TensorPointers tensors) const {
  return std::ranges::all_of(targets_, [&](ir::TensorId w) {
    if (!tensors[w]) return true;
    for (ir::TensorId t = 0; t < tensors.size(); ++t)
      if (t != w && tensors[t] && may_overlap(*tensors[w], *tensors[t])) return false;
    return tensors[w]->writable;
  });
}

const std::shared_ptr<const Call>& SingleKernel::known_call(TensorPointers tensors, std::size_t made,
                                                            std::span<const Scalar> params, const Counts& counts,
                                                            const Options& options) const {
  static const std::shared_ptr<const Call> none;
  // What is still to be made overlaps nothing.
  const bool makes_all = made > 0 && made == targets_.size() && !tensors[0];
  return makes_all || is_apart(tensors) ? calls_.find(tensors, made, params, counts, options) : none;
}

/// Runs a call that fits these tensors, all of which exist now.
Ticks SingleKernel::repeat(const Call& call, TensorPointers tensors, std::span<const Scalar> params,
                           const Options& options) const {
  if (!call.kernel) return 0;
  if (options.no_temporaries) refuse_temporaries(call.report);
  if (call.in_bands) return run_bands(call, tensors, params, options);
  const Copies old = call.report.checks.empty() ? Copies{} : copy_steering(views_of(tensors), targets_, steering_);
  Few<void*, 16> places(call.plan.own_bytes.size());
  set_places(tensors, places.span());
  std::vector<Array> copies;
  Ticks copying = 0;
  if (!call.copied.empty()) {
    const Ticks start = ticks_now();
    for (const ir::TensorId t : call.copied) {
      copies.push_back(copy_of(*tensors[sources_[t]]));
      places[t] = copies.back().data();
    }
    copying = ticks_now() - start;
  }
  return copying + run_kernel(call, places.span(), tensors, params, old, options);
}

LaunchPlan SingleKernel::plan_of_rows(const ReadyKernel& kernel, const Call::InBands& b,
                                      std::span<const TensorView> tensors, std::int64_t rows) {
  std::vector<std::int64_t> extents = b.extents;
  extents[b.bands.axis] = rows;
  return plan_launch(kernel.info, views_of_band(b.bands, tensors, rows), extents, 1);
}

/// Runs a call in bands, each on one thread.
Ticks SingleKernel::run_bands(const Call& call, TensorPointers tensors, std::span<const Scalar> params,
                              const Options& options) const {
  std::vector<TensorView> views;
  for (const std::uint32_t source : sources_) views.push_back(source == no_source ? TensorView{} : *tensors[source]);
  const Ticks start = ticks_now();
  const auto& [bands, extents, last_rows, plan_of_last] = *call.in_bands;
  const Cut pieces = cut(bands, params).value();
  std::optional<LaunchPlan> other_plan;
  if (pieces.last_rows() != last_rows && pieces.last_rows() != pieces.of_band)
    other_plan = plan_of_rows(*call.kernel, *call.in_bands, views, pieces.last_rows());
  run_in_bands(bands, pieces, views, options.threads, [&](std::span<void* const> places, std::int64_t rows) {
    const LaunchPlan& plan = rows == pieces.of_band ? call.plan : other_plan ? *other_plan : plan_of_last;
    launch(plan, places, params, 1, [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
      return call.kernel->phases[p](&args, begin, end);
    });
  });
  return ticks_now() - start;
}

/// The addresses of a kernel's buffers: those of the normalised program's tensors, and none of the others. A tensor's
/// old values are where its new ones go, unless they are copied.
void SingleKernel::set_places(TensorPointers tensors, std::span<void*> places) const {
  for (std::size_t t = 0; t < places.size(); ++t) {
    const TensorView* view = t < sources_.size() && sources_[t] != no_source ? tensors[sources_[t]] : nullptr;
    places[t] = view ? view->data : nullptr;
  }
}

/// How to repeat a call that is to be repeated, where nothing but its kernel is left of it.
Repetition SingleKernel::repetition_of(const Call& call) const {
  Repetition r;
  const bool fails = !call.report.checks.empty() && call.made < targets_.size();
  const bool checks = fails || !call.counts.empty() || !call.shaping.empty();
  const bool copies = !call.copied.empty() || call.in_bands;
  if (!call.plan.simple || call.plan.choice || call.threads || checks || copies) return r;
  r.layouts = call.layouts;
  r.made = call.made;
  for (std::size_t b = 0; b < call.plan.own_bytes.size(); ++b) {
    const bool is_user = b < sources_.size() && sources_[b] != no_source;
    r.sources.push_back(is_user ? sources_[b] : static_cast<std::uint32_t>(call.layouts.size()));
  }
  r.symbols = call.plan.symbols;
  r.params = call.plan.params;
  for (std::size_t p = 0; p < call.kernel->phases.size(); ++p)
    r.phases.push_back({call.kernel->phases[p], call.plan.phases[p].trip});
  return r;
}

std::optional<Ticks> SingleKernel::repeat_choice(const Call& call, TensorPointers tensors,
                                                 std::span<const Scalar> params, Executable::MakeChosen make,
                                                 const Options& options) const {
  if (options.no_temporaries) refuse_temporaries(call.report);
  const std::vector<PhaseFunction>& phases = call.kernel->phases;
  Few<void*, 16> places(call.plan.own_bytes.size());
  set_places(tensors, places.span());
  const auto run = [&](std::size_t p, const KernelArgs& args, std::int64_t begin, std::int64_t end) {
    return phases[p](&args, begin, end);
  };
  const auto make_and_place = [&](std::int64_t chosen, std::span<void*> buffers) {
    make(chosen);
    for (const std::uint32_t t : call.plan.choice->tensors) buffers[t] = tensors[origin_[t]]->data;
  };
  const MakeChosen then = make_and_place;
  const Ticks start = ticks_now();
  const std::int32_t status = launch(call.plan, places.span(), params, options.threads, run, &then);
  const Ticks time = ticks_now() - start;
  return status == 0 ? std::optional(time) : std::nullopt;
}

}  // namespace ricci::jit
