#pragma once
// Keys to sort, and their order by std::stable_sort.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <type_traits>
#include <vector>

namespace ricci::test {

/// Keys with many ties; floats with NaN, infinities and both zeros.
template <class T>
std::vector<T> keys_of(std::size_t count, unsigned seed, bool ties) {
  std::mt19937_64 random(seed);
  std::vector<T> keys;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    if constexpr (std::is_same_v<T, bool>) {
      keys.push_back(bits & 1);
    } else if constexpr (std::is_floating_point_v<T>) {
      constexpr T infinity = std::numeric_limits<T>::infinity();
      const T special[] = {
          -infinity, infinity, std::numeric_limits<T>::quiet_NaN(),  -std::numeric_limits<T>::quiet_NaN(),
          T(0),      -T(0),    std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::lowest()};
      const T value = static_cast<T>(static_cast<std::int64_t>(bits >> 20) % 1000003 - 500001);
      keys.push_back(ties && bits % 3 == 0 ? special[bits / 3 % 8] : ties ? std::round(value / 50000) : value / 7);
    } else {
      keys.push_back(static_cast<T>(ties ? bits % 5 - 2 : bits));
    }
  }
  return keys;
}

/// Ranks by definition: how many keys come before this one.
template <class T>
std::vector<std::int64_t> expected_order(const std::vector<T>& keys, bool descending) {
  std::vector<std::int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  const auto is_nan = [](T x) { return x != x; };
  const auto less = [&](T a, T b) { return is_nan(a) ? false : is_nan(b) ? true : a < b; };
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    const T x = keys[static_cast<std::size_t>(a)], y = keys[static_cast<std::size_t>(b)];
    return descending ? less(y, x) : less(x, y);
  });
  return order;
}

}  // namespace ricci::test
