// Fast sorting of a row. A key becomes a signed integer in the order of the keys. To find their order, it is packed with
// its index below it: such pairs are all different, so that any sort of them is stable.
#include "sort_row.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <memory>

#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "ricci/target.hpp"
#include "sort_lanes.hpp"

namespace ricci {

namespace {

template <class T>
using OrderedKey = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

/// How many bits an ordered key has; they are signed, so that ~ turns the order round.
template <class T>
constexpr int key_bits = std::is_same_v<T, bool>    ? 1
                         : std::is_integral_v<T>    ? 8 * sizeof(T)
                                                    : 8 * sizeof(OrderedKey<T>);
template <class T>
constexpr OrderedKey<T> least_key = OrderedKey<T>{-1} << (key_bits<T> - 1);

/// All bits but the sign of a negative number: integers in the order of floats are their bits so turned round.
template <class Key>
constexpr Key below_sign(Key bits) {
  return (bits >> (8 * sizeof(Key) - 1)) & std::numeric_limits<Key>::max();
}

/// Equal keys become equal, NaN the largest.
template <class T>
OrderedKey<T> ordered(T key) {
  using Key = OrderedKey<T>;
  if constexpr (Float16<T>) {
    return ordered(static_cast<float>(key));
  } else if constexpr (std::is_floating_point_v<T>) {
    const Key bits = std::bit_cast<Key>(key + T{0});  // -0 becomes 0
    return key != key ? std::numeric_limits<Key>::max() : static_cast<Key>(bits ^ below_sign(bits));
  } else if constexpr (std::is_unsigned_v<T>) {
    using Bits = std::make_unsigned_t<Key>;
    return static_cast<Key>(static_cast<Bits>(key) + static_cast<Bits>(least_key<T>));
  } else {
    return static_cast<Key>(key);
  }
}

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
  // Merging takes log(count) passes that are faster, the fewer bytes the numbers have.
  const std::int64_t digits = (bits + 7) / 8, radix_from = 300 * digits * digits * (8 / sizeof(T)) * (8 / sizeof(T));
  if (count >= radix_from) return radix_sort(x, spare, count, low, lowest, bits);
  static const LaneSort<T> sort = lane_sort_function<T>(host_target().vector_bytes);
  return sort(x, spare, count);
}

template <class T>
struct Row {
  using Key = OrderedKey<T>;

  const T* keys;
  std::int64_t stride, count;
  Key flip;  // all ones to descend

  Key key(std::int64_t i) const {
    if constexpr (std::is_same_v<T, bool>)
      return ordered(*(reinterpret_cast<const std::uint8_t*>(keys) + i * stride) != 0) ^ flip;
    else
      return ordered(keys[i * stride]) ^ flip;
  }
  bool before(std::int64_t i, std::int64_t j) const {
    const Key a = key(i), b = key(j);
    return a < b || (a == b && i < j);
  }

  // --- indices in order ------------------------------------------------------------------------------------------

  /// The best so far in a heap, the worst of them in front: no memory but the result's.
  void select(std::int64_t* indices, std::int64_t limit) const {
    const auto sooner = [&](std::int64_t i, std::int64_t j) { return before(i, j); };
    for (std::int64_t i = 0; i < limit; ++i) indices[i] = i;
    std::make_heap(indices, indices + limit, sooner);
    Key worst = key(indices[0]);
    for (std::int64_t i = limit; i < count; ++i) {
      if (!(key(i) < worst)) continue;  // what is equal comes later
      std::pop_heap(indices, indices + limit, sooner);
      indices[limit - 1] = i;
      std::push_heap(indices, indices + limit, sooner);
      worst = key(indices[0]);
    }
    std::sort_heap(indices, indices + limit, sooner);
  }

  /// By pairs of 63 bits: the index, above it the key less the least key. If that is too much, its lowest bits wait.
  void order(std::int64_t* indices, std::int64_t limit) const {
    Arrays<std::int64_t> arrays(count);
    std::int64_t* pairs = arrays.first();
    const int index_bits = std::bit_width(static_cast<std::uint64_t>(count - 1));
    std::int64_t low = least_key<T>;
    int bits = key_bits<T>;
    if constexpr (sizeof(T) == 8) {
      std::int64_t least = key(0), most = least;
      for (std::int64_t i = 0; i < count; ++i) {
        pairs[i] = key(i);
        least = std::min(least, pairs[i]);
        most = std::max(most, pairs[i]);
      }
      low = least;
      bits = std::bit_width(static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least));
    }
    const int waiting = std::max(0, bits + index_bits - 63);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t k = sizeof(T) == 8 ? pairs[i] : key(i);
      const std::uint64_t above = static_cast<std::uint64_t>(k) - static_cast<std::uint64_t>(low);
      pairs[i] = static_cast<std::int64_t>(above >> waiting << index_bits) | i;
    }
    pairs = sort_numbers(pairs, arrays.second(), count, std::int64_t{0}, index_bits, bits - waiting);
    const std::int64_t mask = (std::int64_t{1} << index_bits) - 1;
    if (waiting > 0) settle(pairs, index_bits, limit);
    for (std::int64_t i = 0; i < limit; ++i) indices[i] = pairs[i] & mask;
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
  void run(std::int64_t* indices, std::int64_t limit) const {
    if (limit <= count / 8) return select(indices, limit);
    try {
      order(indices, limit);
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
  Row<T>{static_cast<const T*>(keys), stride, count, descending ? OrderedKey<T>{-1} : OrderedKey<T>{0}}.run(indices, found);
}

}  // namespace

SortRowFunction sort_row_function(DType keys) {
  return visit_dtype(keys, []<class T>(std::type_identity<T>) -> SortRowFunction { return &sort_row<T>; });
}

}  // namespace ricci
