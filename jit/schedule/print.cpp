// Schedules as text, for dumps and tests.
#include <algorithm>

#include "schedule/abreast.hpp"
#include "schedule/register_tile.hpp"
#include "schedule/symmetric.hpp"
#include "schedule/transposition.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The loops of a nest, and what its parts do in a way of their own.
std::string nest_to_string(const Nest& nest, const Program& program) {
  const auto name = [&](AxisId axis) { return program.axes[axis].name; };
  std::string text = "nest";
  for (std::size_t i : nest.statements) text += ' ' + program.tensors[program.statements[i].target].name;
  text += ':';
  for (std::size_t k = 0; k < nest.order.size(); ++k) {
    text += ' ' + name(nest.order[k]);
    if (nest.transposed && nest.lane_axis == nest.order[k]) text += '/' + std::to_string(nest.transposed->rows);
    if (nest.abreast == nest.order[k]) text += '/' + std::to_string(rows_abreast) + " abreast";
    if (!nest.serial && k == nest.split) text += '/' + std::to_string(nest.tile);
    if (!nest.serial && k == nest.split && nest.items_of_tile > 1)
      text += " of " + std::to_string(nest.items_of_tile) + " items";
    if (nest.in_order == nest.order[k]) text += " in order";
    if (nest.lane_axis == nest.order[k])
      text += " x" + std::to_string(nest.lanes) + (nest.unroll > 1 ? "*" + std::to_string(nest.unroll) : "");
    if (!nest.serial && k == nest.split) text += " |";
  }
  for (Expr e : nest.scans) text += " scan " + to_string(program, e);
  text += nest.serial    ? " serial"
          : nest.sorts   ? " rows in order"
          : nest.ways    ? " parallel over private tables that lanes take in turn"
          : nest.tables  ? " parallel over private tables"
          : nest.appends ? " parallel over shares that append"
                         : " parallel before |";
  for (TensorId t : nest.streaming) text += " streaming " + program.tensors[t].name;
  if (nest.places > 1) text += " at " + std::to_string(nest.places) + " places";
  for (Expr e : nest.next) text += " fetching the next " + to_string(program, e);
  for (const RowsAhead& rows : nest.ahead)
    text += " fetching rows of " + program.tensors[rows.tensor].name + (rows.twice ? " twice" : "");
  text += '\n';
  for (const RegisterTile& tile : nest.registers) text += "  " + to_string(tile, nest, program, nest.lanes);
  if (nest.symmetric) text += "  " + symmetry_to_string(nest, program);
  if (nest.transposed) text += "  " + to_string(*nest.transposed, program);
  if (nest.spreads) text += "  lanes that begin where rows do\n";
  for (Expr e : nest.short_rows) text += "  short rows transposed: " + to_string(program, e) + '\n';
  if (nest.kept) {
    const std::string where = nest.kept->in_scratch ? "scratch" : "the target";
    if (!nest.kept->only_copied)
      text += "  kept in " + where + ": what " + to_string(program, nest.kept->fold) + " adds up\n";
    if (nest.kept->copied)
      text += (nest.kept->only_copied ? "  kept in scratch: " : "  and before that ") +
              to_string(program, nest.kept->copied) + '\n';
  }
  for (const Period& p : nest.periods ? nest.periods->all : std::vector<Period>{})
    text += "  periods of " + to_string(program, p.divisor) + " along " + name(*nest.lane_axis) + '\n';
  for (const Interior& interior : nest.interiors)
    text += "  interior " + name(interior.axis) + '(' + to_string(program, interior.low) + ", " +
            to_string(program, interior.high) + ")\n";
  return text;
}

/// The reductions of a nest whose lanes run along them, or that are done a few at a time.
std::string folds_to_string(const Nest& nest, const Schedule& schedule, const Program& program) {
  const auto name = [&](AxisId axis) { return program.axes[axis].name; };
  std::string text;
  for (std::size_t k = 0; k < nest.statements.size(); ++k) {
    Statement s = program.statements[nest.statements[k]];
    s.value = nest.values[k];
    for (Expr e : nodes(expressions(s))) {
      const Fold* fold = e->as<Fold>();
      if (fold && schedule.folds_abreast.contains(fold->body))
        text += std::to_string(rows_abreast) + " abreast of " + to_string(program, e) + ": " +
                name(fold->axes.back()) + '\n';
      const auto it = schedule.fold_lanes.find(e);
      if (it == schedule.fold_lanes.end()) continue;
      const int vectors = std::max(1, nest.accumulators / nest.lanes);
      text += "lanes of " + to_string(program, e) + ": " + name(it->second) + " x" + std::to_string(nest.lanes) +
              '*' + std::to_string(vectors) + '\n';
    }
  }
  return text;
}

}  // namespace

std::string to_string(const Schedule& schedule, const Program& program) {
  std::string text;
  for (const Nest& nest : schedule.nests) text += nest_to_string(nest, program);
  for (const Nest& nest : schedule.nests) text += folds_to_string(nest, schedule, program);
  return text;
}

}  // namespace ricci::jit
