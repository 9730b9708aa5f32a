#include "schedule/slices.hpp"

#include <algorithm>
#include <set>

#include "rewrite/tables.hpp"

namespace ricci::jit {

using namespace ir;

namespace {

/// The axis whose values the nest takes one by one, outside of everything else.
std::optional<AxisId> sliced_axis(const Nest& nest) {
  if (nest.tables || nest.serial || nest.appends || nest.in_order || nest.sorts || nest.folds) return std::nullopt;
  if (nest.split == 0 || nest.order.size() < 2) return std::nullopt;
  const AxisId outer = nest.order[0];
  if (!nest.registers.empty() && nest.registers[0].rows == outer) return std::nullopt;
  if (nest.transposed && (nest.lane_axis == outer || nest.transposed->across == outer)) return std::nullopt;
  return outer;
}

/// Whether elements at these subscripts belong to one value of the axis: it is the first that is not 0.
bool is_of_slice(const std::vector<Expr>& subscripts, AxisId outer) {
  for (Expr e : subscripts) {
    if (const Axis* bare = e->as<Axis>()) return bare->axis == outer;
    if (!e->as<Const>() || e->as<Const>()->value.bits != 0) return false;
  }
  return false;
}

/// The nests [first, end) over slices of one axis.
class Run {
 public:
  Run(const Program& program, const Schedule& schedule, std::size_t first)
      : program_(program), schedule_(schedule), axis_(sliced_axis(schedule.nests[first])) {
    if (axis_) take(schedule.nests[first]);
  }

  /// Whether the nest may run for one slice before the nests so far run for the next one.
  bool may_take(const Nest& nest) const {
    if (!axis_ || sliced_axis(nest) != axis_) return false;
    const Touched next = touched_by(nest);
    const auto apart = [&](const std::set<TensorId>& written, const std::set<TensorId>& others) {
      return std::ranges::none_of(written, [&](TensorId t) {
        return others.contains(t) && (touched_.across.contains(t) || next.across.contains(t));
      });
    };
    return apart(touched_.written, next.all) && apart(next.written, touched_.all);
  }
  void take(const Nest& nest) { add(touched_, touched_by(nest)); }

  /// The temporaries that nothing else reads, and of which every nest touches what belongs to its slice.
  std::vector<std::uint32_t> temporaries(std::size_t first, std::size_t end) const {
    Touched others;
    for (std::size_t n = 0; n < schedule_.nests.size(); ++n)
      if (n < first || n >= end) add(others, touched_by(schedule_.nests[n]));
    std::vector<std::uint32_t> found;
    for (TensorId t : touched_.written)
      if (!program_.tensors[t].table.empty() && !is_private(program_, t) && !touched_.across.contains(t) &&
          !others.all.contains(t))
        found.push_back(t);
    return found;
  }

 private:
  struct Touched {
    std::set<TensorId> all, written, across;  // across: at elements that may belong to any slice
  };

  static void add(Touched& sum, Touched more) {
    sum.all.merge(more.all);
    sum.written.merge(more.written);
    sum.across.merge(more.across);
  }

  Touched touched_by(const Nest& nest) const {
    Touched touched;
    const auto add = [&](TensorId tensor, const std::vector<Expr>& subscripts) {
      touched.all.insert(tensor);
      if (!axis_ || !is_of_slice(subscripts, *axis_)) touched.across.insert(tensor);
    };
    for (std::size_t k = 0; k < nest.statements.size(); ++k) {
      const Statement& s = program_.statements[nest.statements[k]];
      touched.written.insert(s.target);
      add(s.target, s.subscripts);
      std::vector<Expr> roots = expressions(s);
      roots.push_back(nest.values[k]);
      for (Expr e : nodes(std::move(roots)))
        if (const Read* read = e->as<Read>()) add(read->tensor, read->subscripts);
    }
    return touched;
  }

  const Program& program_;
  const Schedule& schedule_;
  std::optional<AxisId> axis_;
  Touched touched_;
};

}  // namespace

std::vector<SliceInfo> find_slices(const Program& program, const Specialisation& s, const Schedule& schedule) {
  std::vector<SliceInfo> slices;
  if (!s.disjoint) return slices;
  for (std::size_t first = 0; first < schedule.nests.size();) {
    Run run(program, schedule, first);
    std::size_t end = first + 1;
    for (; end < schedule.nests.size() && run.may_take(schedule.nests[end]); ++end) run.take(schedule.nests[end]);
    if (end > first + 1)
      if (const auto temporaries = run.temporaries(first, end); !temporaries.empty())
        slices.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end), temporaries});
    first = end;
  }
  return slices;
}

}  // namespace ricci::jit
