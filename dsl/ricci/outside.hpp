#pragma once
// What happens outside: clip(x)[i + 1] and its siblings say what an access does with computed subscripts that are not
// inside the axes of x. Subscripts that are a bare index always fit; a negative integer first counts from the end.
#include "ricci/tensor.hpp"

namespace ricci {

/// A tensor with a policy, to be subscripted. `V`: nothing, or the value of fill().
template <Outside outside, bool writable, DType dtype, int rank, class... V>
class Bounded {
 public:
  explicit Bounded(const Array& array, V... value) : array_(array), value_(std::move(value)...) {}

  template <class... S>
  auto operator[](S&&... subscripts) const { return access(std::forward<S>(subscripts)...); }
  template <class... S>
  auto operator()(S&&... subscripts) const { return access(std::forward<S>(subscripts)...); }

 private:
  template <class... S>
  auto access(S&&... subscripts) const {
    return detail::access<writable, outside, dtype, rank>(array_, value_, std::forward<S>(subscripts)...);
  }

  Array array_;
  [[no_unique_address]] boost::hana::basic_tuple<V...> value_;
};

namespace detail {

template <class>
inline constexpr bool is_tensor = false;
template <class T, int rank>
inline constexpr bool is_tensor<Tensor<T, rank>> = true;

template <Outside outside, class X, class... V>
auto bounded(X& x, V&&... value) {
  if constexpr (is_poison<std::remove_const_t<X>> || (is_poison<Bare<V>> || ...)) return Poison{};
  else if constexpr (!is_tensor<std::remove_const_t<X>>) return refuse<OutsideOfAnExpression<X>>();
  else
    return Bounded<outside, !std::is_const_v<X>, X::dtype, X::rank(), Node<V>...>(x.array(),
                                                                                  Node<V>(std::forward<V>(value))...);
}

}  // namespace detail

/// clip(x)[...]: the nearest element. An axis of extent 0 has none: Error{bounds}.
template <Expression X>
auto clip(X&& x) { return detail::bounded<Outside::clip>(x); }
/// wrap(x)[...]: subscripts are taken modulo the extent. An axis of extent 0 has no elements: Error{bounds}.
template <Expression X>
auto wrap(X&& x) { return detail::bounded<Outside::wrap>(x); }
/// fill(x, v)[...]: v outside, where x is not read; v may be an expression. For reading.
template <Expression X, Operand V>
auto fill(X&& x, V&& value) { return detail::bounded<Outside::fill>(x, std::forward<V>(value)); }
/// drop(x)[...] = e, += e, ...: nothing is written outside. For writing.
template <Expression X>
auto drop(X&& x) { return detail::bounded<Outside::drop>(x); }
/// assume_inside(x)[...]: not checked. Undefined behaviour outside.
template <Expression X>
auto assume_inside(X&& x) { return detail::bounded<Outside::assume_inside>(x); }

}  // namespace ricci
