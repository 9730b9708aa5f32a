#pragma once
// Products that are symmetric, as A A^T: the tiles of their results in registers are computed from the first row to the
// diagonal only, and what lies below it is mirrored:
//
//     g[i, j] = sum(k, a[i, k] * a[j, k])     ->     for a step of the lanes j0 <= j < j1:
//                                                      rows i < j1: g[i, j..] = sum(k, a[i, k] * a[j.., k])
//                                                      rows i < j0: g[j.., i] = g[i, j..], transposed
//
// Both halves of the result have the same bits, which are those of the whole product: only operands that may be
// exchanged without rounding otherwise are.
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Iterations of the sum. With fewer, to compute an element takes about as long as to mirror it. (Measured with f32 on
/// a Zen 4: with 4 iterations, products of 100 to 3000 rows take 0.92 to 0.98 of the time of the whole, with 16 they
/// take 0.7 to 0.83. Other processors multiply twice as fast.)
inline constexpr std::int64_t least_iterations = 16;

/// Whether all that a nest with tiles in registers stores is the same where their rows and the lanes are exchanged.
bool is_symmetric(ir::Program&, const Specialisation&, const Nest&);

/// One line, as for the other parts of a schedule.
std::string symmetry_to_string(const Nest&, const ir::Program&);

}  // namespace ricci::jit
