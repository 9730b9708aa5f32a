#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace ricci {

/// Elements at equal distances as a range for algorithms.
template <class T>
class StridedIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = T*;
  using reference = T&;

  StridedIterator() = default;
  StridedIterator(T* first, std::int64_t stride, std::int64_t number = 0)
      : first_(first), stride_(stride), number_(number) {}

  T& operator*() const { return first_[number_ * stride_]; }
  T& operator[](std::ptrdiff_t n) const { return first_[(number_ + n) * stride_]; }
  StridedIterator& operator+=(std::ptrdiff_t n) {
    number_ += n;
    return *this;
  }
  StridedIterator& operator-=(std::ptrdiff_t n) { return *this += -n; }
  StridedIterator& operator++() { return *this += 1; }
  StridedIterator& operator--() { return *this -= 1; }
  StridedIterator operator++(int) {
    const StridedIterator old = *this;
    ++*this;
    return old;
  }
  StridedIterator operator--(int) {
    const StridedIterator old = *this;
    --*this;
    return old;
  }
  friend StridedIterator operator+(StridedIterator i, std::ptrdiff_t n) { return i += n; }
  friend StridedIterator operator+(std::ptrdiff_t n, StridedIterator i) { return i += n; }
  friend StridedIterator operator-(StridedIterator i, std::ptrdiff_t n) { return i -= n; }
  friend std::ptrdiff_t operator-(const StridedIterator& a, const StridedIterator& b) { return a.number_ - b.number_; }
  friend bool operator==(const StridedIterator& a, const StridedIterator& b) { return a.number_ == b.number_; }
  friend auto operator<=>(const StridedIterator& a, const StridedIterator& b) { return a.number_ <=> b.number_; }

 private:
  T* first_ = nullptr;
  std::int64_t stride_ = 1, number_ = 0;
};

}  // namespace ricci
