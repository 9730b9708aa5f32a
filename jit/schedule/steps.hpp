#pragma once
// The loops of recurrences (in_order.hpp): independent axes, the axis in order, the others.
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Orders the loops of a nest whose statement is the recurrence `s`. The items are choices of the independent axes;
/// lanes along one of those run innermost, a tile per item.
void order_steps(const ir::Statement& s, Nest&);

/// The cost of one position of a statement with scans: its accesses, for lanes along `lane` (none: scalar).
double cost_of_scans(ir::Program&, const Specialisation&, const Nest&, std::optional<ir::AxisId> lane, int lanes);

/// Whether a statement with these scans can have its lanes along them (lower/scan_lanes.cpp): each position brings one
/// element in, and nothing else is carried along.
bool lanes_fit_scans(const ir::Program&, const ir::Statement&, const std::vector<ir::Expr>& scans);

/// `e` with the axes of these scans at the positions of the loop: what the scans take in there.
ir::Expr at_step(ir::Program&, ir::Expr e, const std::vector<ir::Expr>& scans);

/// Whether a recurrence can have lanes along `axis`: not along the order itself, nor where they would decide which of
/// two writes is last, nor where reductions would move into loops that they do not need.
bool lanes_fit_steps(const ir::Statement&, ir::AxisId axis);

}  // namespace ricci::jit
