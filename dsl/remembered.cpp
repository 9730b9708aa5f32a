#include "remembered.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ricci {

namespace {

constexpr std::size_t most_tensors = 8, most_numbers = 8;

Remembered& remembered_of(const Variant* newest) {
  thread_local std::array<Remembered, 16> all;
  return all[reinterpret_cast<std::uintptr_t>(newest) * 0x9e3779b97f4a7c15 >> 60];
}

/// Whether the same leaves are equal as for the variant, and their layouts the known ones. Sets the tensors of the
/// program from the first that is not made on.
bool bind(const Variant& variant, const Operands& operands, std::span<const Layout> layouts, std::size_t made,
          const TensorView** tensors) {
  std::size_t count = made;
  for (int leaf = 0; leaf < operands.tensor_count; ++leaf) {
    const Array& array = *operands.tensors[leaf];
    if (!array) return false;
    const TensorView* view = &array.view();  // of a record: equal arrays have the same
    const std::size_t t = made + variant.tensors[static_cast<std::size_t>(leaf)];
    if (t < count) {
      if (view != tensors[t]) return false;
      continue;
    }
    if (!(layouts[t] == view->layout)) return false;
    for (std::size_t other = made; other < count; ++other)
      if (view == tensors[other]) return false;
    tensors[count++] = view;
  }
  return true;
}

}  // namespace

void remember(const Site& site, const Variant& variant, const std::shared_ptr<const Call>& call) {
  const Repetition* repetition = Executable::repetition(*call);
  if (!repetition || repetition->layouts.size() > most_tensors || variant.plan.scalars.size() > most_numbers) return;
  const Variant* newest = site.variants.load(std::memory_order_acquire);
  Remembered& known = remembered_of(newest);
  if (std::exchange(known.seen, call.get()) == call.get())
    known = {newest, &variant, call, repetition, default_options(), call.get()};
}

const Remembered* repeat_remembered(const Site& site, const Operands& operands, Array* results, Ticks& time) {
  const Variant* newest = site.variants.load(std::memory_order_acquire);
  const Remembered& known = remembered_of(newest);
  if (!newest || known.newest != newest || !(known.options == default_options())) return nullptr;
  const Variant& variant = *known.variant;
  const Repetition& repetition = *known.repetition;
  const std::size_t made = repetition.made, count = repetition.layouts.size();
  const TensorView* tensors[most_tensors];
  std::fill_n(tensors, made, nullptr);
  if (!has_axes(variant, operands) || !bind(variant, operands, repetition.layouts, made, tensors)) return nullptr;
  Scalar numbers[most_numbers];
  if (operands.scalar_count > 0) {
    if (!has_constants(variant, operands)) return nullptr;
    convert_scalars(variant, operands, {tensors, count}, numbers);
  }
  if (made == 0 && !variant.executable->is_apart({tensors, count})) return nullptr;
  for (std::size_t t = 0; t < made; ++t) {
    results[t] = Array::uninitialised(repetition.layouts[t]);
    tensors[t] = &results[t].view();
  }
  void* addresses[most_tensors + 1];
  for (std::size_t t = 0; t < count; ++t) addresses[t] = tensors[t]->data;
  addresses[count] = nullptr;
  const std::optional<Ticks> taken = repeat(repetition, addresses, numbers, known.options.threads);
  if (!taken) {  // what the error says, another run finds out
    for (std::size_t t = 0; t < made; ++t) results[t] = Array();
    return nullptr;
  }
  time = *taken;
  return &known;
}

}  // namespace ricci
