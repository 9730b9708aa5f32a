#pragma once
// Guarded copies of tensors that may share memory.
#include <span>
#include <vector>

#include "ricci/ir.hpp"
#include "support/guarded.hpp"

namespace ricci::test {

/// The elements of some views in guarded memory of their own; views that overlap overlap there in the same way.
class GuardedCopies {
 public:
  GuardedCopies(std::span<const TensorView> originals, Flush flush);

  std::vector<TensorView> views;  // parallel to the originals
  /// Whether every byte that is no element of a tensor with `written[t]` is as it was at the start.
  bool others_unchanged(const std::vector<bool>& written) const;
  /// Whether every byte is as it was at the start.
  bool unchanged() const { return others_unchanged(std::vector<bool>(views.size(), false)); }

 private:
  std::vector<GuardedBuffer> buffers_;
  std::vector<std::vector<std::byte>> at_start_;  // by buffer: its accessible bytes
};

/// Which tensors the program writes.
std::vector<bool> written_tensors(const ir::Program&);

/// Whether some tensor of these lies where a written one does, in part at least.
bool share_memory(std::span<const TensorView>, const std::vector<bool>& written);

void copy_elements(const TensorView& from, const TensorView& to);

}  // namespace ricci::test
