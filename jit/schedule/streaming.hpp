#pragma once
// Stores past the caches. An ordinary store first reads the line that it writes; for an output larger than the caches
// that is a third of a copy's traffic, and what it pushes out of them is lost. Results that are read soon are better
// left in the caches, so this is for large outputs only.
#include "schedule/schedule.hpp"

namespace ricci::jit {

/// The targets of a nest that are written once, in runs along the lanes, and larger than the caches. Not those that
/// wait for arithmetic, not for memory: there it makes things slower by a twentieth; and not beside gathers.
std::vector<ir::TensorId> find_streaming(ir::Program&, const Specialisation&, const Nest&);

/// The elements of a tile of lanes in order that goes past the caches: long runs in memory, but items for some threads.
inline constexpr std::int64_t tile_in_order = 1024;

/// Lets lanes that only move elements past the caches work at a few places of a row in turn, if they can. The processor
/// fetches some twenty lines ahead of what goes through a page of memory. Where little stands between the loads it
/// executes those that are even further ahead: they then wait for memory, and hold the buffers in which stores gather
/// their lines. At a few places it is never that far ahead of any. (Copies on one thread of a Cascade Lake took 1.3
/// times as long as memcpy, so they take 0.95; of a Zen 4 they took 1.2 times as long as so.)
void take_places(ir::Program&, const Specialisation&, Nest&);

/// The reads along the lanes of rows that are gone through one after another, where nothing asks for the next row
/// before this one is stored: a reduction reads it first, or each row is a tile of a longer one. While lanes store past
/// the caches they fetch it. (Layer norm took 1.2 times as long as with ordinary stores, so it takes 0.95.)
std::vector<ir::Expr> find_next(ir::Program&, const Specialisation&, const Nest&);

/// The axis of those rows.
ir::AxisId axis_of_rows(const Nest&);

}  // namespace ricci::jit
