#include <algorithm>
#include <numeric>

#include "helpers/sort_row.hpp"

namespace ricci {

namespace {

template <class T>
bool before(T a, T b) {
  if (a != a || b != b) return a == a;  // a number is before NaN
  return a < b;
}

}  // namespace

std::vector<std::int64_t> stable_order(std::span<const Scalar> keys, bool descending) {
  std::vector<std::int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  if (keys.empty()) return order;
  visit_dtype(keys[0].dtype, [&]<class T>(std::type_identity<T>) {
    const auto key = [&](std::int64_t i) { return keys[static_cast<std::size_t>(i)].get<T>(); };
    std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
      if (key(a) != key(a) && key(b) != key(b)) return false;  // NaNs are equal
      return descending ? before(key(b), key(a)) : before(key(a), key(b));
    });
  });
  return order;
}

}  // namespace ricci
