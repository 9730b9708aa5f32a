#pragma once
// Where a condition holds: an array whose extent the data decides.
#include "ricci/reductions.hpp"

namespace ricci {

/// One unnamed axis: the choices of the indices I at which the condition holds (no I: the places of an array), as
/// row-major numbers. For one index those are its values.
template <class E, class... I>
struct Nonzero : Subscriptable<Nonzero<E, I...>> {
  static constexpr Syntax syntax = make_nonzero(detail::index_set<I...>(), E::syntax, (is_range<I> || ...));
  E condition;
  explicit Nonzero(E e) : condition(std::move(e)) {}
  void collect(Frame& frame) const { condition.collect(frame); }
};

namespace detail {

template <class E, class... B>
auto nonzero_over(E&& e, const B&...) {
  if constexpr ((is_poison<B> || ...)) return Poison{};
  else if constexpr (sizeof...(B) > 1 && OverCheck<B...>::fault) return refuse<OverCheck<B...>>();
  else return make_node<Nonzero<Node<E>, B...>>(Node<E>(std::forward<E>(e)));
}

/// The first arguments are what is bound, the last is the condition: it comes to the front.
template <std::size_t left, class First, class... Rest>
auto nonzero_named(First&& first, Rest&&... rest) {
  if constexpr (left == 0) return nonzero_over(std::forward<First>(first), std::forward<Rest>(rest)...);
  else return nonzero_named<left - 1>(std::forward<Rest>(rest)..., std::forward<First>(first));
}

}  // namespace detail

/// nonzero(i, j, condition)[n]: the n-th place, counted i * J + j, at which the condition holds (is not zero), in
/// row-major order. The extent of n is how many there are: F[nonzero(i, X[i] > 0)[n], c] are the rows of F where X is
/// positive. The condition has no other free indices.
template <Binder I, class... Rest>
  requires(sizeof...(Rest) > 0)
auto nonzero(const I& over, Rest&&... rest) {
  return detail::nonzero_named<sizeof...(Rest)>(over, std::forward<Rest>(rest)...);
}
/// nonzero(mask): the same over all axes of an array without subscripts.
template <Expression E>
  requires(!Binder<E>)
auto nonzero(E&& e) {
  return make_node<Nonzero<Node<E>>>(Node<E>(std::forward<E>(e)));
}

}  // namespace ricci
