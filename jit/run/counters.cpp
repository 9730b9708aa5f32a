#include "run/counters.hpp"

#include <algorithm>

#include "ricci/few.hpp"
#include "run/allocations.hpp"

namespace ricci::jit {

Counters::Counters(ir::Program program) : masked_(with_masks(std::move(program))) {
  for (const Mask& mask : masked_.masks) masks_.push_back(step(mask.part));
  for (const auto& [original, count] : masked_.counts)
    counters_.push_back(step(computing(masked_.program, count, {}, "count")));
}

Counters::Step Counters::step(Part part) { return {std::move(part.tensors), prepare(std::move(part.program))}; }

std::vector<TensorView> Counters::arguments(const Step& step, std::span<const TensorView> tensors,
                                            const TensorView& result) {
  std::vector<TensorView> views;
  for (ir::TensorId t : step.tensors) views.push_back(tensors[t]);
  views.push_back(result);
  return views;
}

Executable::Counted Counters::count(std::span<const TensorView> tensors, std::span<const Scalar> params,
                                    const Options& options) const {
  Executable::Counted counted;
  std::vector<TensorView> views(tensors.begin(), tensors.end());
  for (std::size_t k = 0; k < masks_.size(); ++k) {
    counted.masks.push_back(mask(k, views, params, options, counted.report));
    views.push_back(counted.masks.back().view());
  }
  for (std::size_t k = 0; k < counters_.size(); ++k) {
    std::int64_t value = 0;
    const TensorView result{{DType::i64, 0, {}, {}}, &value, true};
    add(counted.report, counters_[k].executable->run(arguments(counters_[k], views, result), params, options));
    counted.counts.push_back({masked_.counts[k].first, value});
  }
  return counted;
}

bool Counters::recount(TensorPointers tensors, std::span<const Scalar> params, Executable::Recounted& recounted,
                       const Options& options) const {
  if (!masks_.empty()) return false;
  recounted.time = 0;
  recounted.counts.clear();
  recounted.calls.resize(counters_.size());
  for (std::size_t k = 0; k < counters_.size(); ++k) {
    const Step& step = counters_[k];
    std::int64_t value = 0;
    const TensorView result{{DType::i64, 0, {}, {}}, &value, true};
    Few<const TensorView*, 12> views(step.tensors.size() + 1);
    for (std::size_t i = 0; i < step.tensors.size(); ++i) views[i] = tensors[step.tensors[i]];
    views[step.tensors.size()] = &result;
    const std::shared_ptr<const Call>& call = step.executable->known(views.span(), params, {}, options);
    if (!call) return false;
    if (recounted.calls[k] != call) recounted.calls[k] = call;  // see execute(): references are dear
    recounted.time += step.executable->repeat(*call, views.span(), params, options);
    recounted.counts.push_back({masked_.counts[k].first, value});
  }
  return true;
}

Array Counters::mask(std::size_t number, std::span<const TensorView> tensors, std::span<const Scalar> params,
                     const Options& options, Report& report) const {
  const Step& step = masks_[number];
  const std::vector<ir::AxisId>& axes = masked_.masks[number].axes;
  TensorView unbound{{DType::b1, static_cast<int>(axes.size()), {}, {}}, nullptr, true};
  std::fill_n(unbound.layout.extents.begin(), axes.size(), -1);
  const std::vector<TensorView> views = arguments(step, tensors, unbound);
  const Executable::Counted counted = step.executable->count(views, params, options);
  const std::vector<std::int64_t> extents = step.executable->extents(views, params, counted.counts);
  std::vector<std::int64_t> shape;
  for (ir::AxisId axis : axes) shape.push_back(extents[axis]);
  const Array made = Array::uninitialised(DType::b1, shape);
  const ir::Program& program = step.executable->program();
  Report own;
  own.temporary_bytes = made.size();
  own.temporaries.push_back({made.size(), "where " + to_string(program, program.statements[0].value) +
                                              " holds, which must not be rounded in two ways"});
  if (options.no_temporaries) refuse_temporaries(own);
  add(report, own);
  add(report, step.executable->run(arguments(step, tensors, made.view()), params, counted, options));
  return made;
}

Counts Counters::counts(const Counts& counts) const {
  Counts own;
  for (const auto& [expression, value] : counts) {
    const auto known = std::ranges::find(masked_.counts, expression, &std::pair<ir::Expr, ir::Expr>::first);
    own.push_back({known == masked_.counts.end() ? expression : known->second, value});
  }
  return own;
}

}  // namespace ricci::jit
