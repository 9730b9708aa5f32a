#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace ricci {

/// A few values on the stack, many on the heap; indeterminate at first.
template <class T, std::size_t N>
class Few {
 public:
  explicit Few(std::size_t size)
      : size_(size), large_(size > N ? size : 0), data_(size > N ? large_.data() : small_.data()) {}
  Few(const Few&) = delete;
  Few& operator=(const Few&) = delete;

  T& operator[](std::size_t i) { return data_[i]; }
  T* data() { return data_; }
  std::size_t size() const { return size_; }
  std::span<T> span() { return {data_, size_}; }

 private:
  std::size_t size_;
  std::array<T, N> small_;
  std::vector<T> large_;
  T* data_;
};

}  // namespace ricci
