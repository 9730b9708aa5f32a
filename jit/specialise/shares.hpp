#pragma once
// Reductions of many elements to few results, as sums of columns, means of channels, or X^T X: loops over the results
// leave threads idle, and short rows of results leave lanes empty. What is reduced is cut into shares, as many
// as sizes say, so that no result depends on the number of threads; short rows are taken several at a time:
//
//     s[j] = sum(n, x[n, j])     ->     part[q, r, j] = sum(m, x[(q * M + m) * R + r, j]);
//                                       s[j] = sum(q, r, part[q, r, j]) + sum(n(Q * M * R, N), x[n, j])
#include <span>
#include <tuple>

#include "ricci/compile.hpp"
#include "ricci/ir.hpp"
#include "ricci/tensor_view.hpp"

namespace ricci::jit {

/// The sizes from which on reductions are done in shares, and those of the shares.
struct ShareSizes {
  std::int64_t shares;         // of each reduction,
  std::int64_t shares_of_line; // or of few rows, which are reduced abreast; each of at least so many rows,
  std::int64_t least_rows;     // or so many times the rows that are taken at a time
  std::int64_t work;           // of all results,
  std::int64_t work_of_line;   // or where it is less for one thread, too, as rows are reduced abreast
  std::int64_t per_result;
  std::int64_t short_row;      // of results; so many of those that are no longer are taken
  std::int64_t rows_at_a_time;
  std::int64_t most_rows;      // of memory, reduced along them: no more than so many,
  std::int64_t least_row;      // of no less elements for each share
};
const ShareSizes& share_sizes(Shares);

/// A reduction in so many shares, with so many rows at a time; `as_one`: its axes lie behind each other in memory, and
/// are gone through as one; `in_lanes`: rows and results are one axis, else rows are reduced abreast.
struct Shared {
  ir::Expr fold;
  std::int64_t shares, rows;
  bool as_one, in_lanes;
  bool operator<(const Shared& other) const {
    return std::tuple(fold->id, shares, rows, as_one, in_lanes) <
           std::tuple(other.fold->id, other.shares, other.rows, other.as_one, other.in_lanes);
  }
};

/// The reductions of a normalised program whose sizes may make shares worth it, inner ones first. Those that stand in
/// another one do not change in it.
std::vector<ir::Expr> may_share(const ir::Program&);

/// Those of them for which these extents, by axis, and layouts do.
std::vector<Shared> find_shared(const ir::Program&, std::span<const ir::Expr> candidates, std::span<const TensorView>,
                                std::span<const std::int64_t> extents, const ShareSizes&);

/// A program with reductions in shares. Its further axes and tensors stand behind all others; these hold parts or the
/// whole of the reductions `of`, one by one.
struct InShares {
  ir::Program program;
  std::vector<ir::Expr> of;
};
InShares in_shares(ir::Program, const std::vector<Shared>&);

}  // namespace ricci::jit
