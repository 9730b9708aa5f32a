#include "schedule/ahead.hpp"

#include <algorithm>

#include "rewrite/share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether it reads within its tensor for any values of its axes. That a range or the user keeps it inside is not
/// enough: later iterations may be outside of that.
bool is_safe(const Program& program, const Read& read) {
  if (read.guard) return false;
  for (std::size_t i = 0; i < read.subscripts.size(); ++i) {
    const Expr s = read.subscripts[i];
    if (s->as<Axis>() ? !is_sized_by(program, s, read.tensor, i) : !s->free.empty()) return false;
  }
  return true;
}

/// Whether `e` is computed of such reads, without reductions.
bool is_chosen(const Program& program, Expr e) {
  bool reads = false, simple = true;
  walk({e}, [&](Expr n) {
    const Read* read = n->as<Read>();
    reads |= read != nullptr;
    simple &= !bound_axes(n) && !n->as<Project>() && (!read || is_safe(program, *read));
    return simple;
  });
  return reads && simple;
}

}  // namespace

bool chooses_rows(const Program& program, const std::vector<Expr>& subscripts) {
  const auto is_plain = [](Expr e) { return e->as<Axis>() || e->free.empty(); };
  return !std::ranges::all_of(subscripts, is_plain) &&
         std::ranges::all_of(subscripts, [&](Expr e) { return is_plain(e) || is_chosen(program, e); });
}

std::vector<RowsAhead> find_ahead(const Program& program, const Specialisation& s, const Nest& nest) {
  std::vector<RowsAhead> found;
  if (nest.serial || nest.in_order || nest.appends) return found;
  const auto note = [&](TensorId tensor, const std::vector<Expr>& subscripts) {
    const bool is_new = std::ranges::count(found, tensor, &RowsAhead::tensor) == 0;
    if (std::ranges::count(s.far, tensor) > 0 && is_new && chooses_rows(program, subscripts))
      found.push_back({tensor, std::ranges::count(s.farther, tensor) > 0});
  };
  for (Expr e : nodes(nest.values))
    if (const Read* read = e->as<Read>()) note(read->tensor, read->subscripts);
  for (std::size_t i : nest.statements) note(program.statements[i].target, program.statements[i].subscripts);
  return found;
}

}  // namespace ricci::jit
