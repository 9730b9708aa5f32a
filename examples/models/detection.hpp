#pragma once
// Detection: keeping the best of boxes that overlap.
#include "ricci/ricci.hpp"

namespace example {

using namespace ricci;

/// What two boxes have in common, as a share of what they cover together: box (n, 4) has the corners y0, x0, y1, x1;
/// p and q are subscripts.
template <class T, Expression P, Expression Q>
auto intersection_over_union(const Tensor<T, 2>& box, const P& p, const Q& q) {
  const auto side = [&](int axis) {
    return maximum(minimum(box[p, axis + 2], box[q, axis + 2]) - maximum(box[p, axis], box[q, axis]), 0);
  };
  const auto area = [&](const auto& n) { return (box[n, 2] - box[n, 0]) * (box[n, 3] - box[n, 1]); };
  const auto common = side(0) * side(1);
  return common / (area(p) + area(q) - common);
}

/// Non-maximum suppression: from the best box to the worst, a box is kept unless one that was kept before overlaps it
/// by more than the threshold. -> whether each box is kept. Of equal scores the first counts as better.
template <class T>
Tensor<bool, 1> non_maximum_suppression(const Tensor<T, 2>& box, const Tensor<T, 1>& score, double threshold) {
  auto [i, j] = indices<"i j">;
  const Tensor<std::int64_t, 1> order = argsort(i, score[i], descending);
  Tensor<bool, 1> kept(score.extents()), result(score.extents());
  kept[i].scan(i, all(j(0, i), (intersection_over_union(box, order[i], order[j]) <= threshold) | !kept[j]));
  result[order[i]] = kept[i];
  return result;
}

}  // namespace example
