#pragma once
// Tensor<T, Rank>: the user's array. A handle of one word: copies share the elements, as in NumPy.
#include <array>
#include <initializer_list>
#include <span>
#include <tuple>

#include "ricci/access.hpp"
#include "ricci/views.hpp"

namespace ricci {

namespace detail {
template <class T, int rank>
struct Nested {
  using type = std::initializer_list<typename Nested<T, rank - 1>::type>;
};
template <class T>
struct Nested<T, 1> {
  using type = std::initializer_list<T>;
};
template <class T>
struct Nested<T, 0> {
  using type = std::initializer_list<T>;  // never used: no initializer list makes a rank-0 tensor
};

/// The shape of nested lists and their elements in row-major order; rows must be equally long.
template <class T, int rank>
struct Listed {
  std::int64_t extents[rank > 0 ? rank : 1]{};
  T* out = nullptr;

  template <int axis>
  void measure(const typename Nested<T, rank - axis>::type& list) {
    extents[axis] = static_cast<std::int64_t>(list.size());
    if constexpr (axis + 1 < rank)
      if (list.size() > 0) measure<axis + 1>(*list.begin());
  }
  template <int axis>
  void write(const typename Nested<T, rank - axis>::type& list) {
    check_row(static_cast<std::int64_t>(list.size()), extents[axis]);
    for (const auto& item : list) {
      if constexpr (axis + 1 < rank) write<axis + 1>(item);
      else *out++ = item;
    }
  }
};
}  // namespace detail

template <class T, int Rank>
class Tensor {
  static_assert(Rank >= 0 && Rank <= max_rank, "ricci: a tensor has 0 to 8 axes");

 public:
  static constexpr DType dtype = dtype_of<T>;
  static constexpr Syntax syntax = make_tensor(dtype, Rank);

  /// No elements yet: to be assigned a tensor before use.
  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(const Tensor&) = default;
  Tensor& operator=(Tensor&&) noexcept = default;

  /// Tensor<float, 3> t(2, 3, 4): zeros of these extents. Throws as Array::zeros does.
  template <std::integral... N>
    requires(sizeof...(N) == Rank && Rank > 0)
  explicit Tensor(N... extents) : array_(zeros({static_cast<std::int64_t>(extents)...})) {}
  /// Tensor<float, 3>::uninitialised(2, 3, 4): anything until it is written. For what a statement writes as a whole: of
  /// a large tensor, zeros that nobody reads take as long as half of a copy. Throws as Array::uninitialised does.
  template <std::integral... N>
    requires(sizeof...(N) == Rank && Rank > 0)
  static Tensor uninitialised(N... extents) {
    return Tensor(Array::uninitialised(dtype, std::array{static_cast<std::int64_t>(extents)...}));
  }
  /// Zeros of these extents, which must be `Rank` many. Throws Error{rank}.
  explicit Tensor(std::span<const std::int64_t> extents) : array_(make_zeros(dtype, Rank, extents)) {}
  /// Tensor<float, 2> t{{1, 2}, {3, 4}}: these elements. Throws Error{extent} for rows of unequal length.
  Tensor(typename detail::Nested<T, Rank>::type list)
    requires(Rank > 0)
  {
    detail::Listed<T, Rank> listed;
    listed.template measure<0>(list);
    array_ = zeros(listed.extents);
    listed.out = data();
    listed.template write<0>(list);
  }
  /// A copy of `values` in row-major order. Throws Error{extent} unless their number is the product of the extents.
  Tensor(std::span<const T> values, std::initializer_list<std::int64_t> extents)
      : array_(make_copy(dtype, Rank, {extents.begin(), extents.size()}, values.data(), values.size())) {}
  /// A rank-0 tensor with this value.
  explicit Tensor(T value)
    requires(Rank == 0)
      : array_(make_zeros(dtype, 0, {})) {
    *data() = value;
  }
  /// The handle with its type stated. Throws Error{dtype} or Error{rank} if the array is another.
  explicit Tensor(Array array) : array_(std::move(array)) { require_type(array_, dtype, Rank); }
  /// The elements of an expression: its free indices are the axes, in order of first appearance.
  template <Expression E>
    requires(!std::is_same_v<E, Tensor>)
  Tensor(const E& e) : array_(make(e)) {}

  /// Memory that somebody else owns and keeps alive; strides in elements, row-major if none are given.
  static Tensor view(T* data, std::initializer_list<std::int64_t> extents,
                     std::initializer_list<std::int64_t> strides = {}) {
    return Tensor(make_view(dtype, Rank, data, {extents.begin(), extents.size()}, {strides.begin(), strides.size()}));
  }

  // Subscripts. An unconstrained template on purpose: GCC 12 would take a[i, j] for a comma expression otherwise.
  template <class... S>
  auto operator[](S&&... subscripts) const { return access<false>(std::forward<S>(subscripts)...); }
  template <class... S>
  auto operator[](S&&... subscripts) { return access<true>(std::forward<S>(subscripts)...); }
  template <class... S>
  auto operator()(S&&... subscripts) const { return access<false>(std::forward<S>(subscripts)...); }
  template <class... S>
  auto operator()(S&&... subscripts) { return access<true>(std::forward<S>(subscripts)...); }

  /// Updates of all elements: t += e is t[ellipsis] += e. The value has as many axes, or none.
  template <Operand E>
  void operator+=(const E& e) { (*this)[ellipsis] += e; }
  template <Operand E>
  void operator-=(const E& e) { (*this)[ellipsis] -= e; }
  template <Operand E>
  void operator*=(const E& e) { (*this)[ellipsis] *= e; }
  template <Operand E>
  void operator|=(const E& e) { (*this)[ellipsis] |= e; }
  template <Operand E>
  void operator&=(const E& e) { (*this)[ellipsis] &= e; }
  template <Operand E>
  void max_assign(const E& e) { (*this)[ellipsis].max_assign(e); }
  template <Operand E>
  void min_assign(const E& e) { (*this)[ellipsis].min_assign(e); }

  /// One element; negative subscripts count from the end. Throws Error{bounds}.
  template <std::integral... N>
    requires(sizeof...(N) == Rank)
  T& at(N... subscripts) {
    const std::int64_t list[] = {static_cast<std::int64_t>(subscripts)..., 0};
    return data()[element_offset(array_, list)];
  }
  template <std::integral... N>
    requires(sizeof...(N) == Rank)
  const T& at(N... subscripts) const {
    return const_cast<Tensor&>(*this).at(subscripts...);
  }
  explicit operator T() const
    requires(Rank == 0)
  {
    return *data();
  }

  static constexpr int rank() { return Rank; }
  /// The address of the element whose subscripts are all zero.
  T* data() { return static_cast<T*>(array_.data()); }
  const T* data() const { return static_cast<const T*>(array_.data()); }
  std::int64_t extent(int axis) const { return array_.layout().extents[axis]; }
  std::int64_t stride(int axis) const { return array_.layout().strides[axis]; }
  std::span<const std::int64_t> extents() const { return array_.extents(); }
  std::int64_t size() const { return array_.size(); }
  void fill(T value) { ricci::fill(array_, Scalar::of(value)); }

  /// A view whose axis i is axis `axes[i]`. Throws Error{rank} unless `axes` is a permutation.
  Tensor permuted(std::initializer_list<int> axes) const {
    return Tensor(ricci::permuted(array_, {axes.begin(), axes.size()}));
  }
  /// A view of the elements start, start + step, ... before `stop` along one axis, with NumPy's rules for bounds.
  Tensor sliced(int axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1) const {
    return Tensor(ricci::sliced(array_, axis, start, stop, step));
  }
  /// A view from the last element to the first along one axis.
  Tensor flipped(int axis) const { return Tensor(ricci::flipped(array_, axis)); }
  /// A row-major copy.
  Tensor copy() const { return Tensor(ricci::copied(array_)); }

  const Array& array() const { return array_; }
  void collect(Frame& frame) const { frame.tensor(array_); }

 private:
  static Array zeros(const std::int64_t (&extents)[Rank > 0 ? Rank : 1]) {
    return make_zeros(dtype, Rank, {extents, static_cast<std::size_t>(Rank)});
  }

  template <class E>
  static Array make(const E& e) {
    using Statement = detail::NewTensor<Node<E>, Rank, dtype>;
    if constexpr (is_poison<E>) return {};
    else if constexpr (Statement::fault) return refuse<Statement>(), Array{};
    else return detail::run<Statement>(e);
  }

  template <bool writable, class... S>
  auto access(S&&... subscripts) const {
    return detail::access<writable, Outside::check, dtype, Rank>(array_, boost::hana::basic_tuple<>{},
                                                                 std::forward<S>(subscripts)...);
  }

  Array array_;
};

template <Expression E>
Tensor(const E&) -> Tensor<typename detail::Element<Bare<E>::syntax.dtype>::Type,
                           Node<E>::syntax.rank + Node<E>::syntax.free.size>;

/// The elements of an expression as a new tensor.
template <Expression E>
auto evaluate(const E& e) {
  return Tensor(e);
}

namespace detail {
template <class>
using PoisonFor = Poison;
}

/// Several expressions as new tensors, by one program that shares what they have in common:
/// auto [best, at] = eval(max(scores, 1), argmax(scores, 1)).
template <Expression... E>
  requires(sizeof...(E) > 1)
auto eval(const E&... e) {
  using Statements = detail::NewTensors<Node<E>...>;
  if constexpr ((is_poison<E> || ...)) {
    return std::tuple<detail::PoisonFor<E>...>();
  } else if constexpr (Statements::fault) {
    refuse<Statements>();
    return std::tuple<detail::PoisonFor<E>...>();
  } else {
    Array results[sizeof...(E)];
    detail::with_operands<Statements>(
        [&](const Operands& operands) { execute(Statements::site, Statements::syntax, operands, results); }, e...);
    auto next = [&, k = 0]() mutable { return std::move(results[k++]); };
    return std::tuple{decltype(Tensor(e))(next())...};
  }
}

}  // namespace ricci
