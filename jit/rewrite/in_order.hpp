#pragma once
// Recurrences: statements that run one axis in order and read what earlier positions of it wrote.
//
//     d[t, k] = max(j, d[t - 1, j] + a[j, k]) + e[t, k]   over t, k, t in order
//
// A step is one position of that axis. Axes by which the iterations never meet, because every read of the target has
// them where the target has them, stand outside the axis in order and run in parallel:
//
//     y[b, t] = a[b, t] * y[b, t - 1] + x[b, t]           over b, t, t in order:   for b in parallel: for t: ...
#include "ricci/ir.hpp"

namespace ricci::jit {

/// Whether expressions of a statement read its target as the steps have left it. Without `in_order` none does.
class Feedback {
 public:
  Feedback() = default;
  explicit Feedback(const ir::Statement& s) : target_(s.in_order ? std::optional(s.target) : std::nullopt) {}
  bool reaches(ir::Expr);

 private:
  std::optional<ir::TensorId> target_;
  std::unordered_map<ir::Expr, bool> known_;
};

/// Whether a recurrence puts in order, or chooses by a condition, what it writes itself, or keys of which that decides
/// whether they can be read: it would have to be done anew in every step, and no schedule does.
bool orders_what_it_writes(const ir::Program&, const ir::Statement&);

/// The axes of a recurrence by which its iterations never meet, in the order of the domain.
std::vector<ir::AxisId> independent_axes(const ir::Statement&);

/// Whether no two iterations of one step write the same element.
bool is_injective_per_step(const ir::Statement&);

/// The reads of the element that the step before wrote, at the same choice of the other axes: in a loop that holds no
/// other one they are what it carries. None where a step may leave out its write.
std::vector<ir::Expr> reads_of_last_step(ir::Graph&, const ir::Statement&);

/// Gives a recurrence whose steps would read what they write themselves a temporary: a step then computes all its
/// values before it writes any. Most need none: each read is of another step (`d[t - 1, j]`), or of the element that is
/// being written, or a step writes a single element.
void stage_steps(ir::Program&);

/// A step with a stage as two statements: the values into the stage, then from there into the target.
std::vector<ir::Statement> by_way_of_stage(ir::Program&, const ir::Statement&);

}  // namespace ricci::jit
