#include "specialise/moved.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

namespace {

bool is_order(Op op) {
  return op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
}

/// The operand of a comparison that is the axis moved, the other one and the rest being of extents and numbers.
std::optional<std::size_t> moved_operand(Expr comparison, AxisId axis) {
  const Apply* apply = comparison->as<Apply>();
  if (!apply || !is_order(apply->op) || comparison->free.size() != 1 || comparison->may_fail) return {};
  const auto is_number = [](Expr e) {
    return e->dtype != DType::i64 || e->as<Const>() || e->as<Param>() || e->as<Extent>() || e->as<Axis>() ||
           e->as<Apply>();
  };
  if (!std::ranges::all_of(nodes({comparison}), is_number)) return {};
  for (std::size_t k = 0; k < 2; ++k)
    if (is_moved(apply->args[k], axis) && !uses_axis(apply->args[1 - k], axis)) return k;
  return {};
}

}  // namespace

bool is_moved(Expr e, AxisId axis) {
  if (const Axis* bare = e->as<Axis>()) return bare->axis == axis;
  const Apply* apply = e->as<Apply>();
  if (!apply || e->dtype != DType::i64 || (apply->op != Op::add && apply->op != Op::subtract)) return false;
  const bool first = uses_axis(apply->args[0], axis), second = uses_axis(apply->args[1], axis);
  if (first == second) return false;
  return first ? is_moved(apply->args[0], axis) : apply->op == Op::add && is_moved(apply->args[1], axis);
}

bool is_only_moved(const Program& program, const Survey& survey, AxisId axis, AxisId inner) {
  for (AxisId a : {axis, inner})
    if (const auto range = survey.ranges.find(a); range == survey.ranges.end() || range->second != Range{})
      return false;
  for (const Statement& s : program.statements)
    if (is_moved(s.value, axis)) return false;
  const auto is_subscript = [&](Expr e) { return is_moved(e, axis) && !uses_axis(e, inner); };
  return std::ranges::all_of(survey.nodes, [&](Expr n) {
    if (const Extent* extent = n->as<Extent>()) return extent->axis != axis && extent->axis != inner;
    if (is_moved(n, axis) || moved_operand(n, axis)) return true;  // as what stands around it takes it
    const Read* read = n->as<Read>();
    if (read && !std::ranges::all_of(read->subscripts, [&](Expr e) { return !uses_axis(e, axis) || is_subscript(e); }))
      return false;
    return read || std::ranges::none_of(children(n), [&](Expr child) { return is_moved(child, axis); });
  });
}

Expr test_of_rows(Graph& g, Expr comparison, AxisId axis, AxisId inner, Expr row) {
  const std::optional<std::size_t> moved = moved_operand(comparison, axis);
  if (!moved) return nullptr;
  const Apply& apply = *comparison->as<Apply>();
  const auto i64 = [&](Op op, Expr a, Expr b) { return ir::apply(g, op, {a, b}); };
  const Expr rest = substitute(g, apply.args[*moved], {{axis, constant(g, std::int64_t{0})}});
  Op op = apply.op;
  if (*moved == 1)
    op = op == Op::less         ? Op::greater
         : op == Op::less_equal ? Op::greater_equal
         : op == Op::greater    ? Op::less
                                : Op::less_equal;
  // Of floor(z / row) + rest, a limit that counts is at whole rows.
  Expr limit = apply.args[1 - *moved];
  if (op == Op::less_equal || op == Op::greater) limit = i64(Op::add, limit, constant(g, std::int64_t{1}));
  const Expr at = i64(Op::add, ir::axis(g, inner), i64(Op::multiply, rest, row));
  return i64(op == Op::less || op == Op::less_equal ? Op::less : Op::greater_equal, at, i64(Op::multiply, limit, row));
}

}  // namespace ricci::jit
