#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace ricci {

/// A few values on the stack, many on the heap; indeterminate at first.
template <class T, std::size_t N>
class Few {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Few(std::size_t size) : size_(size) {
    if (size > N) large_ = std::make_unique_for_overwrite<T[]>(size);
    data_ = large_ ? large_.get() : small_;
  }
  Few(const Few&) = delete;
  Few& operator=(const Few&) = delete;

  T& operator[](std::size_t i) { return data_[i]; }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  std::span<T> span() { return {data_, size_}; }

 private:
  std::size_t size_;
  T* data_;
  std::unique_ptr<T[]> large_;
  union {
    T small_[N];  // in a union nothing is written to them
  };
};

}  // namespace ricci
