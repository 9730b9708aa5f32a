#pragma once
// Reductions of many elements to few results, as sums of columns, means of channels, or X^T X: loops over the results
// leave threads idle, and short rows of results leave lanes empty. What is reduced is cut into shares, always as many,
// so that no result depends on the number of threads; short rows are taken several at a time:
//
//     s[j] = sum(n, x[n, j])     ->     part[q, r, j] = sum(m, x[(q * M + m) * R + r, j]);
//                                       s[j] = sum(q, r, part[q, r, j]) + sum(n(Q * M * R, N), x[n, j])
#include <span>
#include <tuple>

#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// A reduction in shares, with so many rows at a time; `as_one`: its axes lie behind each other in memory, and are gone
/// through as one.
struct Shared {
  ir::Expr fold;
  std::int64_t rows;
  bool as_one;
  bool operator<(const Shared& other) const {
    return std::tuple(fold->id, rows, as_one) < std::tuple(other.fold->id, other.rows, other.as_one);
  }
};

/// The reductions of a normalised program whose sizes may make shares worth it, inner ones first. Those that stand in
/// another one do not change in it.
std::vector<ir::Expr> may_share(const ir::Program&);

/// Those of them for which these extents, by axis, and layouts do.
std::vector<Shared> find_shared(const ir::Program&, std::span<const ir::Expr> candidates, std::span<const TensorView>,
                                std::span<const std::int64_t> extents);

/// A program with reductions in shares. Its further axes and tensors stand behind all others; these hold parts or the
/// whole of the reductions `of`, one by one.
struct InShares {
  ir::Program program;
  std::vector<ir::Expr> of;
};
InShares in_shares(ir::Program, const std::vector<Shared>&);

}  // namespace ricci::jit
