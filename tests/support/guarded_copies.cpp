#include "support/guarded_copies.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "ricci/overlap.hpp"
#include "ricci/shape.hpp"

namespace ricci::test {

namespace {

/// The bytes that a view touches.
struct Bytes {
  std::byte *begin, *end;
};

Bytes bytes_of(const TensorView& view) {
  const OffsetRange range = offset_range(view.layout);
  const auto size = static_cast<std::int64_t>(size_of(view.layout.dtype));
  auto* data = static_cast<std::byte*>(view.data);
  return {data + range.low * size, data + range.high * size};
}

}  // namespace

std::vector<bool> written_tensors(const ir::Program& program) {
  std::vector<bool> written(program.tensors.size());
  for (const ir::Statement& s : program.statements) written[s.target] = true;
  return written;
}

bool share_memory(std::span<const TensorView> tensors, const std::vector<bool>& written) {
  for (std::size_t w = 0; w < written.size(); ++w)
    for (std::size_t t = 0; t < written.size() && written[w]; ++t)
      if (t != w && may_overlap(tensors[w], tensors[t])) return true;
  return false;
}

void copy_elements(const TensorView& from, const TensorView& to) {
  for (std::int64_t n = 0; n < from.layout.size(); ++n)
    std::memcpy(element(to, n), element(from, n), size_of(from.layout.dtype));
}

GuardedCopies::GuardedCopies(std::span<const TensorView> originals, Flush flush)
    : views(originals.begin(), originals.end()) {
  std::vector<std::size_t> order(views.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t t) { return bytes_of(originals[t]).begin; });
  for (std::size_t first = 0; first < order.size();) {
    Bytes all = bytes_of(originals[order[first]]);
    std::size_t last = first + 1;
    for (; last < order.size(); ++last) {
      const Bytes next = bytes_of(originals[order[last]]);
      if (next.begin >= all.end || next.begin == next.end) break;
      all.end = std::max(all.end, next.end);
    }
    const GuardedBuffer& buffer = buffers_.emplace_back(static_cast<std::size_t>(all.end - all.begin), flush);
    for (std::size_t i = first; i < last; ++i) {
      const TensorView& original = originals[order[i]];
      views[order[i]].data = buffer.bytes().data() + (static_cast<std::byte*>(original.data) - all.begin);
      copy_elements(original, views[order[i]]);
    }
    const auto accessible = buffer.accessible();
    at_start_.emplace_back(accessible.begin(), accessible.end());
    first = last;
  }
}

bool GuardedCopies::others_unchanged(const std::vector<bool>& written) const {
  for (std::size_t b = 0; b < buffers_.size(); ++b) {
    const std::span<std::byte> now = buffers_[b].accessible();
    std::vector<std::byte> expected = at_start_[b];
    for (std::size_t t = 0; t < views.size(); ++t) {
      if (!written[t] || views[t].layout.size() == 0) continue;
      const std::byte* begin = bytes_of(views[t]).begin;
      if (begin < now.data() || begin >= now.data() + now.size()) continue;
      for (std::int64_t n = 0; n < views[t].layout.size(); ++n) {
        const auto* address = static_cast<const std::byte*>(element(views[t], n));
        std::memcpy(expected.data() + (address - now.data()), address, size_of(views[t].layout.dtype));
      }
    }
    if (!std::ranges::equal(expected, now)) return false;
  }
  return true;
}

}  // namespace ricci::test
