#pragma once
// Array: an 8-byte counted handle to elements in memory, with dtype and rank known at run time. Tensor<T, Rank> is
// the same handle with both in the type. Copies share the elements.
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "ricci/tensor_view.hpp"
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace ricci {

/// What a handle points to. Immutable but for the count, the name and the elements.
struct ArrayRecord {
  std::atomic<std::int32_t> owners{1};
  bool owns_data = false;
  TensorView view;
  ArrayRecord* base = nullptr;  // a view keeps the record it looks into alive
  std::string name;             // for messages; may be empty
};

class Array {
 public:
  Array() = default;
  /// Elements of `layout`, which must be row-major, zero-initialised, aligned to 64 bytes.
  explicit Array(const Layout& layout);
  /// Memory that somebody else owns and keeps alive.
  explicit Array(const TensorView& view);
  /// A view into the elements of `base`, which it keeps alive.
  Array(const TensorView& view, const Array& base);

  Array(const Array& other) noexcept : record_(other.record_) {
    if (record_ != nullptr) add_owner(record_->owners, 1);
  }
  Array(Array&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  Array& operator=(Array other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~Array() {
    if (record_ != nullptr && add_owner(record_->owners, -1) == 0) destroy(record_);
  }

  explicit operator bool() const { return record_ != nullptr; }
  const TensorView& view() const { return record_->view; }
  const Layout& layout() const { return record_->view.layout; }
  void* data() const { return record_->view.data; }
  const std::string& name() const { return record_->name; }
  void set_name(std::string_view name) const { record_->name = name; }
  bool is_same(const Array& other) const { return record_ == other.record_; }

  /// The view whose axis i is axis `axes[i]` of this one. Throws Error{rank} unless `axes` is a permutation.
  Array permuted(const int* axes, int count) const;
  /// The elements start, start + step, ... before `stop` along one axis, as in NumPy: negative bounds count from the
  /// end, bounds outside the axis are clipped; `step` may be negative. Throws Error{rank} for a bad axis or step 0.
  Array sliced(int axis, std::int64_t start, std::int64_t stop, std::int64_t step) const;
  /// The elements from the last to the first along one axis.
  Array flipped(int axis) const;
  /// A row-major copy.
  Array copy() const;

 private:
  /// Atomic only when the process has threads, as libstdc++ does for shared_ptr. Returns the new count.
  static std::int32_t add_owner(std::atomic<std::int32_t>& owners, std::int32_t change) noexcept {
#if __has_include(<sys/single_threaded.h>)
    if (__libc_single_threaded) {
      const std::int32_t now = owners.load(std::memory_order_relaxed) + change;
      owners.store(now, std::memory_order_relaxed);
      return now;
    }
#endif
    return owners.fetch_add(change, std::memory_order_acq_rel) + change;
  }
  static void destroy(ArrayRecord*) noexcept;

  ArrayRecord* record_ = nullptr;
};

}  // namespace ricci
