// Fast sorting of a row. A key becomes unsigned bits in the order of the keys, with its index below them: such pairs
// are all different, so that any sort of them is stable.
#include "sort_row.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

#include "ricci/error.hpp"
#include "ricci/memory.hpp"

namespace ricci {

namespace {

__extension__ using Wide = unsigned __int128;

/// From here on (elements, for 4 bytes of key) passes over digits are faster than comparisons.
constexpr std::int64_t radix_from = 400;

template <class T>
auto ordered_bits(T key) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<std::uint8_t>(key);
  } else if constexpr (Float16<T>) {
    return ordered_bits(static_cast<float>(key));
  } else if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    constexpr Bits sign = Bits{1} << (8 * sizeof(T) - 1);
    return static_cast<Bits>(static_cast<Bits>(key) ^ (std::is_signed_v<T> ? sign : Bits{0}));
  } else {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr Bits sign = Bits{1} << (8 * sizeof(T) - 1);
    if (key != key) return static_cast<Bits>(~Bits{0});
    const Bits bits = std::bit_cast<Bits>(key + T{0});  // -0 becomes 0
    return static_cast<Bits>(bits & sign ? ~bits : bits | sign);
  }
}

/// The keys of a row as pairs of `index_bits` of index below those of the key.
template <class T, class Pair, int index_bits>
struct Row {
  using Bits = decltype(ordered_bits(T{}));
  static constexpr int digits = sizeof(Bits);  // bytes of the key

  const T* keys;
  std::int64_t stride, count;
  Bits flip;  // all ones to descend

  Pair pair(std::int64_t i) const {
    T key;
    if constexpr (std::is_same_v<T, bool>)
      key = *(reinterpret_cast<const std::uint8_t*>(keys) + i * stride) != 0;
    else
      key = keys[i * stride];
    return Pair{static_cast<Bits>(ordered_bits(key) ^ flip)} << index_bits | static_cast<Pair>(i);
  }
  static std::int64_t index(Pair p) { return static_cast<std::int64_t>(p & ((Pair{1} << index_bits) - 1)); }

  /// The best so far in a heap, the worst of them in front: no memory but the result's.
  void select(std::int64_t* indices, std::int64_t limit) const {
    const auto before = [&](std::int64_t a, std::int64_t b) { return pair(a) < pair(b); };
    for (std::int64_t i = 0; i < limit; ++i) indices[i] = i;
    std::make_heap(indices, indices + limit, before);
    Pair worst = pair(indices[0]);
    for (std::int64_t i = limit; i < count; ++i) {
      if (!(pair(i) < worst)) continue;
      std::pop_heap(indices, indices + limit, before);
      indices[limit - 1] = i;
      std::push_heap(indices, indices + limit, before);
      worst = pair(indices[0]);
    }
    std::sort_heap(indices, indices + limit, before);
  }

  /// One pass per byte of the key that is not the same everywhere, from the lowest. Returns which array has the result.
  Pair* radix_sort(Pair* from, Pair* to) const {
    const auto digit = [](Pair p, int d) { return static_cast<std::uint8_t>(p >> (index_bits + 8 * d)); };
    std::array<std::array<std::int64_t, 256>, digits> places{};
    for (std::int64_t i = 0; i < count; ++i)
      for (int d = 0; d < digits; ++d) ++places[d][digit(from[i], d)];
    for (int d = 0; d < digits; ++d) {
      std::array<std::int64_t, 256>& place = places[d];
      if (place[digit(from[0], d)] == count) continue;
      std::int64_t next = 0;
      for (std::int64_t& p : place) p = std::exchange(next, next + p);
      for (std::int64_t i = 0; i < count; ++i) to[place[digit(from[i], d)]++] = from[i];
      std::swap(from, to);
    }
    return from;
  }

  /// `pairs` and, for long rows, as many behind them.
  void sort(Pair* pairs, std::int64_t* indices, std::int64_t limit) const {
    bool sorted = true;
    for (std::int64_t i = 0; i < count; ++i) {
      pairs[i] = pair(i);
      sorted = sorted && (i == 0 || pairs[i - 1] < pairs[i]);
    }
    if (!sorted && is_long())
      pairs = radix_sort(pairs, pairs + count);
    else if (!sorted)
      std::sort(pairs, pairs + count);
    for (std::int64_t i = 0; i < limit; ++i) indices[i] = index(pairs[i]);
  }
  bool is_long() const { return count >= radix_from * digits / 4; }

  void run(std::int64_t* indices, std::int64_t limit) const {
    constexpr std::int64_t few = 64;
    if (limit <= count / 8) return select(indices, limit);
    if (count <= few) {
      Pair pairs[few];
      return sort(pairs, indices, limit);
    }
    const std::size_t bytes = sizeof(Pair) * static_cast<std::size_t>(is_long() ? 2 * count : count);
    try {
      const auto give_back = [&](void* block) { free_block(block, bytes); };
      const std::unique_ptr<void, decltype(give_back)> block(allocate_block(bytes), give_back);
      sort(static_cast<Pair*>(block.get()), indices, limit);
    } catch (const Error&) {  // no memory
      select(indices, limit);
    }
  }
};

template <class T>
void sort_row(const void* keys, std::int64_t stride, std::int64_t count, std::int64_t* indices, std::int64_t limit,
              std::int32_t descending) noexcept {
  const std::int64_t found = std::min(limit, count);
  std::fill(indices + found, indices + limit, 0);
  if (found <= 0) return;
  const auto run = [&]<class Pair, int index_bits>() {
    using R = Row<T, Pair, index_bits>;
    const auto flip = static_cast<typename R::Bits>(descending ? ~0ull : 0ull);
    R{static_cast<const T*>(keys), stride, count, flip}.run(indices, found);
  };
  if (sizeof(T) <= 4 && count <= std::int64_t{1} << 32)
    run.template operator()<std::uint64_t, 32>();
  else
    run.template operator()<Wide, 64>();
}

}  // namespace

SortRowFunction sort_row_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortRowFunction { return &sort_row<T>; });
}

}  // namespace ricci
