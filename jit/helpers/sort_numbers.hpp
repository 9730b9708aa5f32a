#pragma once
// Loops over rows of keys and the numbers that stand for them, by vectors: every CPU that Ricci runs on has AVX2.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "helpers/ordered_key.hpp"

// What is inlined into functions of several instruction sets has none of its own.
#define RICCI_INLINE [[gnu::always_inline]] inline

namespace ricci {

template <class T>
RICCI_INLINE T key_at(const T* keys, std::int64_t place) {
  if constexpr (std::is_same_v<T, bool>)
    return reinterpret_cast<const std::uint8_t*>(keys)[place] != 0;
  else
    return keys[place];
}

/// What stands for a key when keys are sorted: floats for floats, whose least and greatest of two are fast. NaN is as
/// infinity then, both zeros are one.
template <class T>
using Number = std::conditional_t<std::is_integral_v<T> || sizeof(T) == 8,
                                  std::conditional_t<std::is_same_v<T, double>, double, OrderedKey<T>>, float>;

/// All bits turn round what is an integer, the highest turns round a float.
template <class N, class Key>
RICCI_INLINE N turned_by(Key flip, N number) {
  if constexpr (std::is_integral_v<N>)
    return number ^ static_cast<N>(flip);
  else
    return std::bit_cast<N>(std::bit_cast<Key>(number) ^ (flip & std::numeric_limits<Key>::min()));
}
template <class N, class T>
RICCI_INLINE N number_of(T key, OrderedKey<T> flip) {
  if constexpr (std::is_integral_v<N>) {
    return turned_by(flip, static_cast<N>(ordered(key)));
  } else {
    // As integers, of which compilers make better vectors.
    using Bits = OrderedKey<N>;
    const N number = static_cast<N>(key);
    const auto bits = std::bit_cast<Bits>(number);
    const Bits equal =
        bits == std::numeric_limits<Bits>::min() ? Bits{0} : std::bit_cast<Bits>(std::numeric_limits<N>::infinity());
    return turned_by(flip, std::bit_cast<N>(is_nan_or_negative_zero(number) ? equal : bits));
  }
}
template <class N, class T>
RICCI_INLINE T key_of(N number, OrderedKey<T> flip) {
  if constexpr (std::is_integral_v<N>)
    return unordered<T>(turned_by(flip, number));
  else
    return static_cast<T>(turned_by(flip, number));
}

template <class T, class N>
RICCI_INLINE bool load_by(std::int64_t stride, const T* keys, std::int64_t count, OrderedKey<T> flip, N* x) {
  OrderedKey<T> special = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T key = key_at(keys, i * stride);
    if constexpr (Float16<T>)
      special |= is_nan_or_negative_zero(static_cast<float>(key));
    else if constexpr (std::is_floating_point_v<T>)
      special |= is_nan_or_negative_zero(key);
    x[i] = number_of<N>(key, flip);
  }
  return special != 0;
}
/// Stores the keys as numbers in their order, which is turned by `flip`; returns whether one is NaN or -0.
template <class T, class N>
[[gnu::target("avx2")]] bool load(const T* keys, std::int64_t stride, std::int64_t count, OrderedKey<T> flip, N* x) {
  return stride == 1 ? load_by(1, keys, count, flip, x) : load_by(stride, keys, count, flip, x);
}

template <class T>
RICCI_INLINE void unload_by(std::int64_t pitch, const Number<T>* x, std::int64_t count, OrderedKey<T> flip, T* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i * pitch] = key_of<Number<T>, T>(x[i], flip);
}
template <class T>
[[gnu::target("avx2")]] void unload(const Number<T>* x, std::int64_t count, OrderedKey<T> flip, T* to,
                                    std::int64_t pitch) {
  pitch == 1 ? unload_by(1, x, count, flip, to) : unload_by(pitch, x, count, flip, to);
}
/// The same where the numbers are.
template <class T>
[[gnu::target("avx2")]] void unload(Number<T>* x, std::int64_t count, OrderedKey<T> flip) {
  if constexpr (sizeof(T) == sizeof(Number<T>))
    for (std::int64_t i = 0; i < count; ++i) x[i] = std::bit_cast<Number<T>>(key_of<Number<T>, T>(x[i], flip));
}
/// Whether numbers are keys already.
template <class T>
bool is_as_it_was(OrderedKey<T> flip) {
  return flip == 0 && std::is_signed_v<T>;
}

struct Span {
  std::int64_t least, most;
};
[[gnu::target("avx2")]] inline Span span_of(const std::int64_t* x, std::int64_t count) {
  Span span{x[0], x[0]};
  for (std::int64_t i = 0; i < count; ++i) {
    span.least = std::min(span.least, x[i]);
    span.most = std::max(span.most, x[i]);
  }
  return span;
}

/// Puts their index, the first of which is `first`, below numbers from `low` on, whose `waiting` lowest bits are left
/// out.
[[gnu::target("avx2")]] inline void pack(std::int64_t* x, std::int64_t count, std::int64_t first, std::int64_t low,
                                         int waiting, int index_bits) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t above = static_cast<std::uint64_t>(x[i]) - static_cast<std::uint64_t>(low);
    x[i] = static_cast<std::int64_t>(above >> waiting << index_bits | static_cast<std::uint64_t>(first + i));
  }
}

RICCI_INLINE void unpack_by(std::int64_t pitch, const std::int64_t* pairs, std::int64_t count, std::int64_t mask,
                            std::int64_t* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i * pitch] = pairs[i] & mask;
}
[[gnu::target("avx2")]] inline void unpack(const std::int64_t* pairs, std::int64_t count, std::int64_t mask,
                                           std::int64_t* to, std::int64_t pitch) {
  pitch == 1 ? unpack_by(1, pairs, count, mask, to) : unpack_by(pitch, pairs, count, mask, to);
}

}  // namespace ricci

#undef RICCI_INLINE
