#pragma once
// Reductions across planes of memory, such as over the channels of a picture. Lanes run along the planes; a tile of them
// takes a few planes at a time, and the states of the whole tile wait in scratch (lower/lanes.cpp):
//
//     y[i] = sum(c, x[c, i])     ->     for tiles of i
//                                         for c step 7: for lanes of i: state[i..] += x[c, i..], x[c + 1, i..], ..
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The reductions of a nest that read many planes of memory along the lanes.
std::vector<ir::Expr> find_streams(ir::Program&, const Specialisation&, const Nest&);

/// Whether a reduction across planes takes rows that data choose, in any order: nothing is gained by a few at a time.
bool reads_chosen_rows(const ir::Program&, const ir::Fold&);

/// Whether there are loops inside of a tile of lanes that need no reduction but those that are done for the whole tile.
bool runs_in_planes(const Nest&);

}  // namespace ricci::jit
