// Fast sorting of a row. A key becomes a signed integer in the order of the keys. To find their order, it is packed
// with its index below it: such pairs are all different, so that any sort of them is stable.
#include "sort_row.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>

#include "ordered_key.hpp"
#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "ricci/target.hpp"
#include "sort_lanes.hpp"
#include "strided_iterator.hpp"

// What is inlined into functions of several instruction sets has none of its own.
#define RICCI_INLINE [[gnu::always_inline]] inline

namespace ricci {

namespace {

/// Memory for sorting: two arrays with the room of a LaneSort, on the stack if they are short. Throws Error{limit}.
template <class T>
class Arrays {
 public:
  explicit Arrays(std::int64_t count) : room_(lane_sort_room(count)) {
    if (room_ > few) block_ = static_cast<T*>(allocate_block(bytes()));
  }
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  ~Arrays() {
    if (block_) free_block(block_, bytes());
  }
  T* first() { return block_ ? block_ : few_; }
  T* second() { return first() + room_; }

 private:
  static constexpr std::int64_t few = lane_sort_room(1);
  std::size_t bytes() const { return 2 * sizeof(T) * static_cast<std::size_t>(room_); }

  std::int64_t room_;
  T* block_ = nullptr;
  alignas(64) T few_[2 * few];
};

/// One pass per byte of the `bits` above the `lowest` that is not the same everywhere, from the lowest. The numbers are
/// from `low` on. Returns which array has the result.
template <class T>
T* radix_sort(T* from, T* to, std::int64_t count, T low, int lowest, int bits) {
  using Bits = std::make_unsigned_t<T>;
  const auto digit = [&](T x, int d) {
    return static_cast<std::uint8_t>((static_cast<Bits>(x) - static_cast<Bits>(low)) >> (lowest + 8 * d));
  };
  const int digits = (bits + 7) / 8;
  std::array<std::array<std::int64_t, 256>, sizeof(T)> places;
  std::fill_n(places.begin(), digits, std::array<std::int64_t, 256>{});
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

/// Sorts numbers from `low` on that differ in the `bits` above the `lowest` only, or also in order of the lowest ones.
template <class T>
T* sort_numbers(T* x, T* spare, std::int64_t count, T low, int lowest, int bits) {
  if (std::is_sorted(x, x + count)) return x;
  // Merging takes log2(count) passes. So many of them cost as much as one over a digit, measured with up to 10 million
  // numbers; below a thousand, the counts of the digits take long.
  constexpr int by_wide_vectors = sizeof(T) == 4 ? 6 : 5, by_others = sizeof(T) == 4 ? 4 : 2;
  const int merges = host_target().vector_bytes == 64 ? by_wide_vectors : by_others, digits = (bits + 7) / 8;
  if (count >> std::max(10, merges * digits) > 0) return radix_sort(x, spare, count, low, lowest, bits);
  static const LaneSort<T> sort = lane_sort_function<T>(host_target().vector_bytes);
  return sort(x, spare, count);
}

// --- loops over whole rows, by vectors: every CPU that Ricci runs on has AVX2 --------------------------------------

template <class T>
RICCI_INLINE T key_at(const T* keys, std::int64_t place) {
  if constexpr (std::is_same_v<T, bool>)
    return reinterpret_cast<const std::uint8_t*>(keys)[place] != 0;
  else
    return keys[place];
}

template <class T, class Number>
RICCI_INLINE bool load_by(std::int64_t stride, const T* keys, std::int64_t count, OrderedKey<T> flip, Number* x) {
  OrderedKey<T> special = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T key = key_at(keys, i * stride);
    if constexpr (Float16<T>)
      special |= is_nan_or_negative_zero(static_cast<float>(key));
    else if constexpr (std::is_floating_point_v<T>)
      special |= is_nan_or_negative_zero(key);
    x[i] = ordered(key) ^ flip;
  }
  return special != 0;
}
/// Stores the keys as numbers in their order, which is turned by `flip`; returns whether one is NaN or -0.
template <class T, class Number>
[[gnu::target("avx2")]] bool load(const T* keys, std::int64_t stride, std::int64_t count, OrderedKey<T> flip,
                                  Number* x) {
  return stride == 1 ? load_by(1, keys, count, flip, x) : load_by(stride, keys, count, flip, x);
}

template <class T>
RICCI_INLINE void unload_by(std::int64_t pitch, const OrderedKey<T>* x, std::int64_t count, OrderedKey<T> flip, T* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i * pitch] = unordered<T>(x[i] ^ flip);
}
template <class T>
[[gnu::target("avx2")]] void unload(const OrderedKey<T>* x, std::int64_t count, OrderedKey<T> flip, T* to,
                                    std::int64_t pitch) {
  pitch == 1 ? unload_by(1, x, count, flip, to) : unload_by(pitch, x, count, flip, to);
}

struct Span {
  std::int64_t least, most;
};
[[gnu::target("avx2")]] Span span_of(const std::int64_t* x, std::int64_t count) {
  Span span{x[0], x[0]};
  for (std::int64_t i = 0; i < count; ++i) {
    span.least = std::min(span.least, x[i]);
    span.most = std::max(span.most, x[i]);
  }
  return span;
}

/// Puts their index below numbers from `low` on, whose `waiting` lowest bits are left out.
[[gnu::target("avx2")]] void pack(std::int64_t* x, std::int64_t count, std::int64_t low, int waiting, int index_bits) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t above = static_cast<std::uint64_t>(x[i]) - static_cast<std::uint64_t>(low);
    x[i] = static_cast<std::int64_t>(above >> waiting << index_bits | static_cast<std::uint64_t>(i));
  }
}

RICCI_INLINE void unpack_by(std::int64_t pitch, const std::int64_t* pairs, std::int64_t count, std::int64_t mask,
                            std::int64_t* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i * pitch] = pairs[i] & mask;
}
[[gnu::target("avx2")]] void unpack(const std::int64_t* pairs, std::int64_t count, std::int64_t mask, std::int64_t* to,
                                    std::int64_t pitch) {
  pitch == 1 ? unpack_by(1, pairs, count, mask, to) : unpack_by(pitch, pairs, count, mask, to);
}

template <class T>
struct Row {
  using Key = OrderedKey<T>;

  const T* keys;
  std::int64_t stride, count;
  Key flip;  // all ones to descend

  Key key(std::int64_t i) const { return ordered(key_at(keys, i * stride)) ^ flip; }
  bool before(std::int64_t i, std::int64_t j) const {
    const Key a = key(i), b = key(j);
    return a < b || (a == b && i < j);
  }

  // --- indices in order ------------------------------------------------------------------------------------------

  /// The best so far in a heap, the worst of them in front: no memory but the result's.
  void select(StridedIterator<std::int64_t> indices, std::int64_t limit) const {
    const auto sooner = [&](std::int64_t i, std::int64_t j) { return before(i, j); };
    const auto end = indices + limit;
    for (std::int64_t i = 0; i < limit; ++i) indices[i] = i;
    std::make_heap(indices, end, sooner);
    Key worst = key(*indices);
    for (std::int64_t i = limit; i < count; ++i) {
      if (!(key(i) < worst)) continue;  // what is equal comes later
      std::pop_heap(indices, end, sooner);
      end[-1] = i;
      std::push_heap(indices, end, sooner);
      worst = key(*indices);
    }
    std::sort_heap(indices, end, sooner);
  }

  /// By pairs of 63 bits: the index, above it the key less the least key. If that is too much, its lowest bits wait.
  void order(std::int64_t* indices, std::int64_t pitch, std::int64_t limit) const {
    Arrays<std::int64_t> arrays(count);
    std::int64_t* pairs = arrays.first();
    const int index_bits = std::bit_width(static_cast<std::uint64_t>(count - 1));
    std::int64_t low = least_key<T>;
    int bits = key_bits<T>;
    load(keys, stride, count, flip, pairs);
    if constexpr (sizeof(T) == 8) {
      const auto [least, most] = span_of(pairs, count);
      low = least;
      bits = std::bit_width(static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least));
    }
    const int waiting = std::max(0, bits + index_bits - 63);
    pack(pairs, count, low, waiting, index_bits);
    pairs = sort_numbers(pairs, arrays.second(), count, std::int64_t{0}, index_bits, bits - waiting);
    const std::int64_t mask = (std::int64_t{1} << index_bits) - 1;
    if (waiting > 0) settle(pairs, index_bits, limit);
    unpack(pairs, limit, mask, indices, pitch);
  }
  /// Puts in order, as far as the limit, what is equal but for the bits that waited.
  void settle(std::int64_t* pairs, int index_bits, std::int64_t limit) const {
    const std::int64_t mask = (std::int64_t{1} << index_bits) - 1;
    for (std::int64_t i = 0, end = 1; i < limit; i = end++) {
      while (end < count && (pairs[end] ^ pairs[i]) <= mask) ++end;
      if (end - i > 1)
        std::sort(pairs + i, pairs + end, [&](std::int64_t a, std::int64_t b) { return before(a & mask, b & mask); });
    }
  }
  void run(std::int64_t* indices, std::int64_t pitch, std::int64_t limit) const {
    if (is_selection(count, limit)) return select({indices, pitch}, limit);
    try {
      order(indices, pitch, limit);
    } catch (const Error&) {  // no memory
      select({indices, pitch}, limit);
    }
  }

  // --- keys in order ---------------------------------------------------------------------------------------------

  void store(T* to, std::int64_t pitch) const {
    const StridedIterator<T> sorted(to, pitch);
    bool some_equal_differ = false;
    try {
      Arrays<Key> arrays(count);
      Key* x = arrays.first();
      some_equal_differ = load(keys, stride, count, flip, x);
      x = sort_numbers(x, arrays.second(), count, least_key<T>, 0, key_bits<T>);
      unload(x, count, flip, to, pitch);
    } catch (const Error&) {  // no memory
      some_equal_differ = !std::is_integral_v<T>;
      for (std::int64_t i = 0; i < count; ++i) sorted[i] = key_at(keys, i * stride);
      const auto sooner = [&](T a, T b) { return (ordered(a) ^ flip) < (ordered(b) ^ flip); };
      std::make_heap(sorted, sorted + count, sooner);
      std::sort_heap(sorted, sorted + count, sooner);
    }
    if constexpr (!std::is_integral_v<T>)
      if (some_equal_differ) {
        restore(sorted, ordered(T(0)));
        restore(sorted, ordered(std::numeric_limits<T>::quiet_NaN()));
      }
  }

  /// Stores the keys that have become `equal` as they were, in their order.
  void restore(StridedIterator<T> sorted, Key equal) const {
    const auto sooner = [&](T a, Key b) { return (ordered(a) ^ flip) < b; };
    StridedIterator<T> to = std::lower_bound(sorted, sorted + count, equal ^ flip, sooner);
    for (std::int64_t i = 0; i < count; ++i)
      if (ordered(keys[i * stride]) == equal) *to++ = keys[i * stride];
  }
};

template <class T>
Row<T> row(const void* keys, std::int64_t stride, std::int64_t count, std::int32_t descending) {
  return {static_cast<const T*>(keys), stride, count, static_cast<OrderedKey<T>>(descending ? -1 : 0)};
}

template <class T>
void sort_row(const void* keys, std::int64_t stride, std::int64_t count, std::int64_t* indices, std::int64_t pitch,
              std::int64_t limit, std::int32_t descending) noexcept {
  const std::int64_t found = std::min(limit, count);
  for (std::int64_t i = found; i < limit; ++i) indices[i * pitch] = 0;
  if (found > 0) row<T>(keys, stride, count, descending).run(indices, pitch, found);
}

template <class T>
void sort_keys(const void* keys, std::int64_t stride, std::int64_t count, void* sorted, std::int64_t pitch,
               std::int32_t descending) noexcept {
  if (count > 0) row<T>(keys, stride, count, descending).store(static_cast<T*>(sorted), pitch);
}

}  // namespace

SortRowFunction sort_row_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortRowFunction { return &sort_row<T>; });
}

SortKeysFunction sort_keys_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortKeysFunction { return &sort_keys<T>; });
}

}  // namespace ricci
