#include "ahead.hpp"

#include <algorithm>

#include "share.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether `e` may be read for any values of its axes.
bool is_safe(const Program& program, const Read& read) {
  if (read.guard) return false;
  for (std::size_t i = 0; i < read.subscripts.size(); ++i) {
    const Expr s = read.subscripts[i];
    if (s->as<Axis>() ? read.policy == Policy::check && !is_sized_by(program, s, read.tensor, i) : !s->free.empty())
      return false;
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

std::vector<Expr> find_ahead(const Program& program, const Specialisation& s, const Nest& nest) {
  std::vector<Expr> found;
  if (nest.serial || nest.in_order || nest.appends) return found;
  for (Expr e : nodes(nest.values)) {
    const Read* read = e->as<Read>();
    if (!read || read->guard || std::ranges::count(s.far, read->tensor) == 0) continue;
    const auto chosen = [&](Expr subscript) { return is_chosen(program, subscript); };
    const auto plain = [](Expr subscript) { return subscript->as<Axis>() || subscript->free.empty(); };
    if (std::ranges::all_of(read->subscripts, [&](Expr subscript) { return plain(subscript) || chosen(subscript); }))
      found.push_back(e);
  }
  return found;
}

}  // namespace ricci::jit
