// Axes that run as far as the arithmetic of subscripts stays inside.
#include <algorithm>

#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

void Generator::make_window() {
  Axes axes = outside({});
  shuffle(axes);
  const AxisId id = axes[0];
  if (extents_[id] == 0 || !p().axes[id].inside.empty()) return;
  const std::int64_t factor = one_of<std::int64_t>({1, 1, 1, 2, 3}), last = factor * (extents_[id] - 1);
  const std::int64_t unused = below(static_cast<int>(factor)), shift = below(3);
  const bool descends = chance(25);
  std::int64_t size = last + unused + shift + 1;
  Expr rest = whole(descends ? last + unused : shift);
  if (!descends && axes.size() > 1 && chance(60) && extents_[axes[1]] > 0 && p().axes[axes[1]].inside.empty()) {
    rest = op(Op::add, {axis(g(), axes[1]), whole(shift)});
    size += extents_[axes[1]] - 1;
  }
  if (size > 5000) return;
  const DType dtype = one_of(stored_);
  const TensorId tensor = make_tensor(dtype, {size}, 0);
  const std::int64_t coefficient = descends ? -factor : factor;
  const Expr scaled = op(Op::multiply, {axis(g(), id), whole(coefficient)});
  p().axes[id].inside.push_back({{tensor, 0}, coefficient, rest});
  windows_.push_back({tensor, op(Op::add, {scaled, rest})});
}

Expr Generator::window_read(const Axes& scope) {
  const Window window = one_of(windows_);
  const bool bound = std::ranges::all_of(window.subscript->free,
                                         [&](AxisId id) { return std::ranges::count(scope, id) > 0; });
  if (!bound || limits_[window.tensor] == hidden) return nullptr;
  return read(g(), window.tensor, p().tensors[window.tensor].dtype, {window.subscript});
}

}  // namespace ricci::test
