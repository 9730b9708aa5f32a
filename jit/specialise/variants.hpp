#pragma once
// How many kernels one expression gets. Each combination of facts about the arguments may have one of its own, but a
// program that meets ever new layouts must not compile for ever.
#include <functional>
#include <string>

#include "ir/specialisation.hpp"

namespace ricci::jit {

inline constexpr std::size_t most_variants = 8;

/// The assumptions that hold for all arguments.
Specialisation assume_nothing(const ir::Program&);

/// Whether a kernel with these assumptions is right for arguments with these facts. Sizes are assumed for speed alone.
bool holds(const Specialisation& assumed, const Specialisation& facts);

/// A digest of the loops that the expression becomes for arguments with these facts: equal ones are the same kernel.
using LoopsOf = std::function<std::string(const Specialisation& facts)>;

/// What the kernel for arguments with these facts assumes: those of the kernel with the same loops, if there is one;
/// the facts, if their loops are among the first `most_variants` that this process meets for the expression; otherwise
/// the facts of the most similar of these that are right, or else nothing.
/// Kernels from the disk count like compiled ones, so what is on the disk changes no result. `expression` tells
/// programs and targets apart. A `trial` decides nothing about later calls. Thread-safe.
Specialisation choose_variant(const std::string& expression, const ir::Program&, const Specialisation& facts,
                              const LoopsOf&, bool trial = false);

}  // namespace ricci::jit
