#include "schedule/flattened.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t short_block = 32;  // rows

/// Whether lanes along so long rows would leave so many over that lanes across the ends of rows are worth being
/// gathered, once for all columns. (Measured with AVX-512 for rows of 5 to 28: it pays from 8 columns on for 5, from 16
/// for 7, from 50 for 10 and 20, and from 90 for 12 and 24; 1.55 times faster with rows of 7 and 128 columns.)
bool leaves_lanes_over(std::int64_t row, DType dtype, std::int64_t columns) {
  constexpr std::int64_t columns_of_gather = 32;  // take as long as gathering for them
  const std::int64_t lanes = 64 / static_cast<std::int64_t>(size_of(dtype));
  const std::int64_t over = (row + lanes - 1) / lanes * lanes - row;
  return over > 0 && columns >= columns_of_gather * row / over;
}

/// Whether one of these reads moves with both rows and not with the columns, another one with the columns alone.
bool is_product(const std::vector<Expr>& reads, AxisId outer, AxisId inner, AxisId columns) {
  bool of_rows = false, of_columns = false;
  for (Expr n : reads) {
    const bool by_outer = uses_axis(n, outer), by_inner = uses_axis(n, inner), by_column = uses_axis(n, columns);
    of_rows |= by_outer && by_inner && !by_column;
    of_columns |= by_column && !by_outer && !by_inner;
  }
  return of_rows && of_columns;
}

}  // namespace

bool stands_bare(const std::vector<Expr>& subscripts, AxisId axis) {
  Expr user = nullptr;
  for (Expr e : subscripts) {
    if (!uses_axis(e, axis)) continue;
    if (user) return false;
    user = e;
  }
  return user && user->as<Axis>();
}

bool pays_to_flatten(const Program& program, const Survey& survey, std::span<const std::int64_t> extents, AxisId outer,
                     AxisId inner) {
  for (const Statement& s : program.statements) {
    if (!stands_bare(s.subscripts, outer) || !stands_bare(s.subscripts, inner)) continue;
    const bool is_last = uses_axis(s.subscripts.back(), inner);
    const auto pays = [&](AxisId columns) {
      if (!is_last) return extents[inner] <= short_block;
      return leaves_lanes_over(extents[inner], program.tensors[s.target].dtype, extents[columns]);
    };
    for (Expr e : survey.nodes) {
      const Fold* fold = e->as<Fold>();
      if (!fold || !uses_axis(e, outer) || !uses_axis(e, inner)) continue;
      std::vector<Expr> reads = nodes({fold->body});
      std::erase_if(reads, [](Expr n) { return !n->as<Read>(); });
      for (AxisId columns : e->free)
        if (pays(columns) && is_product(reads, outer, inner, columns)) return true;
    }
  }
  return false;
}

Expr part_of_position(Graph& g, const std::vector<AxisId>& group, std::size_t k) {
  Expr at = axis(g, group.back());
  for (std::size_t i = group.size(); --i > k;) at = apply(g, Op::floor_divide, {at, extent(g, group[i])});
  return k == 0 ? at : apply(g, Op::remainder, {at, extent(g, group[k])});
}

}  // namespace ricci::jit
