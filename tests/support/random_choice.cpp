// Axes whose extent the data decides: where a random condition holds.
#include <algorithm>

#include "ricci/error.hpp"
#include "ricci/extents.hpp"
#include "support/naive.hpp"
#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

void Generator::make_choice() {
  Axes axes = fold_axes({});
  const Expr condition = expression(DType::b1, below(3) + 1, axes);
  const Expr count = ir::count(g(), axes, condition);
  const std::optional<std::int64_t> found = counted(count);
  const std::int64_t iterations = elements_over(outside({}));
  const std::int64_t most = std::max<std::int64_t>(options_.iterations, 20'000);
  if (!found || *found * std::max<std::int64_t>(iterations, 1) > most || (*found == 0 && chance(75))) return;
  Axes needed = axes_within({count});
  for (std::size_t k = 0; k < needed.size(); ++k)
    for (const AffineUse& use : p().axes[needed[k]].inside)
      for (AxisId id : use.rest->free)
        if (std::ranges::count(needed, id) == 0) needed.push_back(id);
  for (AxisId id : needed) {  // it is counted before targets are there that may give them an extent
    const auto is_input = [&](const TensorAxis& use) {
      return std::ranges::count(p().statements, use.tensor, &Statement::target) == 0;
    };
    AxisDecl& axis = p().axes[id];
    if (axis.counts.empty() && std::ranges::none_of(axis.sizes, is_input)) axis.fixed = extents_[id];
  }
  const auto along = static_cast<AxisId>(extents_.size());
  p().axes.push_back({.name = "n" + std::to_string(along), .sizes = {}, .counts = {count}});
  extents_.push_back(*found);
  choices_.push_back({std::move(axes), condition, along});
}

std::optional<std::int64_t> Generator::counted(Expr count) {
  Program counting = p();
  for (AxisId id = 0; id < extents_.size(); ++id)
    if (counting.axes[id].counts.empty()) counting.axes[id].fixed = extents_[id];
  const auto target = static_cast<TensorId>(counting.tensors.size());
  counting.tensors.push_back({"count", DType::i64, 0, {}});
  counting.statements.push_back({.target = target, .subscripts = {}, .update = {}, .value = count, .domain = {}});
  const GuardedTensor result(DType::i64, {});
  std::vector<TensorView> views = case_.tensors.views;
  views.push_back(result.view());
  const Arguments arguments = fresh_arguments(counting, views);
  try {
    const Bounded found = run_naive(counting, arguments.views, case_.params)[target].at(0);
    if (found.error == 0) return found.value.as_int();
  } catch (const Error&) {  // of a subscript outside
  }
  return std::nullopt;
}

Expr Generator::chosen(const Axes& scope, int depth) {
  const Choice& choice = choices_[static_cast<std::size_t>(below(static_cast<int>(choices_.size())))];
  const std::vector<Expr>& counts = p().axes[choice.along].counts;
  const auto along =
      std::ranges::find_if(scope, [&](AxisId id) { return id == choice.along || p().axes[id].counts == counts; });
  const Expr extent = ir::extent(g(), choice.along);
  Expr position = nullptr;
  if (along != scope.end() && chance(80)) {
    position = axis(g(), *along);
    if (chance(15)) position = op(Op::subtract, {op(Op::subtract, {extent, whole(1)}), position});
  } else if (extents_[choice.along] > 0) {
    position = op(Op::remainder, {depth > 0 ? expression(DType::i64, depth - 1, scope) : whole(below(50)), extent});
  } else {
    return nullptr;
  }
  const auto which = static_cast<std::uint32_t>(below(static_cast<int>(choice.axes.size())));
  return nonzero(g(), choice.axes, choice.condition, position, which, choice.along);
}

}  // namespace ricci::test
