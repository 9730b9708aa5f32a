#pragma once
// What the acceptance cases share: inputs in two memory orders, expected tensors made by direct loops, and where a
// result differs from them.
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <sstream>

#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "support/tensors.hpp"

namespace ricci::test {

/// The orders of memory in which every case gets its inputs.
enum class Order { contiguous, permuted };
inline constexpr Order orders[] = {Order::contiguous, Order::permuted};

/// A copy of the values in this order: when permuted, the first axis varies fastest, and a vector has gaps.
template <class T, int rank>
Tensor<T, rank> in_order(Order order, const Tensor<T, rank>& values) {
  if (order == Order::contiguous) return values.copy();
  std::vector<std::int64_t> reversed(values.extents().rbegin(), values.extents().rend());
  if constexpr (rank == 1) {
    Tensor<T, 1> spread = Tensor<T, 1>(2 * reversed[0]).sliced(0, 0, 2 * reversed[0], 2);
    spread[ellipsis] = values;
    return spread;
  } else {
    return [&]<int... axis>(std::integer_sequence<int, axis...>) {
      Tensor<T, rank> turned = Tensor<T, rank>(reversed).permuted({rank - 1 - axis...});
      turned[ellipsis] = values;
      return turned;
    }
    (std::make_integer_sequence<int, rank>{});
  }
}

/// f(i, j, ...) for all i < extents[0], j < extents[1], ..., in row-major order.
template <std::size_t rank, class F>
void each(const int (&extents)[rank], F f) {
  std::array<int, rank> at{};
  for (int extent : extents)
    if (extent == 0) return;
  for (;;) {
    std::apply(f, at);
    std::size_t axis = rank;
    while (axis > 0 && ++at[axis - 1] == extents[axis - 1]) at[--axis] = 0;
    if (axis == 0) return;
  }
}

/// The tensor whose element at (i, j, ...) is f(i, j, ...): what a case must be equal to.
template <class T, std::size_t rank, class F>
Tensor<T, static_cast<int>(rank)> direct(const int (&extents)[rank], F f) {
  std::vector<std::int64_t> shape(extents, extents + rank);
  Tensor<T, static_cast<int>(rank)> result(shape);
  T* next = result.data();
  each(extents, [&](auto... i) { *next++ = static_cast<T>(f(i...)); });
  return result;
}

/// The first k < extent with the largest f(k); a NaN is larger than everything.
template <class F>
int first_largest(int extent, F f) {
  int best = 0;
  for (int k = 1; k < extent; ++k)
    if (f(best) == f(best) && !(f(k) <= f(best))) best = k;
  return best;
}

/// The sum of f(k) over k < extent.
template <class F>
auto total(int extent, F f) {
  decltype(f(0)) sum{};
  for (int k = 0; k < extent; ++k) sum += f(k);
  return sum;
}

/// Where `actual` first differs from `expected`, as text; empty if nowhere. Two NaN are equal; `roundings` is how many
/// roundings of the larger of 1 and the expected value are allowed.
template <class T, int rank>
std::string difference(const Tensor<T, rank>& actual, const Tensor<T, rank>& expected, double roundings = 0) {
  std::ostringstream text;
  if (!std::ranges::equal(actual.extents(), expected.extents())) {
    text << "extents";
    for (auto extent : actual.extents()) text << ' ' << extent;
    text << " instead of";
    for (auto extent : expected.extents()) text << ' ' << extent;
    return text.str();
  }
  const std::vector<T> a = values(actual), e = values(expected);
  for (std::size_t n = 0; n < a.size(); ++n) {
    if (a[n] == e[n] || (a[n] != a[n] && e[n] != e[n])) continue;
    if constexpr (std::is_floating_point_v<T>) {
      const double allowed = roundings * std::numeric_limits<T>::epsilon() * std::max(1.0, std::fabs(double(e[n])));
      if (std::fabs(double(a[n]) - double(e[n])) <= allowed) continue;
    }
    text.precision(17);
    text << "element " << n << " is " << +a[n] << " instead of " << +e[n];
    return text.str();
  }
  return {};
}

/// The message of the Error that f() ends in, or "none".
template <class F>
std::string fault_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace ricci::test
