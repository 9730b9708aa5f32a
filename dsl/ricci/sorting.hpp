#pragma once
// sort, argsort, topk and argtopk. Sorts are stable; NaN counts as the largest, -0 equals 0, and equals stand by
// smallest index, also when descending.
#include "ricci/reductions.hpp"

namespace ricci {

/// sort(k, e, descending), argsort(x, axis, descending): from the largest, NaN first.
struct Descending {};
inline constexpr Descending descending{};

/// The reduction E from the largest, and of `taken` elements alone if that is not 0.
template <class E, std::int64_t taken>
struct FromLargest : Subscriptable<FromLargest<E, taken>> {
  static constexpr Syntax syntax = takes(E::syntax.reducer) ? taking(E::syntax, taken) : ricci::from_largest(E::syntax);
  E order;
  explicit FromLargest(E e) : order(std::move(e)) {}
  void collect(Frame& frame) const { order.collect(frame); }
};

namespace detail {

/// `E` has not been checked: what it takes belongs to the check.
template <std::int64_t taken, class E>
auto from_largest(E&& order) {
  if constexpr (is_poison<E>)
    return Poison{};
  else
    return make_node<FromLargest<Bare<E>, taken>>(std::forward<E>(order));
}

template <Reducer reducer, std::int64_t taken, class... B, class E>
auto take_over(E&& e, const B&...) {
  if constexpr (sizeof...(B) > 1 && OverCheck<B...>::fault)
    return refuse<OverCheck<B...>>();
  else
    return from_largest<taken>(Reduce<reducer, Node<E>, B...>(Node<E>(std::forward<E>(e)), B{}...));
}

template <Reducer reducer, std::int64_t taken, std::size_t left, class First, class... Rest>
auto take_named(First&& first, Rest&&... rest) {
  if constexpr (left == 0)
    return take_over<reducer, taken>(std::forward<First>(first), std::forward<Rest>(rest)...);
  else
    return take_named<reducer, taken, left - 1>(std::forward<Rest>(rest)..., std::forward<First>(first));
}

template <Reducer reducer, std::int64_t taken, class E, int... axis>
auto take_axes(E&& e, Axes<axis...>) {
  using Check = AxesCheck<rank_of<E>, axis...>;
  if constexpr (Check::fault)
    return refuse<Check>();
  else
    return from_largest<taken>(
        ReduceAxis<reducer, false, Node<E>, sizeof...(axis)>(Node<E>(std::forward<E>(e)), axis...));
}

template <Reducer reducer, std::int64_t taken, class E>
auto take_whole(E&& e) {
  using Check = WholeCheck<reducer, rank_of<E>>;
  if constexpr (Check::fault)
    return refuse<Check>();
  else
    return take_axes<reducer, taken>(std::forward<E>(e), Axes<0>{});
}

}  // namespace detail

#define RICCI_SORT(name)                                                                                     \
  template <Binder B, Expression E>                                                                          \
  auto name(const B& over, E&& e, Descending) {                                                              \
    return detail::from_largest<0>(name(over, std::forward<E>(e)));                                          \
  }                                                                                                          \
  template <Binder A, Binder B, Expression E>                                                                \
  auto name(const A& outer, const B& inner, E&& e, Descending) {                                             \
    return detail::from_largest<0>(name(outer, inner, std::forward<E>(e)));                                  \
  }                                                                                                          \
  template <Expression E>                                                                                    \
  requires(!Binder<E>) auto name(E&& e, Descending) {                                                        \
    return detail::from_largest<0>(detail::reduce_whole<Reducer::name>(std::forward<E>(e)));                 \
  }                                                                                                          \
  template <Expression E>                                                                                    \
  requires(!Binder<E>) auto name(E&& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis, Descending) { \
    using Order = ReduceAxis<Reducer::name, false, Node<E>>;                                                 \
    return detail::from_largest<0>(make_node<Order>(Node<E>(std::forward<E>(e)), axis.value));               \
  }                                                                                                          \
  template <Expression E, int... axis>                                                                       \
  requires(!Binder<E>) auto name(E&& e, Axes<axis...> over, Descending) {                                    \
    return detail::from_largest<0>(name(std::forward<E>(e), over));                                          \
  }
RICCI_SORT(sort)
RICCI_SORT(argsort)
#undef RICCI_SORT

/// topk<K>(x, axis): the K largest along the axis, from the largest; topk<K>(v) of one axis; of several, topk<K>(x,
/// axes<0, 2>), the new axis stands where the first of them was. topk<K>(j, e), topk<K>(h, w, e): instead of the
/// indices one unnamed axis of extent K, to be named where others are: topk<2>(e, logits[n, e])[p]. Throws
/// Error{extent} for more than there are.
#define RICCI_TAKE(name)                                                                                 \
  template <std::int64_t taken, Binder B, class... Rest>                                                 \
  requires(sizeof...(Rest) > 0) auto name(const B& over, Rest&&... rest) {                               \
    return detail::take_named<Reducer::name, taken, sizeof...(Rest)>(over, std::forward<Rest>(rest)...); \
  }                                                                                                      \
  template <std::int64_t taken, Expression E>                                                            \
  requires(!Binder<E>) auto name(E&& e) {                                                                \
    return detail::take_whole<Reducer::name, taken>(std::forward<E>(e));                                 \
  }                                                                                                      \
  template <std::int64_t taken, Expression E>                                                            \
  requires(!Binder<E>) auto name(E&& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis) {         \
    return detail::from_largest<taken>(                                                                  \
        ReduceAxis<Reducer::name, true, Node<E>>(Node<E>(std::forward<E>(e)), axis.value));              \
  }                                                                                                      \
  template <std::int64_t taken, Expression E, int... axis>                                               \
  requires(!Binder<E>) auto name(E&& e, Axes<axis...> over) {                                            \
    return detail::take_axes<Reducer::name, taken>(std::forward<E>(e), over);                            \
  }
RICCI_TAKE(topk)
RICCI_TAKE(argtopk)  // their indices; row-major over several
#undef RICCI_TAKE

}  // namespace ricci
