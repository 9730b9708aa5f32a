#include "schedule/transposition.hpp"

#include <algorithm>
#include <map>

#include "rewrite/place_sorts.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

// A line of columns at a time is read down the rows, and stored in runs of a few lines. Measured: half as many rows or
// twice as many are slower. Rows of up to `row_bytes` are read as a whole: pages of memory are best read at once.
constexpr std::int64_t line_bytes = 64, run_bytes = 512, row_bytes = 1024;
constexpr std::int64_t copied_bytes = 640;  // of a column that is only copied: two runs of five lines (transpose.cpp)
constexpr std::int64_t most_rows = 256, least_rows = 64;
constexpr std::int64_t most_scratch_bytes = 24 << 10;

/// Whether all that the nest does is to store one of the reads as it is. (Bytes of a b1 are not: any but 0 is true.)
bool copies(Program& program, const Specialisation& s, const Nest& nest, const Transposition& found) {
  const Statement& statement = program.statements[nest.statements.front()];
  if (nest.statements.size() > 1 || statement.update || statement.guard || !s.disjoint) return false;
  // What goes past the caches does so from registers where these are whole lines, otherwise in long runs from scratch.
  const auto bytes = static_cast<int>(size_of(program.tensors[statement.target].dtype));
  const bool has_lines = nest.lanes * bytes == 64 && bytes >= 4;
  if (std::ranges::count(s.large, statement.target) > 0 && !has_lines) return false;
  if (statement.policy != Policy::assume_inside || statement.value != found.reads.front()) return false;
  if (statement.value->dtype != program.tensors[statement.target].dtype || statement.value->dtype == DType::b1)
    return false;
  return motion(program, s, statement.target, statement.subscripts, found.across) == Motion::strided;
}

}  // namespace

bool can_transpose(Program& program, const Specialisation& s, Expr e, AxisId lane, AxisId across, Motion wanted) {
  const Read& read = *e->as<Read>();
  if (read.guard || read.policy != Policy::assume_inside) return false;
  if (motion(program, s, read.tensor, read.subscripts, lane) != Motion::strided) return false;
  if (motion(program, s, read.tensor, read.subscripts, across) != wanted) return false;
  return std::ranges::none_of(
      read.subscripts, [&](Expr subscript) { return uses_axis(subscript, lane) && uses_axis(subscript, across); });
}

std::optional<Transposition> find_transposition(Program& program, const Specialisation& s, const Nest& nest,
                                                AxisId lane) {
  if (nest.serial || nest.tables || nest.appends || nest.sorts || nest.in_order) return {};
  const std::vector<AxisId>& domain = program.statements[nest.statements.front()].domain;
  std::vector<Expr> reads;
  for (std::size_t i : nest.statements) {
    const Statement& statement = program.statements[i];
    if (motion(program, s, statement.target, statement.subscripts, lane) != Motion::contiguous) return {};
    for (Expr e : nodes(expressions(statement))) {
      if (e->as<Fold>()) return {};  // it would run again in every tile
      const bool of_domain = std::ranges::all_of(e->free, [&](AxisId a) { return std::ranges::count(domain, a) > 0; });
      if (e->as<Read>() && of_domain && std::ranges::count(reads, e) == 0) reads.push_back(e);
    }
  }
  std::optional<Transposition> best;
  for (AxisId across : domain) {
    if (across == lane) continue;
    Transposition found{across, {}};
    for (Expr e : reads)
      if (can_transpose(program, s, e, lane, across)) found.reads.push_back(e);
    // Into the target, columns may as well go the other way.
    if (reads.size() == 1 && can_transpose(program, s, reads[0], lane, across, Motion::reversed)) {
      found.reads = reads;
      if (!copies(program, s, nest, found)) found.reads.clear();
    }
    if (!found.reads.empty() && (!best || found.reads.size() > best->reads.size())) best = std::move(found);
  }
  if (!best) return {};
  std::ranges::sort(best->reads, {}, &Node::id);
  std::int64_t widest = 1, bytes = 0;
  for (Expr e : best->reads) widest = std::max(widest, static_cast<std::int64_t>(size_of(e->dtype)));
  best->columns = line_bytes / widest;
  best->rows = std::min(run_bytes / widest, most_rows);
  for (Expr e : best->reads) bytes += static_cast<std::int64_t>(size_of(e->dtype));
  while (best->rows > least_rows && best->rows * best->columns * bytes > most_scratch_bytes) best->rows /= 2;
  best->most_columns = row_bytes / widest;
  best->copies = copies(program, s, nest, *best);
  if (best->copies) best->rows = std::min(copied_bytes / widest, most_rows);
  return best;
}

void order_for_transposition(Nest& nest) {
  for (AxisId axis : {*nest.lane_axis, nest.transposed->across}) {
    const auto at = std::ranges::find(nest.order, axis);
    std::rotate(at, at + 1, nest.order.end());
  }
  nest.split = nest.order.size() - 1;
  nest.tile = nest.transposed->most_columns;
}

std::string to_string(const Transposition& t, const Program& program) {
  std::string text;
  for (Expr e : t.reads) text += (text.empty() ? "" : ", ") + to_string(program, e);
  const std::string to = t.copies ? " into the target: " : ": ";
  return "transposed " + std::to_string(t.columns) + " columns at a time" + to + text + '\n';
}

}  // namespace ricci::jit
