#pragma once
// Reductions: sum(k, e), sum(b, h, w, e) over named indices or ranges of them, sum(k(1, n), e), and sum(e, axis),
// sum(e, axes<0, 1>) or sum(e) over axes of an unnamed array, or all of them.
#include <array>
#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/unpack.hpp>

#include "ricci/expression.hpp"

namespace ricci {

namespace detail {

constexpr Syntax reduce_syntax(Reducer reducer, const Syntax& body, const Syntax* const* over, int count) {
  IndexSet set;
  const Syntax* ranges[IndexSet::capacity]{};
  int range_count = 0;
  for (int i = 0; i < count; ++i) {
    set.add(over[i]->bound[0]);
    if (over[i]->form == Form::range && range_count < IndexSet::capacity) ranges[range_count++] = over[i];
  }
  return make_reduce(reducer, set, body, ranges, range_count);
}

}  // namespace detail

/// `B`: the indices and ranges that it binds; they take space only if some of them are ranges.
template <Reducer reducer, class E, class... B>
struct Reduce : Subscriptable<Reduce<reducer, E, B...>> {
  static constexpr const Syntax* over[] = {&B::syntax...};
  static constexpr Syntax syntax = detail::reduce_syntax(reducer, E::syntax, over, sizeof...(B));
  E body;
  explicit Reduce(E e, const B&... b) : body(std::move(e)), binders(b...) {}
  void collect(Frame& frame) const {
    body.collect(frame);
    if constexpr ((is_range<B> || ...)) boost::hana::unpack(binders, [&](const B&... b) { (b.collect(frame), ...); });
  }

 private:
  struct Indices {
    explicit Indices(const B&...) {}
  };
  [[no_unique_address]] std::conditional_t<(is_range<B> || ...), boost::hana::basic_tuple<B...>, Indices> binders;
};

/// An axis of an array with this rank. A number in the program text is checked when compiling; for one that is known
/// only at run time write AxisOf<rank>::at(k).
template <int rank>
struct AxisOf {
  std::int64_t value;
  consteval AxisOf(int axis) : value(axis) {
    if (rank > 0 && (axis < -rank || axis >= rank)) ricci_axis_out_of_range();  // rank 0: no axis can be reduced
  }
  /// Throws Error{rank} for an axis outside the rank.
  static AxisOf at(std::int64_t axis) {
    require(check_axis(axis, rank));
    return AxisOf(axis, nullptr);
  }

 private:
  constexpr AxisOf(std::int64_t axis, std::nullptr_t) : value(axis) {}
  static void ricci_axis_out_of_range();  // not constexpr: both compilers name it in their error
};

/// Several axes: sum(e, axes<0, -1>). Those of an arg-reduction count row-major, in the order in which they stand here.
template <int... axis>
struct Axes {};
template <int... axis>
inline constexpr Axes<axis...> axes{};

/// sum(e, axis, keepdims): the axis stays, as newaxis would make it, so that e - mean(e, 1, keepdims) has a meaning.
struct KeepDims {};
inline constexpr KeepDims keepdims{};

/// Over `count` axes.
template <Reducer reducer, bool keeps, class E, std::size_t count = 1>
struct ReduceAxis : Subscriptable<ReduceAxis<reducer, keeps, E, count>> {
  static constexpr Syntax syntax = make_reduce_axis(reducer, E::syntax, keeps, count);
  E body;
  std::array<std::int64_t, count> over;
  template <std::convertible_to<std::int64_t>... K>
  explicit ReduceAxis(E e, K... k) : body(std::move(e)), over{(k < 0 ? k + E::syntax.rank : k)...} {}
  void collect(Frame& frame) const {
    for (std::int64_t axis : over) frame.axis(axis);
    body.collect(frame);
  }
};

namespace detail {

template <class... I>
struct OverCheck {
  static constexpr const Syntax* over[] = {&I::syntax...};
  static constexpr Fault fault = check_binders(over, sizeof...(I));
};

template <Reducer reducer, class E, class... B>
auto reduce_over(E&& e, const B&... binders) {
  if constexpr ((is_poison<B> || ...)) return Poison{};
  else if constexpr (sizeof...(B) > 1 && OverCheck<B...>::fault) return refuse<OverCheck<B...>>();
  else return make_node<Reduce<reducer, Node<E>, B...>>(Node<E>(std::forward<E>(e)), binders...);
}

/// The first arguments are what is bound, the last is what is reduced: it comes to the front.
template <Reducer reducer, std::size_t left, class First, class... Rest>
auto reduce_named(First&& first, Rest&&... rest) {
  if constexpr (left == 0) return reduce_over<reducer>(std::forward<First>(first), std::forward<Rest>(rest)...);
  else return reduce_named<reducer, left - 1>(std::forward<Rest>(rest)..., std::forward<First>(first));
}

// Of anything, because clang forms a candidate's parameter types before it looks at the constraints.
template <class E>
inline constexpr int rank_of = 0;
template <Expression E>
inline constexpr int rank_of<E> = Node<E>::syntax.rank;

template <int rank, int... axis>
struct AxesCheck {
  static constexpr std::int64_t list[] = {axis...};
  static constexpr Fault fault = rank > 0 ? check_axes(list, sizeof...(axis), rank) : Fault{};
};

template <Reducer reducer, bool keeps, class E, int... axis>
  requires(sizeof...(axis) > 0)
auto reduce_axes(E&& e, Axes<axis...>) {
  using Check = AxesCheck<rank_of<E>, axis...>;
  if constexpr (is_poison<Bare<E>>) return Poison{};
  else if constexpr (Check::fault) return refuse<Check>();
  else return make_node<ReduceAxis<reducer, keeps, Node<E>, sizeof...(axis)>>(Node<E>(std::forward<E>(e)), axis...);
}

template <Reducer reducer, int rank>
struct WholeCheck {
  static constexpr Fault fault = check_whole(reducer, rank);
};

template <Reducer reducer, class E>
auto reduce_whole(E&& e) {
  using Check = WholeCheck<reducer, rank_of<E>>;
  if constexpr (is_poison<Bare<E>>) return Poison{};
  else if constexpr (Check::fault) return refuse<Check>();
  else return [&]<int... axis>(std::integer_sequence<int, axis...>) {
    return reduce_axes<reducer, false>(std::forward<E>(e), Axes<axis...>{});
  }(std::make_integer_sequence<int, rank_of<E>>());
}

}  // namespace detail

// Function templates, not objects: they overload with std::max and friends under `using namespace std`.
#define RICCI_REDUCER(name) RICCI_REDUCER_AS(name, name, )
#define RICCI_REDUCER_AS(form, name, qualifier)                                                                   \
  template <Binder B, class... Rest>                                                                              \
    requires(sizeof...(Rest) > 0)                                                                                 \
  auto form(const B& over, Rest&&... rest) qualifier {                                                            \
    return detail::reduce_named<Reducer::name, sizeof...(Rest)>(over, std::forward<Rest>(rest)...);               \
  }                                                                                                               \
  template <Expression E>                                                                                         \
    requires(!Binder<E>)                                                                                          \
  auto form(E&& e) qualifier {                                                                                    \
    return detail::reduce_whole<Reducer::name>(std::forward<E>(e));                                               \
  }                                                                                                               \
  template <Expression E>                                                                                         \
    requires(!Binder<E>)                                                                                          \
  auto form(E&& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis) qualifier {                             \
    return make_node<ReduceAxis<Reducer::name, false, Node<E>>>(Node<E>(std::forward<E>(e)), axis.value);         \
  }                                                                                                               \
  template <Expression E>                                                                                         \
    requires(!Binder<E>)                                                                                          \
  auto form(E&& e, std::type_identity_t<AxisOf<detail::rank_of<E>>> axis, KeepDims) qualifier {                   \
    return make_node<ReduceAxis<Reducer::name, true, Node<E>>>(Node<E>(std::forward<E>(e)), axis.value);          \
  }                                                                                                               \
  template <Expression E, int... axis, std::same_as<KeepDims>... Keep>                                            \
    requires(!Binder<E>)                                                                                          \
  auto form(E&& e, Axes<axis...> over, Keep...) qualifier {                                                       \
    return detail::reduce_axes<Reducer::name, (sizeof...(Keep) > 0)>(std::forward<E>(e), over);                   \
  }

RICCI_REDUCER(sum)     // of integers in 64 bits; of b1 a count
RICCI_REDUCER(prod)
RICCI_REDUCER(min)     // the first NaN wins; an error over nothing
RICCI_REDUCER(max)
RICCI_REDUCER(any)
RICCI_REDUCER(argmin)  // i64; among equals the smallest index; several indices: row-major over them
RICCI_REDUCER(argmax)
RICCI_REDUCER(mean)    // of integers f64
RICCI_REDUCER(count)   // of what is not zero, i64
// Floating; of integers f64:
RICCI_REDUCER(var)        // the mean of the squared distances from the mean
RICCI_REDUCER(stddev)     // its square root
RICCI_REDUCER(norm)       // the square root of the sum of squares
RICCI_REDUCER(logsumexp)  // of nothing but -inf: -inf
RICCI_REDUCER(softmax)    // exp(e) / sum of exp(e): softmax(k, e) has k still free; of nothing but -inf: NaN; 0 outside a range
// The reduction of the elements up to each one, with the dtypes of sum, prod, max and min: cumsum(k, e) has k still
// free. Float sums have the plain order.
RICCI_REDUCER(cumsum)
RICCI_REDUCER(cumprod)
RICCI_REDUCER(cummax)
RICCI_REDUCER(cummin)

RICCI_REDUCER(sort)     // stably, NaN as the largest: at k, which is still free, the k-th smallest; several indices: row-major
RICCI_REDUCER(argsort)  // its index; equals by smallest index

/// The reduction all(k, e), all(e, axis), and a whole axis as a subscript: x[all, 0].
struct All {
  RICCI_REDUCER_AS(operator(), all, const)
};
inline constexpr All all{};

#undef RICCI_REDUCER
#undef RICCI_REDUCER_AS

namespace detail {
template <class... I>
constexpr IndexSet index_set() {
  IndexSet set;
  (set.add(I::syntax.bound[0]), ...);
  return set;
}
}  // namespace detail

template <class E, class... I>
struct Ordered {
  static constexpr IndexSet indices = detail::index_set<I...>();
  static constexpr Syntax syntax = make_order(E::syntax, indices);
  E value;
  explicit Ordered(E e) : value(std::move(e)) {}
  void collect(Frame& frame) const { value.collect(frame); }
};

/// The expression with its free indices in this order, for the axes of a new tensor: order(A[i, j] + B[j, i], j, i).
template <Expression E, IndexLike... I>
auto order(E&& e, const I&...) {
  return make_node<Ordered<Node<E>, I...>>(Node<E>(std::forward<E>(e)));
}

}  // namespace ricci
