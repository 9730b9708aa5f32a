#pragma once
// Keys as signed integers in their order.
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ricci/dtype.hpp"

namespace ricci {

template <class T>
using OrderedKey = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

/// How many bits an ordered key has; they are signed, so that ~ turns the order round.
template <class T>
constexpr int key_bits = std::is_same_v<T, bool>    ? 1
                         : std::is_integral_v<T>    ? 8 * sizeof(T)
                                                    : 8 * sizeof(OrderedKey<T>);
template <class T>
constexpr OrderedKey<T> least_key = OrderedKey<T>{-1} << (key_bits<T> - 1);

/// The bits to turn round in those of a float, for an integer in the order of floats: below the sign of a negative one.
template <class Key>
constexpr Key turned(Key bits) {
  return bits < 0 ? std::numeric_limits<Key>::max() : Key{0};
}

/// As integers, of which compilers make better vectors.
template <class T>
constexpr bool is_nan_or_negative_zero(T x) {
  using Key = OrderedKey<T>;
  const auto bits = std::bit_cast<Key>(x);
  constexpr Key infinity = std::bit_cast<Key>(std::numeric_limits<T>::infinity());
  const Key is_nan = (bits & std::numeric_limits<Key>::max()) > infinity;
  const Key is_zero = bits == std::numeric_limits<Key>::min();
  return (is_nan | is_zero) != 0;
}

/// Equal keys become equal, NaN the largest.
template <class T>
constexpr OrderedKey<T> ordered(T key) {
  using Key = OrderedKey<T>;
  if constexpr (Float16<T>) {
    return ordered(static_cast<float>(key));
  } else if constexpr (std::is_floating_point_v<T>) {
    const auto bits = std::bit_cast<Key>(key);
    const Key equal = bits == std::numeric_limits<Key>::min() ? Key{0} : std::numeric_limits<Key>::max();
    return is_nan_or_negative_zero(key) ? equal : static_cast<Key>(bits ^ turned(bits));
  } else if constexpr (std::is_unsigned_v<T>) {
    using Bits = std::make_unsigned_t<Key>;
    return static_cast<Key>(static_cast<Bits>(key) + static_cast<Bits>(least_key<T>));
  } else {
    return static_cast<Key>(key);
  }
}

/// What ordered() makes this of; of zeros the positive one, of NaNs any.
template <class T>
constexpr T unordered(OrderedKey<T> key) {
  using Key = OrderedKey<T>;
  if constexpr (Float16<T>) {
    return static_cast<T>(unordered<float>(key));
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<T>(static_cast<Key>(key ^ turned(key)));
  } else if constexpr (std::is_unsigned_v<T>) {
    using Bits = std::make_unsigned_t<Key>;
    return static_cast<T>(static_cast<Bits>(key) - static_cast<Bits>(least_key<T>));
  } else {
    return static_cast<T>(key);
  }
}

}  // namespace ricci
