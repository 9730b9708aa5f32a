// Products of which each factor lacks some axes of the results, as of matrices or in convolutions.
#include <algorithm>

#include "support/random_generator.hpp"

namespace ricci::test {

using namespace ir;

Expr Generator::contraction(DType dtype, const Axes& scope) {
  Axes reduced = outside(scope), rows = scope;
  if (reduced.empty() || scope.size() < 2) return nullptr;
  shuffle(reduced);
  reduced.resize(std::min<std::size_t>(reduced.size(), static_cast<std::size_t>(below(3) + 1)));
  shuffle(rows);
  Axes columns;  // of the second factor; the first one has the others
  while (rows.size() > 1 && (columns.empty() || chance(40))) {
    columns.push_back(rows.back());
    rows.pop_back();
  }
  if (chance(20)) columns.push_back(rows[0]);
  const Expr left = factor(dtype, rows, reduced);
  Expr right = factor(dtype, columns, reduced);
  if (chance(30)) {  // of one axis of each kind
    const Axes own{one_of(scope)}, along{one_of(reduced)};
    right = op(Op::multiply, {right, factor(dtype, own, along)});
  }
  const bool is_empty = elements_over(reduced) == 0;
  const Reduction r = is_empty || chance(70) ? Reduction::sum : one_of({Reduction::max, Reduction::min});
  const Op combine = chance(70) ? Op::multiply : one_of({Op::add, Op::subtract, Op::minimum});
  const Expr body = op(combine, {left, right});
  return fold(g(), r, reduced, body);
}

Expr Generator::factor(DType dtype, const Axes& own, const Axes& reduced) {
  struct Side {
    AxisId axis;
    std::optional<AxisId> moved_by;  // the subscript is their sum
  };
  Axes left = reduced;
  shuffle(left);
  std::vector<Side> sides;
  for (AxisId id : own) {
    const bool moves = !left.empty() && chance(40) && extents_[id] > 0 && extents_[left.back()] > 0;
    sides.push_back({id, moves ? std::optional(left.back()) : std::nullopt});
    if (moves) left.pop_back();
  }
  for (AxisId id : left)
    if (chance(90)) sides.push_back({id, std::nullopt});
  shuffle(sides);
  std::vector<std::int64_t> extents;
  for (const Side& side : sides)
    extents.push_back(extents_[side.axis] + (side.moved_by ? extents_[*side.moved_by] - 1 : 0));
  const TensorId tensor = make_tensor(chance(60) ? dtype : one_of(stored_), extents, 0);
  std::vector<Expr> subscripts;
  for (std::size_t k = 0; k < sides.size(); ++k)
    subscripts.push_back(sides[k].moved_by
                             ? op(Op::add, {axis(g(), sides[k].axis), axis(g(), *sides[k].moved_by)})
                             : bare(sides[k].axis, tensor, static_cast<int>(k)));
  return cast(g(), dtype, read(g(), tensor, p().tensors[tensor].dtype, std::move(subscripts)));
}

}  // namespace ricci::test
