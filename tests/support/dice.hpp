#pragma once
// Random choices that are the same with every standard library.
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

namespace ricci::test {

struct Dice {
  std::mt19937_64 random;

  int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  template <class Range>
  auto one_of(const Range& range) {
    return *(std::begin(range) + below(static_cast<int>(std::size(range))));
  }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + below(static_cast<int>(list.size())));
  }

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t n = items.size(); n > 1; --n) std::swap(items[n - 1], items[random() % n]);
  }
};

}  // namespace ricci::test
