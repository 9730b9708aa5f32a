#pragma once
// Operators and functions of expressions: each makes a node for the op of the same name.
#include <limits>

#include "ricci/expression.hpp"

namespace ricci {

namespace detail {
template <Op op, class A>
constexpr auto unary(A&& a) {
  return make_node<Unary<op, Node<A>>>(std::forward<A>(a));
}
template <Op op, class A, class B>
constexpr auto binary(A&& a, B&& b) {
  return make_node<Binary<op, Node<A>, Node<B>>>(Node<A>(std::forward<A>(a)), Node<B>(std::forward<B>(b)));
}
template <Op op, class A, class B, class C>
constexpr auto ternary(A&& a, B&& b, C&& c) {
  return make_node<Ternary<op, Node<A>, Node<B>, Node<C>>>(Node<A>(std::forward<A>(a)), Node<B>(std::forward<B>(b)),
                                                           Node<C>(std::forward<C>(c)));
}
}  // namespace detail

// form: operator+ or a name; op: of the op table
#define RICCI_UNARY(form, op)                                  \
  template <Expression A>                                      \
  auto form(A&& a) {                                           \
    return detail::unary<Op::op>(std::forward<A>(a));          \
  }
#define RICCI_BINARY(form, op)                                                   \
  template <class A, class B>                                                    \
    requires OperandList<A, B>                                                      \
  auto form(A&& a, B&& b) {                                                      \
    return detail::binary<Op::op>(std::forward<A>(a), std::forward<B>(b));       \
  }

// The same, and one sentence for operands of other types, where the compilers would list every operator of std.
#define RICCI_ARITHMETIC(form, op)                 \
  RICCI_BINARY(form, op)                           \
  template <class A, class B>                      \
    requires BadOperandList<A, B>                  \
  Poison form(A&&, B&&) {                          \
    return refuse<NotAnOperand<Bare<A>, Bare<B>>>(); \
  }

// A b1 factor selects: mask * x is x where the mask is true and 0 elsewhere, whatever x is there.
RICCI_ARITHMETIC(operator*, multiply)
RICCI_ARITHMETIC(operator+, add)
RICCI_ARITHMETIC(operator-, subtract)
RICCI_ARITHMETIC(operator/, divide)     // of integers: f64
RICCI_ARITHMETIC(operator%, remainder)  // the sign of the divisor
RICCI_BINARY(operator==, equal)
RICCI_BINARY(operator!=, not_equal)
RICCI_BINARY(operator<, less)
RICCI_BINARY(operator<=, less_equal)
RICCI_BINARY(operator>, greater)
RICCI_BINARY(operator>=, greater_equal)
RICCI_BINARY(operator&, logical_and)  // of b1 and of the bits of integers, as are |, ^, ~
RICCI_BINARY(operator|, logical_or)
RICCI_BINARY(operator^, logical_xor)
RICCI_BINARY(operator<<, shift_left)
RICCI_BINARY(operator>>, shift_right)
RICCI_UNARY(operator-, negate)
RICCI_UNARY(operator~, logical_not)

RICCI_BINARY(floor_divide, floor_divide)  // rounds towards minus infinity; of integers x // 0 = 0
RICCI_BINARY(fmod, fmod)                  // the sign of the dividend
RICCI_BINARY(minimum, minimum)            // NaN wins
RICCI_BINARY(maximum, maximum)
RICCI_BINARY(pow, pow)
RICCI_BINARY(hypot, hypot)
RICCI_BINARY(atan2, atan2)  // of y and x
RICCI_BINARY(copysign, copysign)
/// delta(i, e): whether i equals e, as b1. Its products select, its sums count.
RICCI_BINARY(delta, equal)
/// one_hot(e, i): the same with the index last.
RICCI_BINARY(one_hot, equal)

RICCI_UNARY(abs, abs)
RICCI_UNARY(sqrt, sqrt)
RICCI_UNARY(floor, floor)
RICCI_UNARY(ceil, ceil)
RICCI_UNARY(trunc, trunc)
RICCI_UNARY(round, round)  // halves to even
RICCI_UNARY(sign, sign)    // 1, 0, -1 or NaN
RICCI_UNARY(cbrt, cbrt)
RICCI_UNARY(exp, exp)
RICCI_UNARY(exp2, exp2)
RICCI_UNARY(expm1, expm1)  // exp(x) - 1
RICCI_UNARY(log, log)
RICCI_UNARY(log2, log2)
RICCI_UNARY(log10, log10)
RICCI_UNARY(log1p, log1p)  // log(1 + x)
RICCI_UNARY(sin, sin)
RICCI_UNARY(cos, cos)
RICCI_UNARY(tan, tan)
RICCI_UNARY(asin, asin)
RICCI_UNARY(acos, acos)
RICCI_UNARY(atan, atan)
RICCI_UNARY(sinh, sinh)
RICCI_UNARY(cosh, cosh)
RICCI_UNARY(tanh, tanh)
RICCI_UNARY(asinh, asinh)
RICCI_UNARY(acosh, acosh)
RICCI_UNARY(atanh, atanh)
RICCI_UNARY(erf, erf)

#undef RICCI_ARITHMETIC
#undef RICCI_UNARY
#undef RICCI_BINARY

/// e as elements of type T: saturates from float to integer, NaN gives 0; to bool it is e != 0.
template <class T, Operand E>
auto cast(E&& e) {
  return make_node<Cast<dtype_of<T>, Node<E>>>(Node<E>(std::forward<E>(e)));
}

/// !e is true where e is zero.
template <Expression E>
auto operator!(E&& e) {
  return ~cast<bool>(std::forward<E>(e));
}

/// e times e.
template <Expression E>
auto sq(E&& e) {
  return make_node<Square<Node<E>>>(std::forward<E>(e));
}

/// Whether e is NaN, infinite, or neither.
template <Expression E>
auto isnan(const E& e) {
  return e != e;
}
template <Expression E>
auto isinf(const E& e) {
  return abs(e) == std::numeric_limits<double>::infinity();
}
template <Expression E>
auto isfinite(const E& e) {
  return abs(e) < std::numeric_limits<double>::infinity();
}

/// e, but `low` where it is below, and `high` where it is above.
template <class E, class Low, class High>
  requires OperandList<E, Low, High>
auto clip(E&& e, Low&& low, High&& high) {
  return minimum(maximum(std::forward<E>(e), std::forward<Low>(low)), std::forward<High>(high));
}

/// `a` where the condition is true, else `b`. Tensors are not read in the branch that is not taken.
template <class C, class A, class B>
  requires OperandList<C, A, B>
auto where(C&& condition, A&& a, B&& b) {
  return detail::ternary<Op::select>(std::forward<C>(condition), std::forward<A>(a), std::forward<B>(b));
}

/// a * b + c, rounded once.
template <class A, class B, class C>
  requires OperandList<A, B, C>
auto fma(A&& a, B&& b, C&& c) {
  return detail::ternary<Op::fma>(std::forward<A>(a), std::forward<B>(b), std::forward<C>(c));
}

// A float as a subscript, i64: rounded down, to the nearest (halves to even) or towards zero. It saturates; NaN gives
// the smallest i64, which is outside of every axis, so that fill(x, v)[floor_index(e)] is v there.
#define RICCI_INDEX_OF(name, rounding)                                              \
  template <Expression E>                                                           \
  auto name(const E& e) {                                                           \
    constexpr auto outside = std::numeric_limits<std::int64_t>::min();              \
    return where(e == e, cast<std::int64_t>(rounding(e)), outside);                 \
  }
RICCI_INDEX_OF(floor_index, floor)
RICCI_INDEX_OF(round_index, round)
RICCI_INDEX_OF(trunc_index, trunc)
#undef RICCI_INDEX_OF

}  // namespace ricci
