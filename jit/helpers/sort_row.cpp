// Fast sorting of a row. A key becomes a signed integer in the order of the keys. To find their order, it is packed
// with its index below it: such pairs are all different, so that any sort of them is stable.
#include "helpers/sort_row.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <limits>
#include <memory>

#include "helpers/sort_lanes.hpp"
#include "helpers/sort_numbers.hpp"
#include "helpers/sort_parts.hpp"
#include "helpers/strided_iterator.hpp"
#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "ricci/target.hpp"

namespace ricci {

namespace {

/// Memory for sorting: some arrays of `count` numbers, on the stack if they are short. Throws Error{limit}.
template <class T>
class Arrays {
 public:
  Arrays(std::int64_t arrays, std::int64_t count) : count_(count), all_(arrays * count) {
    if (all_ > few) block_ = static_cast<T*>(allocate_block(bytes()));
  }
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  ~Arrays() {
    if (block_) free_block(block_, bytes());
  }
  T* first() { return block_ ? block_ : few_; }
  T* second() { return first() + count_; }

 private:
  static constexpr std::int64_t few = 512;
  std::size_t bytes() const { return sizeof(T) * static_cast<std::size_t>(all_); }

  std::int64_t count_, all_;
  T* block_ = nullptr;
  alignas(64) T few_[few];
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

/// Counts keys of 8 bits, and stores each as often. Several counts of one key do not wait for each other.
template <class T>
void sort_by_counting(const T* keys, std::int64_t stride, std::int64_t count, bool descending, T* to,
                      std::int64_t pitch) {
  constexpr int tables = 4;
  const auto value = [&](std::int64_t i) {
    return static_cast<std::uint8_t>(ordered(key_at(keys, i * stride)) - least_key<T>);
  };
  std::array<std::array<std::int64_t, 256>, tables> counts{};
  std::int64_t i = 0;
  for (; i + tables <= count; i += tables)
    for (int t = 0; t < tables; ++t) ++counts[static_cast<std::size_t>(t)][value(i + t)];
  for (; i < count; ++i) ++counts[0][value(i)];
  StridedIterator<T> next(to, pitch);
  for (int n = 0; n < 256; ++n) {
    const int which = descending ? 255 - n : n;
    std::int64_t number = 0;
    for (const auto& table : counts) number += table[static_cast<std::size_t>(which)];
    if (number > 0) next = std::fill_n(next, number, unordered<T>(which + least_key<T>));
  }
}

/// How many passes over a digit of 8 bits cost no more than parting and sorting pairs by vectors, measured with up to 4
/// million pairs; below a thousand, the counts of the digits take long.
bool is_for_digits(std::int64_t count, int digits) {
  return count >= 1000 && digits <= (host_target().vector_bytes == 64 ? 1 : 3);
}

template <class T>
struct Row {
  using Key = OrderedKey<T>;

  const T* keys;
  std::int64_t stride, count;
  Key flip;  // all ones to descend
  int threads;

  static constexpr std::int64_t fewest_counted = 300;  // fewer are sorted sooner than counts are cleared

  bool in_parts() const { return threads != 1 && count >= fewest_in_parts; }

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
    const int index_bits = std::bit_width(static_cast<std::uint64_t>(count - 1));
    const bool in_place = pitch == 1 && limit == count;
    Arrays<std::int64_t> arrays(in_place ? 1 : 2, count);
    std::int64_t *pairs = in_place ? indices : arrays.second(), *const spare = arrays.first();
    std::int64_t low = least_key<T>;
    int bits = key_bits<T>;
    if (!in_parts()) load(keys, stride, count, flip, pairs);
    if constexpr (sizeof(T) == 8) {
      const auto [least, most] = in_parts() ? span() : span_of(pairs, count);
      low = least;
      bits = std::bit_width(static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least));
    }
    const int waiting = std::max(0, bits + index_bits - 63), digits = (bits - waiting + 7) / 8;
    const std::int64_t mask = (std::int64_t{1} << index_bits) - 1;
    if (in_parts())
      return sort_in_parts<std::int64_t>(
          spare, pairs, count, waiting > 0 ? index_bits : 0, threads,
          [&](std::int64_t begin, std::int64_t end, std::int64_t* some) {
            load(keys + begin * stride, stride, end - begin, flip, some);
            pack(some, end - begin, begin, low, waiting, index_bits);
          },
          [&](std::int64_t begin, std::int64_t end, std::int64_t* sorted) {
            const std::int64_t found = std::clamp<std::int64_t>(limit - begin, 0, end - begin);
            if (waiting > 0) settle(sorted, end - begin, index_bits, found);
            unpack(sorted, found, mask, indices + begin * pitch, pitch);
          });
    pack(pairs, count, 0, low, waiting, index_bits);
    if (!std::is_sorted(pairs, pairs + count)) {
      if (is_for_digits(count, digits))
        pairs = radix_sort(pairs, spare, count, std::int64_t{0}, index_bits, bits - waiting);
      else
        lane_sort<std::int64_t>(host_target().vector_bytes).sort(pairs, count);
    }
    if (waiting > 0) settle(pairs, count, index_bits, limit);
    unpack(pairs, limit, mask, indices, pitch);
  }
  /// Of keys of 8 bytes the least and the most, a piece at a time.
  Span span() const {
    constexpr std::int64_t piece = 1024;
    std::int64_t some[piece];
    Span all{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
    for (std::int64_t i = 0; i < count; i += piece) {
      const std::int64_t number = std::min(piece, count - i);
      load(keys + i * stride, stride, number, flip, some);
      const Span span = span_of(some, number);
      all = {std::min(all.least, span.least), std::max(all.most, span.most)};
    }
    return all;
  }
  /// Puts in order, as far as the limit, what is equal but for the bits that waited.
  void settle(std::int64_t* pairs, std::int64_t number, int index_bits, std::int64_t limit) const {
    const std::int64_t mask = (std::int64_t{1} << index_bits) - 1;
    for (std::int64_t i = 0, end = 1; i < limit; i = end++) {
      while (end < number && (pairs[end] ^ pairs[i]) <= mask) ++end;
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

  /// In the place of the keys, if there is one for each number.
  bool sort_numbers(T* to, std::int64_t pitch) const {
    using N = Number<T>;
    const bool in_place = pitch == 1 && sizeof(N) == sizeof(T);
    Arrays<N> arrays((in_place ? 0 : 1) + (in_parts() ? 1 : 0), count);
    N *const x = in_place ? reinterpret_cast<N*>(to) : arrays.first(), *const spare =
                                                                           in_place ? arrays.first() : arrays.second();
    const auto use = [&](std::int64_t begin, std::int64_t end, N* sorted) {
      if (!in_place)
        unload(sorted, end - begin, flip, to + begin * pitch, pitch);
      else if (!is_as_it_was<T>(flip))
        unload<T>(sorted, end - begin, flip);
    };
    if (in_parts()) {
      std::atomic<bool> special = false;
      sort_in_parts<N>(
          spare, x, count, 0, threads,
          [&](std::int64_t begin, std::int64_t end, N* numbers) {
            if (load(keys + begin * stride, stride, end - begin, flip, numbers)) special = true;
          },
          use);
      return special;
    }
    const bool special = load(keys, stride, count, flip, x);
    if (!std::is_sorted(x, x + count)) lane_sort<N>(host_target().vector_bytes).sort(x, count);
    use(0, count, x);
    return special;
  }

  void store(T* to, std::int64_t pitch) const {
    if constexpr (sizeof(T) == 1)
      if (count >= fewest_counted) return sort_by_counting(keys, stride, count, flip != 0, to, pitch);
    const StridedIterator<T> sorted(to, pitch);
    bool some_equal_differ = false;
    try {
      some_equal_differ = sort_numbers(to, pitch);
    } catch (const Error&) {  // no memory
      some_equal_differ = !std::is_integral_v<T>;
      for (std::int64_t i = 0; i < count; ++i) sorted[i] = key_at(keys, i * stride);
      const auto sooner = [&](T a, T b) { return (ordered(a) ^ flip) < (ordered(b) ^ flip); };
      std::make_heap(sorted, sorted + count, sooner);
      std::sort_heap(sorted, sorted + count, sooner);
    }
    if constexpr (!std::is_integral_v<T>)
      if (some_equal_differ) {
        const auto sooner = [&](T a, Key b) { return (ordered(a) ^ flip) < b; };
        constexpr Key zero = ordered(T(0)), nan = ordered(std::numeric_limits<T>::quiet_NaN());
        restore(std::lower_bound(sorted, sorted + count, zero ^ flip, sooner), zero);
        restore(flip == 0 ? sorted + (count - count_of(nan)) : sorted, nan);
      }
  }

  std::int64_t count_of(Key equal) const {
    std::int64_t number = 0;
    for (std::int64_t i = 0; i < count; ++i) number += ordered(keys[i * stride]) == equal;
    return number;
  }
  /// Stores the keys that have become `equal` as they were, in their order.
  void restore(StridedIterator<T> to, Key equal) const {
    for (std::int64_t i = 0; i < count; ++i)
      if (ordered(keys[i * stride]) == equal) *to++ = keys[i * stride];
  }
};

template <class T>
Row<T> row(const void* keys, std::int64_t stride, std::int64_t count, std::int32_t descending, std::int32_t threads) {
  return {static_cast<const T*>(keys), stride, count, static_cast<OrderedKey<T>>(descending ? -1 : 0), threads};
}

template <class T>
void sort_row(const void* keys, std::int64_t stride, std::int64_t count, std::int64_t* indices, std::int64_t pitch,
              std::int64_t limit, std::int32_t descending, std::int32_t threads) noexcept {
  const std::int64_t found = std::min(limit, count);
  for (std::int64_t i = found; i < limit; ++i) indices[i * pitch] = 0;
  if (found > 0) row<T>(keys, stride, count, descending, threads).run(indices, pitch, found);
}

template <class T>
void sort_keys(const void* keys, std::int64_t stride, std::int64_t count, void* sorted, std::int64_t pitch,
               std::int32_t descending, std::int32_t threads) noexcept {
  if (count > 0) row<T>(keys, stride, count, descending, threads).store(static_cast<T*>(sorted), pitch);
}

}  // namespace

SortRowFunction sort_row_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortRowFunction { return &sort_row<T>; });
}

SortKeysFunction sort_keys_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortKeysFunction { return &sort_keys<T>; });
}

}  // namespace ricci
