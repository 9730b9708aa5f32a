#pragma once
// Positional subscripts, as NumPy's: whole axes, slices, the ellipsis and new axes. They stand beside integers, integer
// arrays and, on the left, masks, but not beside named indices.
#include <limits>
#include <optional>

#include "ricci/expression.hpp"
#include "ricci/views.hpp"

namespace ricci {

/// `all`: a whole axis; called, it is the reduction (reductions.hpp).
struct All;

/// The elements start, start + step, ... before `stop`; see slice().
struct Slice {
  std::int64_t start, stop, step;
};
/// slice(start, stop, step), NumPy's start:stop:step: negative bounds count from the end, bounds outside are clipped,
/// {} omits one. A step of 0 is Error{extent} where the slice is used.
inline Slice slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step = 1) {
  constexpr std::int64_t first = std::numeric_limits<std::int64_t>::min(), last = ~first;
  return {start.value_or(step > 0 ? 0 : last), stop.value_or(step > 0 ? last : first), step};
}

/// As many whole axes as the other subscripts leave; once in a list.
struct Ellipsis {};
inline constexpr Ellipsis ellipsis{};

/// An axis that the tensor does not have. The value is the same along it; its extent is that of the arrays it is
/// combined with, or else 1.
struct NewAxis {};
inline constexpr NewAxis newaxis{};

namespace detail {

/// What all, a slice and the ellipsis are inside an access: `axes` whole axes.
template <int axes>
struct Whole {
  static constexpr Syntax syntax = make_all(axes);
  void collect(Frame&) const {}
};
struct Inserted {
  static constexpr Syntax syntax = make_newaxis();
  void collect(Frame&) const {}
};

template <class S>
inline constexpr bool is_positional =
    std::is_same_v<S, All> || std::is_same_v<S, Slice> || std::is_same_v<S, Ellipsis> || std::is_same_v<S, NewAxis>;

/// How many axes of a tensor a subscript stands for; the ellipsis takes those that are left.
template <class S>
constexpr int consumed_by() {
  if constexpr (std::is_same_v<S, Ellipsis> || std::is_same_v<S, NewAxis>) return 0;
  else if constexpr (Expression<S>) return S::syntax.consumed();
  else return 1;
}

/// The view that the slices among the subscripts leave of the array; `rest`: the axes of the ellipsis.
template <int rest, class... S>
Array sliced_by(const Array& array, const S&... subscripts) {
  Array view = array;
  int axis = 0;
  const auto next = [&](const auto& s) {
    using Given = std::remove_cvref_t<decltype(s)>;
    if constexpr (std::is_same_v<Given, Slice>) view = sliced(view, axis, s.start, s.stop, s.step);
    axis += std::is_same_v<Given, Ellipsis> ? rest : consumed_by<Given>();
  };
  (next(subscripts), ...);
  return view;
}

}  // namespace detail
}  // namespace ricci
