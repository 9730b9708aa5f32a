// Random subscripts, and reads with them.
#include <algorithm>

#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

Generator::Subscript Generator::subscript(std::int64_t n, const Axes& scope, int depth) {
  if (depth < -2) return {whole(below(static_cast<int>(n))), true};
  if (!choices_.empty() && chance(30))
    if (Expr found = chosen(scope, depth)) return {found, false};
  switch (below(7)) {
    case 0:
    case 1:
      for (TensorId t = 0; t < p().tensors.size(); ++t)
        if (limits_[t] > 0 && limits_[t] <= n)
          if (Expr element = read_of(t, scope, depth - 1)) return {cast(g(), DType::i64, element), false};
      break;
    case 2:
      if (const Axes axes = fold_axes(scope); !axes.empty() && elements_over(axes) <= n)
        return {chance(70) ? winner(axes, depth, scope, true) : sorted(axes, depth, scope), true};
      break;
    case 3:
      return {op(Op::remainder, {expression(DType::i64, depth - 1, scope), whole(n)}), true};
    case 4:
      return {op(Op::minimum, {op(Op::maximum, {expression(DType::i64, depth - 1, scope), whole(0)}), whole(n - 1)}),
              true};
    case 5:
      if (!scope.empty()) {
        const AxisId id = one_of(scope);
        Expr shifted = op(Op::add, {axis(g(), id), whole(below(4) - 1)});
        if (options_.bad_subscripts && chance(8)) return {shifted, false};
        Expr above = op(Op::greater_equal, {shifted, whole(0)});
        return {shifted, true, op(Op::logical_and, {above, op(Op::less, {shifted, whole(n)})})};
      }
      break;
    case 6:
      if (!scope.empty())
        if (const AxisId id = one_of(scope); extents_[id] <= n)
          return {op(Op::subtract, {whole(n - 1), axis(g(), id)}), true};
      break;
  }
  return {whole(below(static_cast<int>(n))), true};
}

Expr Generator::any_read(const Axes& scope, int depth) {
  return read_of(static_cast<TensorId>(below(static_cast<int>(p().tensors.size()))), scope, depth);
}

Expr Generator::read_of(TensorId tensor, const Axes& scope, int depth) {
  if (limits_[tensor] == hidden) return nullptr;
  std::vector<Expr> subscripts;
  Expr guard = depth > 0 && chance(5) ? expression(DType::b1, depth - 1, scope) : nullptr;
  bool inside = true;
  for (int k = 0; k < p().tensors[tensor].rank; ++k) {
    const std::int64_t n = view(tensor).layout.extents[k];
    Axes fitting;
    std::ranges::copy_if(scope, std::back_inserter(fitting), [&](AxisId id) { return extents_[id] == n; });
    if (!fitting.empty() && (n == 0 || chance(80))) {
      subscripts.push_back(bare(one_of(fitting), tensor, k));
    } else if (n == 0) {
      return nullptr;
    } else {
      const Subscript s = subscript(n, scope, depth);
      subscripts.push_back(s.value);
      inside &= s.inside;
      if (s.guard) guard = guard ? op(Op::logical_and, {guard, s.guard}) : s.guard;
    }
  }
  const Policy policy = inside && chance(10) ? Policy::assume_inside : Policy::check;
  return read(g(), tensor, p().tensors[tensor].dtype, std::move(subscripts), policy, guard);
}

Expr Generator::bare(AxisId id, TensorId tensor, int k) {
  const TensorAxis use{tensor, static_cast<std::uint32_t>(k)};
  std::vector<TensorAxis>& sizes = p().axes[id].sizes;
  if (std::ranges::find(sizes, use) == sizes.end()) sizes.push_back(use);
  return axis(g(), id);
}

}  // namespace ricci::test
