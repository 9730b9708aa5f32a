#include "specialise/values_first.hpp"

#include <algorithm>

namespace ricci::jit {

using namespace ir;

std::optional<Program> values_first(Program program) {
  const auto has_result = [&](const Statement& s) { return program.tensors[s.target].table.empty(); };
  Statement& last = program.statements.back();
  if (std::ranges::count_if(program.statements, has_result) != 1 || !has_result(last)) return std::nullopt;
  if (last.in_order || last.stage || last.appends || last.domain.empty()) return std::nullopt;
  const auto value = static_cast<TensorId>(program.tensors.size());
  const DType dtype = last.value->dtype;
  program.tensors.push_back({"value", dtype, static_cast<int>(last.domain.size()), last.domain});
  Statement first{.target = value, .subscripts = {}, .update = {}, .value = last.value, .guard = last.guard,
                  .domain = last.domain};
  for (AxisId axis : last.domain) first.subscripts.push_back(ir::axis(program.graph, axis));
  last.value = read(program.graph, value, dtype, first.subscripts);
  program.statements.insert(program.statements.end() - 1, std::move(first));
  return program;
}

bool are_values_few(const Program& program, std::span<const TensorId> overwritten, std::span<const TensorView> tensors,
                    std::span<const std::int64_t> extents) {
  const Statement& s = program.statements.back();
  std::vector<Expr> places = s.subscripts;
  if (s.guard) places.push_back(s.guard);
  for (Expr e : nodes(std::move(places)))
    if (e->as<Read>() && std::ranges::count(overwritten, e->as<Read>()->tensor) > 0) return false;
  double values = static_cast<double>(size_of(s.value->dtype)), copied = 0;  // bytes
  for (AxisId axis : s.domain) values *= static_cast<double>(extents[axis]);
  for (TensorId t : overwritten) {
    const Layout& layout = tensors[t].layout;
    copied += static_cast<double>(size_of(layout.dtype)) * static_cast<double>(layout.size());
  }
  return 2 * values < copied;  // storing them takes as long as a copy of as many
}

}  // namespace ricci::jit
