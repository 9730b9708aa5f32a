// Random reductions, scans, winners and sorts.
#include <algorithm>

#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

namespace {

std::vector<AxisId> both(std::vector<AxisId> scope, const std::vector<AxisId>& more) {
  scope.insert(scope.end(), more.begin(), more.end());
  return scope;
}

}  // namespace

Generator::Axes Generator::outside(const Axes& scope) {
  Axes others;
  for (AxisId id = 0; id < extents_.size(); ++id)
    if (std::ranges::find(scope, id) == scope.end()) others.push_back(id);
  return others;
}

Generator::Axes Generator::fold_axes(const Axes& scope) {
  Axes others = outside(scope);
  shuffle(others);
  others.resize(std::min<std::size_t>(others.size(), chance(75) ? 1 : 2));
  return others;
}

std::int64_t Generator::elements_over(const Axes& axes) {
  std::int64_t n = 1;
  for (AxisId id : axes) n *= extents_[id];
  return n;
}

Expr Generator::reduction(DType dtype, int depth, const Axes& scope) {
  const Axes axes = fold_axes(scope);
  if (axes.empty()) return leaf(dtype, scope, depth);
  const Axes inside = both(scope, axes);
  if (is_full() && dtype != DType::b1 && chance(20))
    if (Expr product = contraction(dtype, scope)) return product;
  if (chance(15)) return cast(g(), dtype, winner(axes, depth, scope, chance(80)));
  if (chance(10)) return cast(g(), dtype, sorted(axes, depth, scope));
  const std::vector<Range> ranges = random_ranges(axes, depth, scope);
  if (dtype == DType::b1) {
    const Reduction r = one_of({Reduction::any, Reduction::all});
    return fold(g(), r, axes, expression(dtype, depth - 1, inside), ranges);
  }
  const bool empty = elements_over(axes) == 0;
  const Reduction r = empty || chance(65) ? (chance(92) ? Reduction::sum : Reduction::prod)
                                          : one_of({Reduction::max, Reduction::min});
  Expr body = expression(dtype, depth - 1, inside);
  if (r == Reduction::sum && chance(40)) {  // a one-hot product
    const AxisId hot = one_of(axes);
    Expr chosen = chance(60) ? subscript(std::max<std::int64_t>(extents_[hot], 1), scope, depth - 1).value
                             : expression(DType::i64, depth - 1, inside);
    body = op(Op::select, {op(Op::equal, {axis(g(), hot), chosen}), body, constant(g(), integer(dtype, 0))});
  }
  return fold(g(), r, axes, body, ranges);
}

Expr Generator::scan(DType dtype, int depth, const Axes& scope) {
  const AxisId along = one_of(scope);
  Axes others = outside(scope);
  if (others.empty() || chance(70)) {  // an axis of the same extent
    const AxisDecl same = p().axes[along];
    p().axes.push_back(same);
    p().axes.back().name += std::to_string(p().axes.size());
    extents_.push_back(std::int64_t{extents_[along]});
    others = {static_cast<AxisId>(extents_.size() - 1)};
  }
  const AxisId k = one_of(others);
  Axes inside = both(scope, {k});
  std::erase(inside, along);
  const bool backwards = chance(30);
  const Expr moving = op(Op::add, {axis(g(), along), whole(one_of<std::int64_t>({backwards ? 0 : 1, 1, 0, 2, -1}))});
  const Expr fixed = chance(70) ? nullptr : whole(below(6));
  const Range range = backwards ? Range{moving, fixed} : Range{fixed, moving};
  if (dtype == DType::b1) return fold(g(), Reduction::any, {k}, expression(dtype, depth - 1, inside), {range});
  const Reduction r =
      one_of({Reduction::sum, Reduction::prod, Reduction::max, Reduction::min, Reduction::argmax, Reduction::argmin});
  return cast(g(), dtype, fold(g(), r, {k}, expression(one_of(numbers_), depth - 1, inside), {range}));
}

std::vector<Range> Generator::random_ranges(const Axes& axes, int depth, const Axes& scope) {
  std::vector<Range> ranges;
  if (!chance(30)) return ranges;
  for (AxisId id : axes) {
    const auto bound = [&]() -> Expr {
      if (chance(30)) return nullptr;
      if (chance(40)) return whole(below(static_cast<int>(extents_[id]) + 3) - 1);
      if (!scope.empty() && chance(50)) return op(Op::add, {axis(g(), one_of(scope)), whole(below(3) - 1)});
      return expression(DType::i64, depth - 2, scope);
    };
    const Expr low = bound();
    ranges.push_back({low, bound()});
  }
  return ranges;
}

Expr Generator::winner(const Axes& axes, int depth, const Axes& scope, bool index) {
  if (elements_over(axes) == 0) return whole(0);
  const Reduction r = one_of({Reduction::argmax, Reduction::argmin});
  const std::vector<Range> ranges = random_ranges(axes, depth, scope);
  Expr found = fold(g(), r, axes, expression(one_of(numbers_), depth - 1, both(scope, axes)), ranges);
  return index ? found : project(g(), found->as<Project>()->fold, 0);
}

Expr Generator::sorted(const Axes& axes, int depth, const Axes& scope) {
  const std::int64_t elements = elements_over(axes);
  if (elements == 0) return whole(0);
  Axes fitting;
  std::ranges::copy_if(scope, std::back_inserter(fitting), [&](AxisId id) { return extents_[id] <= elements; });
  const std::int64_t places = elements + (options_.bad_subscripts && chance(10) ? 1 : 0);
  Expr position = !fitting.empty() && chance(70)
                      ? axis(g(), one_of(fitting))
                      : op(Op::remainder, {expression(DType::i64, depth - 1, scope), whole(places)});
  const Expr key = expression(one_of(stored_), depth - 1, both(scope, axes));
  return sort(g(), axes, key, position, chance(50));
}

}  // namespace ricci::test
