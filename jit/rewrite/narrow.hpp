#pragma once
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Sums of integers have 64 bits. Those of few small numbers are added up in as many as hold them, and so is computed
/// what is made of such a sum on its way to a narrow result or a comparison:
///
///     u8(sum(a, b, u64(x[i + a, j + b])) // 9)     ->     u8(sum(a, b, u16(x[i + a, j + b])) // 9)   over 3 x 3
///
/// Then lanes are narrow too. All values stay the same.
void narrow_sums(ir::Program&);

}  // namespace ricci::jit
