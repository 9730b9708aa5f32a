#pragma once
// Sorting a long row in parts, on several threads.
#include <cstdint>

#include "ricci/function_ref.hpp"

namespace ricci {

/// From how many numbers on parts are worth it.
inline constexpr std::int64_t fewest_in_parts = std::int64_t{1} << 16;

/// Sorts `count` >= fewest_in_parts numbers, as LaneSort does. `fill` stores those of [begin, end) of the row; when
/// some of them are sorted, which is their place, `use` gets them. Both are called for all, in any order and at once.
/// `to` and `scratch` have `count` elements. Numbers that agree but in the `together` lowest bits come in one piece.
/// Throws Error{limit}.
template <class T>
void sort_in_parts(T* scratch, T* to, std::int64_t count, int together, int threads,
                   FunctionRef<void(std::int64_t begin, std::int64_t end, T* numbers)> fill,
                   FunctionRef<void(std::int64_t begin, std::int64_t end, T* sorted)> use);

}  // namespace ricci
