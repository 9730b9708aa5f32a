#pragma once
// An array whose dtype and rank are known at run time only: a counted handle of one word. The typed tensors of the
// language and the variables of the text language are both made of it.
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "ricci/shape.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci {

/// Whether the process has never had another thread, as far as the C library knows.
inline bool is_single_threaded() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded;
#else
  return false;
#endif
}

/// A handle to a record {layout, address, owner}. The record never changes; the elements may. Copies share the
/// elements, as std::shared_ptr does, and handles may be copied and destroyed from several threads at once.
/// A default-made Array has no record: only operator bool, assignment and destruction are allowed.
class Array {
 public:
  Array() = default;
  /// A row-major array of indeterminate elements, 64-byte aligned. Throws as checked_size and allocate_block do.
  static Array uninitialised(DType dtype, std::span<const std::int64_t> extents);
  /// The same for extents that have been checked, with their row-major layout.
  static Array uninitialised(const Layout& row_major);
  /// The same, every byte zero.
  static Array zeros(DType dtype, std::span<const std::int64_t> extents);
  /// Memory that somebody else owns and that stays valid for as long as `owner`, or longer, is held.
  static Array borrow(const TensorView& view, std::shared_ptr<const void> owner = nullptr);
  /// Another arrangement of this array's elements, which it keeps alive: a slice, a transpose, a reversal.
  Array rearranged(const Layout& layout, void* data) const;

  Array(const Array& other) noexcept : record_(other.record_) {
    if (record_) record_->hold();
  }
  Array(Array&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  Array& operator=(Array other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~Array() {
    if (record_ && record_->release()) destroy(record_);
  }

  explicit operator bool() const { return record_ != nullptr; }
  /// Whether both are handles to one record.
  bool operator==(const Array&) const = default;

  /// Valid while a handle to this record lives.
  const TensorView& view() const { return record_->view; }
  const Layout& layout() const { return record_->view.layout; }
  std::span<const std::int64_t> extents() const { return extents_of(layout()); }
  DType dtype() const { return layout().dtype; }
  int rank() const { return layout().rank; }
  std::int64_t size() const { return layout().size(); }
  /// The address of the element whose subscripts are all zero.
  void* data() const { return record_->view.data; }
  bool writable() const { return record_->view.writable; }

 private:
  struct Record;
  /// Locked instructions take as long as a kernel of a few elements: none where one thread, or one handle, is all.
  struct Counted {
    TensorView view;
    std::atomic<std::int64_t> uses = 1;

    void hold() noexcept {
      if (is_single_threaded())
        uses.store(uses.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      else
        uses.fetch_add(1, std::memory_order_relaxed);
    }
    /// Whether this was the last handle. Nobody else can copy the only one.
    bool release() noexcept {
      const std::int64_t held = uses.load(std::memory_order_acquire);
      if (held == 1) return true;
      if (!is_single_threaded()) return uses.fetch_sub(1, std::memory_order_acq_rel) == 1;
      uses.store(held - 1, std::memory_order_relaxed);
      return false;
    }
  };

  explicit Array(Counted* record) : record_(record) {}
  static Array owning(const Layout&, std::int64_t size);
  static void destroy(Counted* record) noexcept;

  Counted* record_ = nullptr;
};

}  // namespace ricci
