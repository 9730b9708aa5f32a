#include "schedule/short_results.hpp"

#include <algorithm>

#include "ir/affine.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

constexpr std::int64_t rows_of_tile = 1024;  // stay in the first cache while one element after another is stored

std::optional<ShortResult> short_result(const Program& program, const Specialisation& s, const Statement& statement) {
  if (statement.update || statement.policy == Policy::check) return {};
  std::optional<AxisId> along, down;
  std::int64_t elements = 0;
  for (std::size_t i = 0; i < statement.subscripts.size(); ++i) {
    const Axis* bare = statement.subscripts[i]->as<Axis>();
    const auto stride = known_stride(stride_class(program, s, statement.target, i));
    if (!bare || !stride) continue;
    if (*stride == 1) along = bare->axis;
    if (*stride >= 2) down = bare->axis, elements = *stride;
  }
  return along && down ? std::optional(ShortResult{*along, *down, elements}) : std::nullopt;
}

/// Whether a reduction through short rows (or: `through_long` ones) is for one element of the results.
bool is_of_element(const Specialisation& s, Expr e, const ShortResult& result, bool through_long) {
  const Fold* fold = e->as<Fold>();
  const auto fits = [&](AxisId axis) { return through_long != (std::ranges::count(s.few, axis) > 0); };
  return fold && uses_axis(e, result.along) && uses_axis(e, result.down) && std::ranges::all_of(fold->axes, fits);
}

std::optional<ShortResult> find(const Program& program, const Specialisation& s, const Nest& nest, bool through_long) {
  if (nest.serial || nest.tables || nest.appends || nest.sorts || nest.folds || nest.in_order) return {};
  std::optional<ShortResult> found;
  for (std::size_t i : nest.statements) {
    const Statement& statement = program.statements[i];
    const auto own = short_result(program, s, statement);
    if (!own || (found && (found->along != own->along || found->down != own->down))) return {};
    found = own;
    for (Expr e : nodes(expressions(statement)))
      if (bound_axes(e) && !is_of_element(s, e, *own, through_long) &&
          (uses_axis(e, own->down) || uses_axis(e, own->along)))
        return {};
  }
  return found;
}

}  // namespace

Columns axes_of_columns(const Program& program) {
  Columns found;
  const auto is_bare = [](Expr e) { return e->as<Axis>() != nullptr; };
  const auto is_plain = [&](Expr e) { return is_bare(e) || e->free.empty(); };
  for (const Statement& s : program.statements) {
    bool reduces = false;
    for (Expr e : nodes(expressions(s))) reduces |= bound_axes(e) != nullptr;
    const auto note = [&](TensorId tensor, const std::vector<Expr>& subscripts, bool as_rows) {
      if (subscripts.size() < 2 || !std::ranges::all_of(subscripts, is_plain)) return;
      if (as_rows && std::ranges::all_of(subscripts, is_bare)) return;
      for (std::size_t i = 0; i < subscripts.size(); ++i)
        if (is_bare(subscripts[i])) found[tensor].insert(i);
    };
    note(s.target, s.subscripts, false);
    walk(expressions(s), [&](Expr e) {
      if (const Read* read = e->as<Read>()) note(read->tensor, read->subscripts, reduces);
      return !bound_axes(e);
    });
  }
  return found;
}

std::optional<ShortResult> find_short_result(const Program& program, const Specialisation& s, const Nest& nest) {
  return find(program, s, nest, false);
}

std::optional<ShortResult> find_short_product(const Program& program, const Specialisation& s, const Nest& nest) {
  return find(program, s, nest, true);
}

void order_short_result(const ShortResult& result, Nest& nest) {
  if (nest.lane_axis != result.down || !nest.streams.empty()) return;
  // Tests of an element's number are not worth a pass over all rows for each side of them.
  if (std::ranges::any_of(nest.interiors, [&](const Interior& i) { return i.axis != result.along; })) return;
  nest.interiors.clear();
  for (AxisId axis : {result.down, result.along}) {
    const auto at = std::ranges::find(nest.order, axis);
    std::rotate(at, at + 1, nest.order.end());
  }
  nest.split = nest.order.size() - 2;
  if (nest.short_rows.empty()) nest.tile = rows_of_tile;
  nest.planes = true;
}

}  // namespace ricci::jit
