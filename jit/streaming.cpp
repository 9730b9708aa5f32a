#include "streaming.hpp"

#include <algorithm>

#include "affine.hpp"
#include "ricci/helpers.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Whether one statement writes the tensor, and none reads it.
bool is_only_written(const Program& program, TensorId tensor) {
  int writes = 0;
  for (const Statement& s : program.statements) {
    writes += s.target == tensor;
    for (Expr e : nodes(expressions(s)))
      if (e->as<Read>() && e->as<Read>()->tensor == tensor) return false;
  }
  return writes == 1;
}

/// Whether functions stand beside the stores. Where a reduction has kept their values, they do not.
bool waits_for_arithmetic(const Nest& nest) {
  bool found = false;
  walk(nest.values, [&](Expr e) {
    found |= e->as<Apply>() && is_helper(e->as<Apply>()->op);
    return !nest.kept || !e->as<Fold>();
  });
  return found;
}

}  // namespace

std::vector<TensorId> find_streaming(Program& program, const Specialisation& s, const Nest& nest) {
  if (!nest.lane_axis || nest.serial || nest.tables || nest.appends || nest.in_order || !s.disjoint) return {};
  if (!nest.transposed && nest.order.back() != *nest.lane_axis) return {};
  std::vector<TensorId> targets;
  for (std::size_t i : nest.statements) {
    const Statement& statement = program.statements[i];
    const TensorId t = statement.target;
    if (std::ranges::count(s.large, t) == 0 || statement.update || statement.guard || !is_only_written(program, t))
      continue;
    if (waits_for_arithmetic(nest)) continue;
    if (motion(program, s, t, statement.subscripts, *nest.lane_axis) == Motion::contiguous) targets.push_back(t);
  }
  return targets;
}

}  // namespace ricci::jit
