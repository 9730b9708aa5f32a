#pragma once
#include <vector>

#include "ricci/resolve.hpp"

namespace ricci {

/// Parts of a statement that are written once and used several times, as C++ variables of expressions are, or written
/// several times, have numbers of their own each time. This finds, by scalar leaf, the first leaf at the same place of
/// an equal part with equal numbers; itself if there is none. Parts that read no tensor do not count: whether two of
/// their numbers are equal would be chance, and each answer is a program of its own.
std::vector<int> find_repeats(std::span<const StatementSyntax>, const Leaves&);

}  // namespace ricci
