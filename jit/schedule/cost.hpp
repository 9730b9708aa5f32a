#pragma once
// The cost model that chooses lanes. A unit is one scalar operation. Extents of tensors are not looked at, because a
// new shape must not change the schedule: every loop counts as so many iterations, unless the program says how many it
// has.
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/specialisation.hpp"
#include "ricci/ir.hpp"
#include "schedule/schedule.hpp"
#include "schedule/short_results.hpp"

namespace ricci::jit {

class CostModel {
 public:
  CostModel(ir::Program& program, const Specialisation& s, const Target& target, int lanes)
      : program_(program), s_(s), target_(target), lanes_(lanes) {}

  /// The cost of a nest whose lanes run over `lane` (none: scalar) in its innermost loop `inner`.
  double nest(const Nest&, std::optional<ir::AxisId> lane, std::optional<ir::AxisId> inner);

  /// Chooses the lanes of reductions that stand outside all loops.
  void reductions(const std::vector<ir::Expr>& values);

  /// What is computed once for many rows before it is used (RegisterTile::staged).
  std::vector<ir::Expr> staged;
  /// Scans of the next nest that run along its lanes.
  std::vector<ir::Expr> scans;
  /// Reads of the next nest that come transposed from scratch.
  std::vector<ir::Expr> transposed;

  /// The axis of which iterations of the next nest share steps of the lanes (abreast.hpp).
  std::optional<ir::AxisId> abreast;

  /// Where the results of the next nest lie in short rows (short_results.hpp).
  std::optional<ShortResult> short_result;

  /// The lane axes that reductions outside the lanes of the last nest would choose for themselves.
  std::unordered_map<ir::Expr, ir::AxisId> fold_lanes;

 private:
  void start(std::optional<ir::AxisId> lane, std::optional<ir::AxisId> inner);
  double runs(ir::Expr) const;
  double trips(ir::AxisId) const;
  double share(ir::Expr) const;
  double gather(const ir::Read&) const;
  bool in_lanes(ir::Expr e) const { return lane_ && uses_axis(e, *lane_); }
  double per_lane(double vector, double scalar, ir::Expr) const;
  double expression(ir::Expr);
  double operation(ir::Expr);
  double loops(ir::Expr, const ir::Fold&);
  double own_lanes(ir::Expr, const ir::Fold&);
  std::optional<double> vectors_apart(ir::TensorId, const std::vector<ir::Expr>& subscripts, bool masked);
  double store(const ir::Statement&);

  ir::Program& program_;
  const Specialisation& s_;
  const Target& target_;
  const double lanes_;
  std::optional<ir::AxisId> lane_;
  std::vector<ir::AxisId> path_;  // the loops around, outermost first
  std::set<std::pair<ir::Expr, std::optional<ir::AxisId>>> seen_;  // what is shared costs once, in the same lanes
};

}  // namespace ricci::jit
