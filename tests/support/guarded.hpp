#pragma once
// Memory for tests that ends, or starts, exactly where the process may no longer read or write: an access of one
// byte too far ends the test. Whatever is not an element is filled with a canary.
#include <cstddef>
#include <cstdint>
#include <span>

#include "ricci/tensor_view.hpp"

namespace ricci::test {

/// Which side of the elements touches an inaccessible page.
enum class Flush : std::uint8_t { end, start };

/// `bytes` bytes between two inaccessible pages.
class GuardedBuffer {
 public:
  explicit GuardedBuffer(std::size_t bytes, Flush flush = Flush::end);
  ~GuardedBuffer();
  GuardedBuffer(GuardedBuffer&& other) noexcept;
  GuardedBuffer& operator=(GuardedBuffer&& other) noexcept;

  std::span<std::byte> bytes() const { return bytes_; }
  /// Everything between the two pages: bytes() and the slack on its other side.
  std::span<std::byte> accessible() const { return accessible_; }

 private:
  std::span<std::byte> accessible_;
  std::span<std::byte> bytes_;
};

/// How the elements lie in memory.
enum class Pattern : std::uint8_t {
  contiguous,  // row-major
  permuted,    // the last axis varies slowest: column-major
  strided,     // row-major with a gap of one element after each element and each row
  negative,    // row-major, every axis backwards
  repeated,    // row-major with stride 0 along axis 0
};
inline constexpr Pattern all_patterns[] = {Pattern::contiguous, Pattern::permuted, Pattern::strided, Pattern::negative,
                                           Pattern::repeated};

Layout make_layout(DType dtype, std::span<const std::int64_t> extents, Pattern pattern);

/// A view whose lowest or highest element touches an inaccessible page. All bytes start as canaries.
class GuardedTensor {
 public:
  explicit GuardedTensor(const Layout& layout, Flush flush = Flush::end);
  GuardedTensor(DType dtype, std::span<const std::int64_t> extents, Pattern pattern = Pattern::contiguous,
                Flush flush = Flush::end)
      : GuardedTensor(make_layout(dtype, extents, pattern), flush) {}

  const TensorView& view() const { return view_; }
  /// Whether every accessible byte that belongs to no element still is a canary.
  bool gaps_intact() const;

 private:
  GuardedBuffer buffer_;
  TensorView view_;
};

/// The address of one element; no checks.
void* element(const TensorView& view, std::span<const std::int64_t> subscripts);

/// The address of element number `n` in row-major order.
void* element(const TensorView& view, std::int64_t n);

}  // namespace ricci::test
