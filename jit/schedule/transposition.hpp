#pragma once
// Reads that run along another axis than the lanes. Lanes would gather them down a column of memory; instead an item
// becomes a tile of both axes, whose reads are first transposed into scratch:
//
//     for items: a tile of the lane axis, a tile of the other one
//       for a few columns of the tile
//         scratch = these columns of x, transposed
//         for j of them, for lanes of i in the tile: out[j, i..] = scratch[j, i..]
//
// Where rows are short, an item has all of their columns, so that memory is read from one end to the other.
#include "ir/affine.hpp"
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// Whether the read moves along `across` as it is wanted to and goes in steps along `lane`, always inside.
bool can_transpose(ir::Program&, const Specialisation&, ir::Expr read, ir::AxisId lane, ir::AxisId across,
                   Motion wanted = Motion::contiguous);

/// What a nest with lanes along `lane` should transpose, if anything.
std::optional<Transposition> find_transposition(ir::Program&, const Specialisation&, const Nest&, ir::AxisId lane);

/// The loops of a nest that transposes: those around, the lane axis, the other axis.
void order_for_transposition(Nest&);

std::string to_string(const Transposition&, const ir::Program&);

}  // namespace ricci::jit
