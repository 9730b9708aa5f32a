#pragma once
// Coordinates of what argmax, argmin, argsort, argtopk and nonzero find over several indices.
#include "ricci/expression.hpp"

namespace ricci {

/// along(h, argmax(h, w, e)): the value of h where e is largest. Subscripts that are made of it need no check.
template <class I, class E>
struct Along : Subscriptable<Along<I, E>> {
  static constexpr Syntax syntax = make_along(*I::syntax.bound[0], E::syntax);
  E search;
  explicit Along(E e) : search(std::move(e)) {}
  void collect(Frame& frame) const { search.collect(frame); }
};

namespace detail {
template <class Given>
struct AlongNoIndex {
  static constexpr Fault fault{Rule::along_another_index, {}};
};
}  // namespace detail

template <class I, Expression E>
auto along(const I&, E&& search) {
  if constexpr (is_poison<I>) return Poison{};
  else if constexpr (!IndexLike<I>) return refuse<detail::AlongNoIndex<I>>();
  else return make_node<Along<I, Node<E>>>(Node<E>(std::forward<E>(search)));
}

}  // namespace ricci
