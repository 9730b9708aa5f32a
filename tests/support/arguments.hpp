#pragma once
// The tensors of one call to a program: made afresh for every way to run it, and compared afterwards.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ricci/ir.hpp"
#include "support/guarded_copies.hpp"

namespace ricci::test {

/// Views, and the memory behind those that this call owns.
struct Arguments {
  std::vector<TensorView> views;  // parallel to the program's tensors
  std::vector<GuardedTensor> owned;
  std::optional<GuardedCopies> together = {};  // of all tensors, where some share memory with those that are written
  std::vector<bool> written = {};              // with it: which tensors may change
};

/// Copies of the tensors that the program writes, with their present elements, beside the others as they are. Where one
/// that is written shares memory with another, all are copied, and share it in the copies.
Arguments fresh_arguments(const ir::Program&, std::span<const TensorView> tensors);

/// Empty if the tensors that the program writes have the same elements on both sides (any NaN equals any NaN); else a
/// sentence about the first difference.
std::string first_difference(const ir::Program&, std::span<const TensorView> expected,
                             std::span<const TensorView> actual);

/// Whether no byte beside the elements of tensors that may change has been written.
bool gaps_intact(const Arguments&);

}  // namespace ricci::test
