#include "specialise/answers.hpp"

#include <algorithm>
#include <optional>

#include "rewrite/share.hpp"

namespace ricci::jit {

using namespace ir;

std::int64_t size_of_axis(const Program& program, std::span<const TensorView> tensors,
                          std::span<const std::int64_t> extents, TensorId tensor, std::size_t axis) {
  const std::vector<AxisId>& table = program.tensors[tensor].table;
  return table.empty() ? tensors[tensor].layout.extents[axis] : extents[table[axis]];
}

namespace {

char answer(const Program& program, std::span<const TensorView> tensors, std::span<const std::int64_t> extents,
            Bounds& bounds, const Access& access) {
  for (Expr s : access.subscripts)  // it stands in the loops of its axes
    if (std::ranges::any_of(s->free, [&](AxisId axis) { return extents[axis] == 0; })) return 'p';
  bool always = true, guarded = true;
  for (std::size_t i = 0; i < access.subscripts.size(); ++i) {
    const Expr s = access.subscripts[i];
    const Interval inside{0, size_of_axis(program, tensors, extents, access.tensor, i) - 1};
    always = always && bounds.of(s).within(inside);
    guarded = guarded && bounds.of(s, access.guard).within(inside);
  }
  return always ? 'p' : guarded ? 'g' : 'c';
}

}  // namespace

std::string ask(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                std::span<const std::int64_t> extents) {
  const StoredRanges stored = stored_ranges(program, extents, &survey.ranges);
  Bounds bounds(extents, &survey.ranges, {}, &stored);
  std::string answers;
  for (Expr e : survey.nodes) {
    if (const Apply* apply = e->as<Apply>(); apply && info(apply->op).typing == Typing::compare) {
      const std::optional<bool> decided = bounds.decide(e);
      answers += !decided ? '?' : *decided ? 't' : 'f';
    } else if (const Read* read = e->as<Read>()) {
      answers += answer(program, tensors, extents, bounds, {read->tensor, read->subscripts, read->policy, read->guard});
    }
  }
  for (const Statement& s : program.statements)
    answers += answer(program, tensors, extents, bounds, {s.target, s.subscripts, s.policy, s.guard});
  return answers;
}

bool stays_checked(const Program& program, const Survey& survey, std::span<const TensorView> tensors,
                   std::span<const std::int64_t> extents, const Access& access) {
  if (access.policy != Policy::check) return false;
  const StoredRanges stored = stored_ranges(program, extents, &survey.ranges);
  Bounds bounds(extents, &survey.ranges, {}, &stored);
  return answer(program, tensors, extents, bounds, access) == 'c';
}

void note_compared_axes(const Program& program, std::span<const TensorView> tensors,
                        std::span<const std::int64_t> extents, Survey& survey) {
  std::optional<StoredRanges> stored;
  for (const Access& access : survey.accesses) {
    std::vector<AxisId> compared;
    for (std::size_t i = 0; access.policy == Policy::check && i < access.subscripts.size(); ++i) {
      const Axis* bare = access.subscripts[i]->as<Axis>();
      if (bare && !is_sized_by(program, access.subscripts[i], access.tensor, i)) compared.push_back(bare->axis);
    }
    if (compared.empty()) continue;
    if (!stored) stored = stored_ranges(program, extents, &survey.ranges);
    Bounds bounds(extents, &survey.ranges, {}, &*stored);
    const bool stays = answer(program, tensors, extents, bounds, access) == 'c';
    if (stays) survey.values.insert(compared.begin(), compared.end());
  }
}

}  // namespace ricci::jit
