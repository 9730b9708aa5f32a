#include "schedule/packed_rows.hpp"

#include <algorithm>
#include <bit>

#include "ir/affine.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::size_t most_row_bytes = 32;  // half of the widest vector
constexpr std::int64_t most_lanes = 64;

/// The axis of which a subscript is a quotient or a remainder by so many lanes.
struct Part {
  AxisId axis;
  std::int64_t lanes;
  bool within;
};

std::optional<Part> part_of_axis(Expr e) {
  const Apply* apply = e->as<Apply>();
  if (!apply || (apply->op != Op::floor_divide && apply->op != Op::remainder)) return {};
  const Axis* axis = apply->args[0]->as<Axis>();
  const Const* by = apply->args[1]->as<Const>();
  if (!axis || !by) return {};
  const std::int64_t lanes = by->value.as_int();
  if (lanes < 2 || lanes > most_lanes || !std::has_single_bit(static_cast<std::uint64_t>(lanes))) return {};
  return Part{axis->axis, lanes, apply->op == Op::remainder};
}

/// Whether a read is what such lanes can load.
bool is_plain(const Program& program, Expr e) {
  const Read* read = e->as<Read>();
  return read && !read->guard && read->policy == Policy::assume_inside && e->dtype != DType::b1 &&
         program.tensors[read->tensor].table.empty();
}

}  // namespace

bool can_pack_rows(const Program& program, const Survey& survey, std::int64_t elements, AxisId outer, AxisId inner) {
  if (elements < 2 || !std::has_single_bit(static_cast<std::uint64_t>(elements))) return false;
  if (survey.in_order.contains(outer) || survey.in_order.contains(inner)) return false;
  for (const Statement& s : program.statements) {
    const auto of_row = std::ranges::find(s.domain, inner);
    if (of_row == s.domain.end()) continue;
    const std::size_t bytes = static_cast<std::size_t>(elements) * size_of(program.tensors[s.target].dtype);
    if (bytes > most_row_bytes || of_row + 1 != s.domain.end()) return false;
    const Axis* last = s.subscripts.empty() ? nullptr : s.subscripts.back()->as<Axis>();
    if (!last || last->axis != inner) return false;
    if (std::ranges::any_of(s.domain, [&](AxisId axis) { return survey.values.contains(axis); })) return false;
  }
  for (const Access& access : survey.accesses) {
    const auto moves = [&](Expr e) { return uses_axis(e, outer) || uses_axis(e, inner); };
    if (!program.tensors[access.tensor].table.empty() && std::ranges::any_of(access.subscripts, moves)) return false;
  }
  return std::ranges::none_of(survey.nodes, [&](Expr e) {
    if (e->as<Read>() && e->dtype == DType::b1) return uses_axis(e, outer) != uses_axis(e, inner);
    if (!bound_axes(e)) return false;
    const auto is_bound = [&](AxisId axis) { return std::ranges::count(*bound_axes(e), axis) > 0; };
    return uses_axis(e, outer) || uses_axis(e, inner) || is_bound(outer) || is_bound(inner);
  });
}

Expr part_of_packed(Graph& g, const std::vector<AxisId>& group, std::int64_t elements, AxisId axis) {
  const auto at = std::ranges::find(group, axis);
  if (at == group.end()) return nullptr;
  const Expr all = ir::axis(g, group.back()), row = constant(g, elements);
  if (at + 1 == group.end()) return apply(g, Op::remainder, {all, row});
  return at + 2 == group.end() ? apply(g, Op::floor_divide, {all, row}) : constant(g, std::int64_t{0});
}

std::optional<Spread> spread_of(const Program& program, const Specialisation& s, Expr e, AxisId lane) {
  if (!is_plain(program, e) || !uses_axis(e, lane)) return {};
  const Read& read = *e->as<Read>();
  std::optional<Spread> found;
  for (std::size_t i = 0; i < read.subscripts.size(); ++i) {
    if (!uses_axis(read.subscripts[i], lane)) continue;
    const auto part = part_of_axis(read.subscripts[i]);
    if (found || !part) return {};
    if (stride_class(program, s, read.tensor, i) != StrideClass::one) return {};
    found = Spread{i, static_cast<int>(part->lanes), part->within};
  }
  return found;
}

bool may_be_spread(const Program& program, const Specialisation& s, Expr e) {
  if (!is_plain(program, e)) return false;
  for (Expr subscript : e->as<Read>()->subscripts)
    if (const auto part = part_of_axis(subscript))
      return spread_of(program, s, e, part->axis).has_value();
  return false;
}

std::vector<Expr> find_spread(const Program& program, const Specialisation& s, const Nest& nest, AxisId lane) {
  std::vector<Expr> found;
  if (nest.serial || nest.tables || nest.appends || nest.sorts || nest.folds || nest.in_order) return found;
  for (std::size_t i : nest.statements)
    for (Expr e : nodes(expressions(program.statements[i]))) {
      if (bound_axes(e)) return {};
      if (spread_of(program, s, e, lane) && std::ranges::count(found, e) == 0) found.push_back(e);
    }
  return found;
}

}  // namespace ricci::jit
