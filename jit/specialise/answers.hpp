#pragma once
// What the interval analysis answers about a program for certain arguments, question by question.
#include <span>
#include <string>

#include "ir/survey.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// The extent of one axis of a tensor or table.
std::int64_t size_of_axis(const ir::Program&, std::span<const TensorView> tensors,
                          std::span<const std::int64_t> extents, ir::TensorId, std::size_t axis);

/// Of each comparison of the survey: 't' or 'f' for what it always is, or '?'. Of each access, the targets after the
/// reads: 'p' if it never misses, 'g' if not where its guard holds, 'c' if it must be checked.
std::string ask(const ir::Program&, const Survey&, std::span<const TensorView> tensors,
                std::span<const std::int64_t> extents);

/// Whether the access has to be checked.
bool stays_checked(const ir::Program&, const Survey&, std::span<const TensorView> tensors,
                   std::span<const std::int64_t> extents, const Access&);

/// Counts axes as used by value where a check that stays compares them with an extent: they are bare subscripts of a
/// tensor from which they do not have their own.
void note_compared_axes(const ir::Program&, std::span<const TensorView> tensors, std::span<const std::int64_t> extents,
                        Survey&);

}  // namespace ricci::jit
