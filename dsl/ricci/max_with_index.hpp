#pragma once
// Extrema together with where they are: a tuple of two new tensors, made by one kernel.
#include "ricci/reductions.hpp"
#include "ricci/tensor.hpp"

namespace ricci {

/// auto [best, at] = max_with_index(scores, 1), or max_with_index(c, scores[b, c, h, w]), or max_with_index(v): max and
/// argmax.
template <Expression E>
  requires(!Binder<E>)
auto max_with_index(const E& e) {
  return eval(max(e), argmax(e));
}
template <Expression E>
  requires(!Binder<E>)
auto max_with_index(const E& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis) {
  return eval(max(e, axis), argmax(e, axis));
}
template <Expression E, int... axis>
  requires(!Binder<E>)
auto max_with_index(const E& e, Axes<axis...> over) {
  return eval(max(e, over), argmax(e, over));
}
template <Binder I, class... Rest>
  requires(sizeof...(Rest) > 0)
auto max_with_index(const I& i, const Rest&... rest) {
  return eval(max(i, rest...), argmax(i, rest...));
}

/// min and argmin.
template <Expression E>
  requires(!Binder<E>)
auto min_with_index(const E& e) {
  return eval(min(e), argmin(e));
}
template <Expression E>
  requires(!Binder<E>)
auto min_with_index(const E& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis) {
  return eval(min(e, axis), argmin(e, axis));
}
template <Expression E, int... axis>
  requires(!Binder<E>)
auto min_with_index(const E& e, Axes<axis...> over) {
  return eval(min(e, over), argmin(e, over));
}
template <Binder I, class... Rest>
  requires(sizeof...(Rest) > 0)
auto min_with_index(const I& i, const Rest&... rest) {
  return eval(min(i, rest...), argmin(i, rest...));
}

}  // namespace ricci
