#include "run/calls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <tuple>

namespace ricci::jit {

namespace {

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

/// What this thread found last, each time in another program: to find it again takes no lock and counts no reference.
struct LastFound {
  std::uint64_t number = 0;
  std::shared_ptr<const Call> call = nullptr;
};
thread_local std::array<LastFound, 16> found_last;

/// Mixes a number into a key (FNV-1a, by 64 bits at a time).
void mix(std::size_t& key, std::uint64_t number) { key = (key ^ number) * 0x100000001b3; }

/// A number that equal calls share: layouts but for those of the tensors made for them, shaping params and counts.
template <class LayoutOf>
std::size_t key_of(std::size_t tensors, const LayoutOf& layout, std::size_t made, const auto& shaping,
                   const Counts& counts) {
  std::size_t key = 0xcbf29ce484222325;
  mix(key, made);
  for (std::size_t t = made; t < tensors; ++t) {
    const Layout& of_tensor = layout(t);
    for (int i = 0; i < of_tensor.rank; ++i) {
      mix(key, static_cast<std::uint64_t>(of_tensor.extents[static_cast<std::size_t>(i)]));
      mix(key, static_cast<std::uint64_t>(of_tensor.strides[static_cast<std::size_t>(i)]));
    }
  }
  for (const Scalar& param : shaping) mix(key, param.bits);
  for (const Count& count : counts) mix(key, static_cast<std::uint64_t>(count.value));
  return key ^ key >> 32;
}

}  // namespace

Calls::Calls(std::vector<ir::ParamId> shaping) : shaping_(std::move(shaping)), number_(next_number()) {}

bool Calls::fits(const Call& call, TensorPointers tensors, std::size_t made, std::span<const Scalar> params,
                 const Counts& counts, const Options& options) const {
  if (call.made != made || call.vector_bytes != options.vector_bytes || call.optimise != options.optimise ||
      call.specialise != options.specialise || call.threads.value_or(options.threads) != options.threads)
    return false;
  for (std::size_t t = 0; t < tensors.size(); ++t)
    if (tensors[t] ? !(call.layouts[t] == tensors[t]->layout) : t >= made) return false;
  if (call.counts.size() != counts.size()) return false;
  for (std::size_t i = 0; i < shaping_.size(); ++i)
    if (!(call.shaping[i] == params[shaping_[i]])) return false;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (call.counts[i].value != counts[i].value) return false;
  return !call.in_bands || cut(call.in_bands->bands, params);
}

void Calls::add(std::shared_ptr<const Call> call) {
  const std::size_t key = key_of(call->layouts.size(), [&](std::size_t t) -> const Layout& { return call->layouts[t]; },
                                 call->made, call->shaping, call->counts);
  const std::lock_guard lock(mutex_);
  if (order_.size() < max_calls) {
    order_.emplace_back(key, call.get());
  } else {
    auto& [old_key, old] = order_[oldest_];
    const auto [first, last] = calls_.equal_range(old_key);
    calls_.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second.get() == old; }));
    std::tie(old_key, old) = std::pair(key, call.get());
    oldest_ = (oldest_ + 1) % max_calls;
  }
  calls_.emplace(key, std::move(call));
}

const std::shared_ptr<const Call>& Calls::find(TensorPointers tensors, std::size_t made,
                                               std::span<const Scalar> params, const Counts& counts,
                                               const Options& options) const {
  LastFound& found = found_last[number_ % found_last.size()];
  if (found.number == number_ && fits(*found.call, tensors, made, params, counts, options)) return found.call;
  const std::size_t key = key_of(
      tensors.size(), [&](std::size_t t) -> const Layout& { return tensors[t]->layout; }, made, shaping(params),
      counts);
  const std::lock_guard lock(mutex_);
  const auto [first, last] = calls_.equal_range(key);
  for (auto it = first; it != last; ++it)
    if (fits(*it->second, tensors, made, params, counts, options)) {
      found = {number_, it->second};
      return found.call;
    }
  static const std::shared_ptr<const Call> none;
  return none;
}

std::vector<Scalar> Calls::shaping(std::span<const Scalar> params) const {
  std::vector<Scalar> values;
  for (ir::ParamId param : shaping_) values.push_back(params[param]);
  return values;
}

}  // namespace ricci::jit
