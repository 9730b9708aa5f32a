#include "calls.hpp"

#include <algorithm>

namespace ricci::jit {

namespace {

constexpr std::size_t max_calls = 16;

bool fits(const Call& call, TensorPointers tensors) {
  for (std::size_t t = 0; t < tensors.size(); ++t)
    if (tensors[t] && !(call.layouts[t] == tensors[t]->layout)) return false;
  return true;
}

}  // namespace

void Calls::add(std::shared_ptr<const Call> call) {
  const std::lock_guard lock(mutex_);
  if (calls_.size() == max_calls) calls_.erase(calls_.begin());
  calls_.push_back(std::move(call));
}

std::shared_ptr<const Call> Calls::find(TensorPointers tensors, std::size_t made, std::span<const Scalar> params,
                                        const Counts& counts, const Options& options) const {
  const std::lock_guard lock(mutex_);
  for (auto it = calls_.rbegin(); it != calls_.rend(); ++it) {
    const Call& call = **it;
    if (call.made == made && call.vector_bytes == options.vector_bytes && call.optimise == options.optimise &&
        fits(call, tensors) &&
        std::ranges::equal(call.shaping, shaping_, {}, {}, [&](ir::ParamId param) { return params[param]; }) &&
        std::ranges::equal(call.counts, counts, {}, &Count::value, &Count::value))
      return *it;
  }
  return nullptr;
}

std::vector<Scalar> Calls::shaping(std::span<const Scalar> params) const {
  std::vector<Scalar> values;
  for (ir::ParamId param : shaping_) values.push_back(params[param]);
  return values;
}

}  // namespace ricci::jit
