#pragma once
// Expression nodes. A node is a value: it owns its children and, through counted handles, the tensors in them, so no
// expression dangles. What it means is one constexpr Syntax; collect() lays down its leaves for a call.
#include <concepts>

#include "ricci/refusal.hpp"

namespace ricci {

template <class E>
using Bare = std::remove_cvref_t<E>;
template <class E>
concept Expression = requires {
  { Bare<E>::syntax } -> std::convertible_to<const Syntax&>;
};
template <class E>
concept IndexLike = is_index<Bare<E>>;
template <class E>
concept Arithmetic = std::is_arithmetic_v<Bare<E>> || Float16<Bare<E>>;
template <class E>
concept Operand = Expression<E> || Arithmetic<E>;
template <class... E>
concept OperandList = (Operand<E> && ...) && (Expression<E> || ...);

template <class... E>
concept BadOperandList = (Expression<E> || ...) && !OperandList<E...>;

template <class E>
inline constexpr bool is_poison = std::is_same_v<E, Poison>;

/// A number of the program; `dtype` is b1, i64 or f64.
template <DType dtype>
struct Number {
  static constexpr Syntax syntax = make_number(dtype);
  Scalar value;

  template <class T>
  explicit Number(T number) : value(scalar_of(number)) {}
  void collect(Frame& frame) const { frame.scalar(value); }

 private:
  template <class T>
  static Scalar scalar_of(T number) {
    if constexpr (dtype == DType::f64) return Scalar::of(static_cast<double>(number));
    else if constexpr (dtype == DType::b1) return Scalar::of(number);
    else if constexpr (std::is_signed_v<T>) return Scalar::of(static_cast<std::int64_t>(number));
    else return Scalar::of(static_cast<std::uint64_t>(number));
  }
};

/// A whole number as a subscript.
struct Integer {
  static constexpr Syntax syntax = make_integer();
  std::int64_t value;
  void collect(Frame& frame) const { frame.scalar(Scalar::of(value)); }
};

// What an operand is inside a node: an expression as itself, but an access without its permission to write.
template <class E>
struct NodeOf {
  using type = E;
};
template <Arithmetic E>
struct NodeOf<E> {
  using type = Number<std::is_same_v<E, bool> ? DType::b1 : std::is_integral_v<E> ? DType::i64 : DType::f64>;
};
template <class E>
using Node = typename NodeOf<Bare<E>>::type;

/// index(low, high), where the index is bound.
template <class I, class Low, class High>
struct IndexRange {
  static constexpr Syntax syntax = make_range(I::name, Low::syntax, High::syntax);
  [[no_unique_address]] Low low;
  [[no_unique_address]] High high;
  IndexRange(Low from, High to) : low(std::move(from)), high(std::move(to)) {}
  void collect(Frame& frame) const {
    low.collect(frame);
    high.collect(frame);
  }
};
template <class>
inline constexpr bool is_range = false;
template <class I, class Low, class High>
inline constexpr bool is_range<IndexRange<I, Low, High>> = true;

/// What a reduction binds: an index, or a range of one (or one that was refused).
template <class E>
concept Binder = IndexLike<E> || is_range<Bare<E>> || is_poison<Bare<E>>;

/// The node N of these children, or the refusal of it.
template <class N, class... Children>
constexpr auto make_node(Children&&... children) {
  if constexpr ((is_poison<Bare<Children>> || ...)) return Poison{};
  else if constexpr (check(N::syntax)) return refuse<NodeCheck<N>>();
  else return N(std::forward<Children>(children)...);
}

template <Text Name, class Tag>
template <class Low, class High>
constexpr auto Index<Name, Tag>::operator()(Low&& low, High&& high) const {
  if constexpr (!Operand<Low> || !Operand<High>) return refuse<NotAnOperand<Bare<Low>, Bare<High>>>();
  else
    return make_node<IndexRange<Index, Node<Low>, Node<High>>>(Node<Low>(std::forward<Low>(low)),
                                                               Node<High>(std::forward<High>(high)));
}

/// Any unnamed value with explicit indices: argmax(scores, 1)[b, h, w].
template <class E, class... I>
struct Named {
  static constexpr const Syntax* subscripts[] = {&I::syntax..., nullptr};
  static constexpr Syntax syntax = make_named(E::syntax, subscripts, sizeof...(I));
  E value;
  explicit Named(const E& e) : value(e) {}
  void collect(Frame& frame) const { value.collect(frame); }
};

/// Gives a node its subscripts: e[b, h, w] and e(b, h, w).
template <class E>
struct Subscriptable {
  template <class... I>
  auto operator[](const I&...) const {
    return subscripted<I...>();
  }
  template <class... I>
  auto operator()(const I&...) const {
    return subscripted<I...>();
  }

 private:
  template <class... I>
  auto subscripted() const {
    if constexpr ((Expression<I> && ...)) return make_node<Named<Node<E>, I...>>(Node<E>(static_cast<const E&>(*this)));
    else return refuse<NotASubscript<I...>>();
  }
};

namespace detail {
constexpr Syntax apply_syntax(Op op, const Syntax& a) {
  const Syntax* const args[] = {&a};
  return make_apply(op, args, 1);
}
constexpr Syntax apply_syntax(Op op, const Syntax& a, const Syntax& b) {
  const Syntax* const args[] = {&a, &b};
  return make_apply(op, args, 2);
}
constexpr Syntax apply_syntax(Op op, const Syntax& a, const Syntax& b, const Syntax& c) {
  const Syntax* const args[] = {&a, &b, &c};
  return make_apply(op, args, 3);
}
}  // namespace detail

template <Op op, class A>
struct Unary : Subscriptable<Unary<op, A>> {
  static constexpr Syntax syntax = detail::apply_syntax(op, A::syntax);
  [[no_unique_address]] A a;
  explicit Unary(A x) : a(std::move(x)) {}
  void collect(Frame& frame) const { a.collect(frame); }
};

template <Op op, class A, class B>
struct Binary : Subscriptable<Binary<op, A, B>> {
  static constexpr Syntax syntax = detail::apply_syntax(op, A::syntax, B::syntax);
  [[no_unique_address]] A a;
  [[no_unique_address]] B b;
  Binary(A x, B y) : a(std::move(x)), b(std::move(y)) {}
  void collect(Frame& frame) const {
    a.collect(frame);
    b.collect(frame);
  }
};

template <Op op, class A, class B, class C>
struct Ternary : Subscriptable<Ternary<op, A, B, C>> {
  static constexpr Syntax syntax = detail::apply_syntax(op, A::syntax, B::syntax, C::syntax);
  [[no_unique_address]] A a;
  [[no_unique_address]] B b;
  [[no_unique_address]] C c;
  Ternary(A x, B y, C z) : a(std::move(x)), b(std::move(y)), c(std::move(z)) {}
  void collect(Frame& frame) const {
    a.collect(frame);
    b.collect(frame);
    c.collect(frame);
  }
};

template <class A>
struct Square : Subscriptable<Square<A>> {
  static constexpr Syntax syntax = make_square(A::syntax);
  [[no_unique_address]] A a;
  explicit Square(A x) : a(std::move(x)) {}
  void collect(Frame& frame) const { a.collect(frame); }
};

template <DType dtype, class A>
struct Cast : Subscriptable<Cast<dtype, A>> {
  static constexpr Syntax syntax = make_cast(dtype, A::syntax);
  [[no_unique_address]] A a;
  explicit Cast(A x) : a(std::move(x)) {}
  void collect(Frame& frame) const { a.collect(frame); }
};

/// The right-hand side of a recurrence; see Access::scan.
template <class I, class A>
struct Scan {
  static constexpr Syntax syntax = make_scan(*I::syntax.bound[0], A::syntax);
  [[no_unique_address]] A a;
  explicit Scan(A x) : a(std::move(x)) {}
  void collect(Frame& frame) const { a.collect(frame); }
};

}  // namespace ricci
