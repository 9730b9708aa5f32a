#include "ricci/array.hpp"

#include <cstring>
#include <new>

#include "ricci/error.hpp"
#include "ricci/memory.hpp"

namespace ricci {

// The elements of an array that owns them follow its record in the same block: one allocation per array.
struct alignas(block_alignment) Array::Record : Counted {
  std::size_t block_bytes;
  Array base;                         // a rearranged array: whose elements these are
  std::shared_ptr<const void> owner;  // borrowed memory: who keeps it

  Record(const Layout& layout, void* data, bool writable, std::size_t bytes = sizeof(Record))
      : Counted{{layout, data, writable}}, block_bytes(bytes) {}
};

void Array::destroy(Counted* counted) noexcept {
  auto* record = static_cast<Record*>(counted);
  const std::size_t bytes = record->block_bytes;
  record->~Record();
  free_block(record, bytes);
}

Array Array::owning(const Layout& layout, std::int64_t size) {
  const std::size_t bytes = static_cast<std::size_t>(size) * size_of(layout.dtype) + sizeof(Record);
  auto* block = static_cast<std::byte*>(allocate_block(bytes));
  return Array(new (block) Record(layout, block + sizeof(Record), true, bytes));
}

Array Array::uninitialised(DType dtype, std::span<const std::int64_t> extents) {
  const std::int64_t size = checked_size(dtype, extents);
  return owning(row_major(dtype, extents), size);
}

Array Array::uninitialised(const Layout& row_major) { return owning(row_major, row_major.size()); }

Array Array::zeros(DType dtype, std::span<const std::int64_t> extents) {
  Array array = uninitialised(dtype, extents);
  std::memset(array.data(), 0, static_cast<std::size_t>(array.size()) * size_of(dtype));
  return array;
}

Array Array::borrow(const TensorView& view, std::shared_ptr<const void> owner) {
  auto* record = new (allocate_block(sizeof(Record))) Record(view.layout, view.data, view.writable);
  record->owner = std::move(owner);
  return Array(record);
}

Array Array::rearranged(const Layout& layout, void* data) const {
  auto* record = new (allocate_block(sizeof(Record))) Record(layout, data, writable());
  const Array& base = static_cast<Record*>(record_)->base;
  record->base = base ? base : *this;  // never a chain
  return Array(record);
}

}  // namespace ricci
