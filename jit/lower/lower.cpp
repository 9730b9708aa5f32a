#include "lower/lower.hpp"

#include <algorithm>

#include "lower/nest_lowering.hpp"
#include "schedule/slices.hpp"
#include "schedule/work.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// Accesses with a computed subscript that need no check.
int count_proved(const Program& program) {
  int proved = 0;
  const auto computed = [](const std::vector<Expr>& subscripts) {
    return !std::ranges::all_of(subscripts, [](Expr e) { return e->as<Axis>() || e->as<Const>(); });
  };
  std::vector<Expr> roots;
  for (const Statement& s : program.statements) {
    for (Expr e : expressions(s)) roots.push_back(e);
    proved += s.policy == Policy::assume_inside && computed(s.subscripts);
  }
  for (Expr e : nodes(std::move(roots))) {
    const Read* read = e->as<Read>();
    proved += read && read->policy == Policy::assume_inside && computed(read->subscripts);
  }
  return proved;
}

}  // namespace

std::vector<std::uint32_t> work_of(ExpressionLowering& x, const Program& program, const Nest& nest) {
  std::vector<std::uint32_t> symbols;
  for (AxisId axis : deepest_loops(program, nest)) symbols.push_back(x.builder().symbol_id(x.extent_symbol(axis)));
  return symbols;
}

loop::Kernel lower(Program& program, const Specialisation& s, const Schedule& schedule) {
  loop::Kernel kernel;
  kernel.disjoint = s.disjoint;
  kernel.info.proved = count_proved(program);
  const auto symbol_id = [&](const Symbol& symbol) {
    const auto it = std::ranges::find(kernel.info.symbols, symbol);
    if (it != kernel.info.symbols.end()) return static_cast<std::uint32_t>(it - kernel.info.symbols.begin());
    kernel.info.symbols.push_back(symbol);
    return static_cast<std::uint32_t>(kernel.info.symbols.size() - 1);
  };
  for (TensorId t = 0; t < program.tensors.size(); ++t) {
    const TensorDecl& decl = program.tensors[t];
    BufferInfo buffer{decl.name, decl.dtype, false, {}};
    buffer.writable =
        std::ranges::any_of(program.statements, [&](const Statement& st) { return st.target == t || st.stage == t; });
    if (has_ways(schedule, program, t)) {
      const std::uint32_t tables = symbol_id({Symbol::Kind::tables, {}});
      buffer.extents = {tables, symbol_id(pitch_of(decl))};
    } else {
      for (AxisId axis : decl.table)
        buffer.extents.push_back(symbol_id(program.axes[axis].tables ? Symbol{Symbol::Kind::tables, {}}
                                                                     : Symbol{Symbol::Kind::extent, {axis}}));
    }
    kernel.info.buffers.push_back(std::move(buffer));
  }
  for (const Nest& nest : schedule.nests) {
    std::string name = "phase" + std::to_string(kernel.phases.size());
    if (nest.appends) {
      kernel.phases.push_back(lower_append(program, s, schedule, nest, kernel.info, std::move(name)));
      continue;
    }
    NestLowering lowering(program, s, schedule, nest, kernel.info);
    kernel.phases.push_back(lowering.lower(std::move(name)));
  }
  // Which of several failing checks is reported depends on the order of the phases.
  if (kernel.info.checks.empty()) kernel.info.slices = find_slices(program, s, schedule);
  return kernel;
}

}  // namespace ricci::jit
