#include "support/guarded.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ricci/error.hpp"
#include "ricci/shape.hpp"

namespace ricci::test {
namespace {

constexpr std::byte canary{0xCB};

std::size_t page_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

GuardedBuffer::GuardedBuffer(std::size_t bytes, Flush flush) {
  const std::size_t page = page_bytes();
  const std::size_t inner = (bytes + page - 1) / page * page;
  void* mapping = mmap(nullptr, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  RICCI_ASSERT(mapping != MAP_FAILED, "no memory for a guarded buffer");
  accessible_ = {static_cast<std::byte*>(mapping) + page, inner};
  if (inner > 0) RICCI_ASSERT(mprotect(accessible_.data(), inner, PROT_READ | PROT_WRITE) == 0, "mprotect failed");
  std::ranges::fill(accessible_, canary);
  bytes_ = flush == Flush::end ? accessible_.last(bytes) : accessible_.first(bytes);
}

GuardedBuffer::~GuardedBuffer() {
  if (accessible_.data()) munmap(accessible_.data() - page_bytes(), accessible_.size() + 2 * page_bytes());
}

GuardedBuffer::GuardedBuffer(GuardedBuffer&& other) noexcept
    : accessible_(std::exchange(other.accessible_, {})), bytes_(std::exchange(other.bytes_, {})) {}

GuardedBuffer& GuardedBuffer::operator=(GuardedBuffer&& other) noexcept {
  std::swap(accessible_, other.accessible_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Layout make_layout(DType dtype, std::span<const std::int64_t> extents, Pattern pattern) {
  Layout layout = row_major(dtype, extents);
  std::int64_t stride = 1;
  switch (pattern) {
    case Pattern::contiguous:
      break;
    case Pattern::permuted:
      for (int i = 0; i < layout.rank; ++i) {
        layout.strides[i] = stride;
        stride *= std::max<std::int64_t>(layout.extents[i], 1);
      }
      break;
    case Pattern::strided:
      stride = 2;
      for (int i = layout.rank - 1; i >= 0; --i) {
        layout.strides[i] = stride;
        stride = stride * std::max<std::int64_t>(layout.extents[i], 1) + 1;
      }
      break;
    case Pattern::negative:
      for (int i = 0; i < layout.rank; ++i) layout.strides[i] = -layout.strides[i];
      break;
    case Pattern::repeated:
      if (layout.rank > 0) layout.strides[0] = 0;
      break;
  }
  return layout;
}

GuardedTensor::GuardedTensor(const Layout& layout, Flush flush)
    : buffer_(
          [&] {
            const OffsetRange range = offset_range(layout);
            return static_cast<std::size_t>(range.high - range.low) * size_of(layout.dtype);
          }(),
          flush) {
  const auto size = static_cast<std::int64_t>(size_of(layout.dtype));
  view_ = {layout, buffer_.bytes().data() - offset_range(layout).low * size, true};
}

bool GuardedTensor::gaps_intact() const {
  const std::span<std::byte> all = buffer_.accessible();
  std::vector<bool> owned(all.size(), false);
  const std::int64_t count = view_.layout.size();
  for (std::int64_t n = 0; n < count; ++n) {
    const auto begin = static_cast<std::byte*>(element(view_, n)) - all.data();
    std::fill_n(owned.begin() + begin, size_of(view_.layout.dtype), true);
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!owned[i] && all[i] != canary) return false;
  return true;
}

void* element(const TensorView& view, std::span<const std::int64_t> subscripts) {
  std::int64_t offset = 0;
  for (int i = 0; i < view.layout.rank; ++i) offset += subscripts[i] * view.layout.strides[i];
  return static_cast<std::byte*>(view.data) + offset * static_cast<std::int64_t>(size_of(view.layout.dtype));
}

void* element(const TensorView& view, std::int64_t n) {
  std::array<std::int64_t, max_rank> subscripts{};
  for (int i = view.layout.rank - 1; i >= 0; --i) {
    subscripts[i] = n % view.layout.extents[i];
    n /= view.layout.extents[i];
  }
  return element(view, subscripts);
}

}  // namespace ricci::test
