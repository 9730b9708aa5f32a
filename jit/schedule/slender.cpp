#include "schedule/slender.hpp"

#include <algorithm>

#include "ir/affine.hpp"
#include "ir/functions.hpp"
#include "schedule/abreast.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t least_along = 16, least_apart = 32, least_apart_with_functions = 128;
constexpr std::int64_t shared_bytes = 16 << 10;  // of `b` in the first cache

constexpr int most_bytes = 128;  // of a vector

/// Where other axes are gone through with the rows, 0 stands for them.
bool is_plain(const Read& read) {
  const bool fits = read.policy == Policy::assume_inside;
  const auto is_bare = [&](Expr e) { return e->as<Axis>() || (fits && e->as<Const>()); };
  return !read.guard && std::ranges::all_of(read.subscripts, is_bare);
}

/// For how many columns a vector has lanes; nothing if the lanes would be too many for the dtype, or rows or iterations
/// too few for it to pay. (There must be more where lanes could run along rows and results be stored down columns
/// instead: short_results.hpp. Measured on a Zen 4.)
std::optional<int> columns_of_vectors(const SlenderProduct& p, std::int64_t rows, std::int64_t columns,
                                      std::int64_t along, bool apart) {
  const std::int64_t least = !apart ? least_along : p.has_functions ? least_apart_with_functions : least_apart;
  if (rows < 2 || along < least || columns < 2) return {};
  for (int wide = 2; wide <= most_bytes / 4 / static_cast<int>(size_of(p.fold->dtype)); wide *= 2)
    if (columns <= wide) return wide;
  return {};
}

}  // namespace

std::optional<SlenderProduct> slender_product(const Statement& s) {
  Expr found = nullptr;
  bool has_functions = false;
  for (Expr e : nodes(expressions(s))) {
    has_functions |= is_function(e);
    if (e->as<Nonzero>() || e->as<Sort>() || (e->as<Fold>() && found)) return {};
    if (e->as<Fold>()) found = e;
  }
  if (!found || s.guard) return {};
  const Fold& fold = *found->as<Fold>();
  const Apply* product = fold.body->as<Apply>();
  if (fold.reduction != Reduction::sum || fold.axes.size() != 1 || !fold.ranges.empty()) return {};
  if ((found->dtype != DType::f32 && found->dtype != DType::f64) || !product || product->op != Op::multiply) return {};
  const auto in_domain = [&](AxisId axis) { return std::ranges::count(s.domain, axis) > 0; };
  if (!std::ranges::all_of(found->free, in_domain)) return {};
  for (const auto& [a, b] : {std::pair{product->args[0], product->args[1]}, {product->args[1], product->args[0]}}) {
    const Read *left = a->as<Read>(), *right = b->as<Read>();
    if (!left || !right || a == b || a->dtype != found->dtype || b->dtype != found->dtype) return {};
    if (!is_plain(*left) || !is_plain(*right) || !uses_axis(a, fold.axes[0]) || !uses_axis(b, fold.axes[0])) return {};
    const Axis* last = s.subscripts.empty() ? nullptr : s.subscripts.back()->as<Axis>();
    if (!last || !uses_axis(b, last->axis) || uses_axis(a, last->axis)) continue;
    const auto is_row = [&](AxisId axis) { return uses_axis(a, axis) && !uses_axis(b, axis); };
    const auto rows = std::find_if(s.domain.rbegin(), s.domain.rend(), is_row);
    if (rows != s.domain.rend()) return SlenderProduct{found, a, b, *rows, last->axis, fold.axes[0], has_functions};
  }
  return {};
}

void find_slender_products(const Program& program, std::span<const TensorView> tensors,
                           const std::function<std::int64_t(AxisId)>& length, Specialisation& result) {
  for (const Statement& s : program.statements) {
    if (rows_of_sums(program, s)) {
      // Each load of a row is as long as a vector: those of 64 bytes would go across the end of a line.
      const int least = 16 / static_cast<int>(size_of(s.value->dtype));
      for (const int wide : {least, 2 * least})
        if (length(s.domain.back()) <= wide) {
          result.slender.push_back({s.target, s.domain.back(), wide, false});
          break;
        }
      continue;
    }
    const auto p = slender_product(s);
    if (!p) continue;
    const auto is_contiguous = [&](Expr e, AxisId axis) {
      const auto at = bare_place(e->as<Read>()->subscripts, axis);
      return at && stride_class(program, result, e->as<Read>()->tensor, *at) == StrideClass::one;
    };
    if (!is_contiguous(p->a, p->along)) continue;
    // Four results of rows are no more than as many sums of products, with all lanes along them.
    const bool is_tiny = length(p->rows) * length(p->columns) <= 4;
    if (!is_contiguous(p->b, p->columns) && (is_tiny || !is_contiguous(p->b, p->along))) continue;
    std::vector<StrideClass>& classes = result.strides[s.target];
    const auto is_apart = [](StrideClass c) { return known_stride(c).value_or(0) > 1; };
    const bool apart = std::ranges::any_of(classes, is_apart);
    const auto wide = columns_of_vectors(*p, length(p->rows), length(p->columns), length(p->along), apart);
    if (!wide) continue;
    const Read& b = *p->b->as<Read>();
    const std::int64_t row = tensors[b.tensor].layout.strides[*bare_place(b.subscripts, p->along)];
    result.slender.push_back({b.tensor, p->columns, *wide, program.tensors[b.tensor].table.empty() && row == *wide});
    std::ranges::replace_if(classes, is_apart, StrideClass::any);
  }
}

std::optional<std::pair<RegisterTile, AxisId>> find_slender(Program& program, const Specialisation& s,
                                                            const Target& target, const Nest& nest) {
  if (nest.tables || nest.serial || nest.appends || nest.in_order || nest.sorts || nest.folds) return {};
  if (nest.statements.size() > 1 || s.slender.empty()) return {};
  const Statement& statement = program.statements[nest.statements[0]];
  const auto product = slender_product(statement);
  if (!product) return {};
  const auto is_known = [&](const Slender& few) {
    return few.matrix == product->b->as<Read>()->tensor && few.columns == product->columns;
  };
  const auto known = std::ranges::find_if(s.slender, is_known);
  if (known == s.slender.end()) return {};
  const auto moves = [&](Expr e, AxisId axis) {
    return motion(program, s, e->as<Read>()->tensor, e->as<Read>()->subscripts, axis);
  };
  if (moves(product->a, product->along) != Motion::contiguous) return {};
  const bool by_columns = moves(product->b, product->columns) == Motion::contiguous;
  if (!by_columns && moves(product->b, product->along) != Motion::contiguous) return {};
  if (motion(program, s, statement.target, statement.subscripts, product->columns) != Motion::contiguous) return {};
  const int size = static_cast<int>(size_of(product->fold->dtype)), wide = known->wide;
  RegisterTile tile{.fold = product->fold, .rows = product->rows, .staged = {product->b}, .transposed = {}};
  tile.block = 64;  // so that few rows are items for several threads; with 128 it is 1.00 to 1.06 times faster
  tile.group = std::min(most_bytes / 4, most_bytes / wide) / size;
  tile.columns = wide;
  tile.dense = known->dense;
  // Eight registers of sums hide the latency of fma, and 16 are few of 32.
  const int registers = tile.group * wide * size / target.vector_bytes;
  tile.height = tile.lower_height = target.vector_bytes == 64 ? 8 : std::max(1, 8 / registers);
  tile.vectors = std::max(1, wide / nest.lanes);
  tile.depth = shared_bytes / (wide * size);
  return std::pair{tile, product->columns};
}

void order_slender(const Program& program, const RegisterTile& tile, AxisId columns, Nest& nest) {
  nest.registers = {tile};
  nest.lane_axis = columns;
  nest.order = program.statements[nest.statements[0]].domain;
  for (AxisId axis : {tile.rows, columns}) {
    const auto at = std::ranges::find(nest.order, axis);
    std::rotate(at, at + 1, nest.order.end());
  }
  nest.split = nest.order.size() - 1;
  nest.unroll = tile.vectors;
  nest.tile = tile.columns;
  // More would be empty: short vectors are stored faster, and functions of them are.
  constexpr int least_bytes = 16;
  const int least = least_bytes / static_cast<int>(size_of(tile.fold->dtype));
  nest.lanes = std::min(nest.lanes, std::max(tile.columns, least));
}

}  // namespace ricci::jit
