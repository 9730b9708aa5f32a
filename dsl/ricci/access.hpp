#pragma once
// Access: a tensor with its subscripts. On the right it reads, on the left it writes.
#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/unpack.hpp>

#include "ricci/evaluate.hpp"
#include "ricci/positional.hpp"

namespace ricci {

namespace detail {

// What a subscript is inside the access: whole numbers of every type are one type of subscript, and so are the kinds
// of whole axes; an ellipsis stands for `rest` of them.
template <class S, int rest>
struct SubscriptOf {
  using type = Node<S>;
};
template <class S, int rest>
  requires(std::is_integral_v<S> && !std::is_same_v<S, bool>)
struct SubscriptOf<S, rest> {
  using type = Integer;
};
template <class S, int rest>
  requires is_positional<S>
struct SubscriptOf<S, rest> {
  using type = std::conditional_t<std::is_same_v<S, NewAxis>, Inserted,
                                  Whole<std::is_same_v<S, Ellipsis> ? rest : 1>>;
};
template <class S, int rest>
using Subscript = typename SubscriptOf<Bare<S>, rest>::type;

template <class D, class S>
constexpr D subscript(S&& s) {
  if constexpr (std::is_same_v<D, Integer>) return Integer{static_cast<std::int64_t>(s)};
  else if constexpr (is_positional<Bare<S>>) return D{};
  else return D(std::forward<S>(s));
}

}  // namespace detail

/// `S` are the subscripts, and for Outside::fill the value after them. Unnamed axes may be named: x[mask][n].
template <bool writable, Outside outside, DType dtype, int rank, class... S>
class Access : public Subscriptable<Access<writable, outside, dtype, rank, S...>> {
  static constexpr const Syntax* subscripts_syntax[] = {&S::syntax..., nullptr};

 public:
  static constexpr Syntax syntax = make_access(dtype, rank, subscripts_syntax, sizeof...(S), writable, outside);

  template <class... X>
  explicit Access(const Array& array, X&&... subscripts)
      : array_(array), subscripts_(detail::subscript<S>(std::forward<X>(subscripts))...) {}
  /// The same access without the permission to write.
  Access(const Access<true, outside, dtype, rank, S...>& other)
    requires(!writable)
      : array_(other.array_), subscripts_(other.subscripts_) {}
  Access(const Access&) = default;
  Access(Access&&) = default;

  // Every assignment evaluates, also that of an access of the same type.
  void operator=(const Access& e) { update<Assign::set>(e); }
  void operator=(Access&& e) { update<Assign::set>(e); }
  template <Operand E>
  void operator=(const E& e) { update<Assign::set>(e); }
  template <Operand E>
  void operator+=(const E& e) { update<Assign::add>(e); }
  template <Operand E>
  void operator-=(const E& e) { update<Assign::subtract>(e); }
  template <Operand E>
  void operator*=(const E& e) { update<Assign::multiply>(e); }
  template <Operand E>
  void operator|=(const E& e) { update<Assign::bit_or>(e); }
  template <Operand E>
  void operator&=(const E& e) { update<Assign::bit_and>(e); }
  /// element = max(element, e); NaN wins.
  template <Operand E>
  void max_assign(const E& e) { update<Assign::max>(e); }
  template <Operand E>
  void min_assign(const E& e) { update<Assign::min>(e); }

  /// A recurrence: `t`, one of the subscripts, runs in increasing order, and `e` sees the tensor as earlier t left it.
  /// For each t the assignment over all other indices happens at once. Where e reads an element of the same or a later
  /// t, it is as it was before:
  ///     d[t, k].scan(t, where(t > 0, max(j, d[t - 1, j] + a[j, k]), e[0, k]))
  template <IndexLike I, Operand E>
  void scan(const I&, const E& e) {
    using Step = Scan<I, Node<E>>;
    if constexpr (is_poison<E>) return;
    else update<Assign::set>(Step(Node<E>(e)));
  }

  void collect(Frame& frame) const {
    frame.tensor(array_);
    boost::hana::unpack(subscripts_, [&](const auto&... s) { (s.collect(frame), ...); });
  }

 private:
  template <bool, Outside, DType, int, class...>
  friend class Access;

  template <Assign assign, class E>
  void update(const E& e) {
    using Statement = detail::Assignment<Access, assign, Node<E>>;
    if constexpr (is_poison<E>) return;
    else if constexpr (Statement::fault) refuse<Statement>();
    else if constexpr (Arithmetic<E>) detail::run<Statement>(*this, Node<E>(e));
    else detail::run<Statement>(*this, e);
  }

  Array array_;
  [[no_unique_address]] boost::hana::basic_tuple<S...> subscripts_;
};

template <Outside outside, DType dtype, int rank, class... S>
struct NodeOf<Access<true, outside, dtype, rank, S...>> {
  using type = Access<false, outside, dtype, rank, S...>;
};

namespace detail {

/// The access, or the refusal of it; `value` is nothing, or that of fill().
template <bool writable, Outside outside, DType dtype, int rank, class... V, class... S>
auto access(const Array& array, const boost::hana::basic_tuple<V...>& value, S&&... subscripts) {
  if constexpr ((is_poison<Bare<S>> || ...)) {
    return Poison{};
  } else if constexpr (!((Operand<S> || is_positional<Bare<S>>) && ...)) {
    return refuse<NotASubscript<S...>>();
  } else if constexpr ((0 + ... + std::is_same_v<Bare<S>, Ellipsis>) > 1) {
    return refuse<SeveralEllipses<S...>>();
  } else {
    constexpr int left = rank - (0 + ... + consumed_by<Bare<S>>()), rest = left > 0 ? left : 0;
    using A = Access<writable, outside, dtype, rank, Subscript<S, rest>..., V...>;
    if constexpr (check(A::syntax)) {
      return refuse<NodeCheck<A>>();
    } else {
      return boost::hana::unpack(value, [&](const V&... v) {
        if constexpr (!(std::is_same_v<Bare<S>, Slice> || ...)) return A(array, std::forward<S>(subscripts)..., v...);
        else return A(sliced_by<rest>(array, subscripts...), std::forward<S>(subscripts)..., v...);
      });
    }
  }
}

}  // namespace detail

}  // namespace ricci
