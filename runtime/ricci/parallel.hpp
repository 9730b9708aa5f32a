#pragma once
// Parallel loops on oneTBB.
#include <cstdint>

#include "ricci/function_ref.hpp"

namespace ricci {

/// The processors that this process may run on: its affinity mask at the first call.
int hardware_threads();

/// Calls `body(begin, end)` for the chunks [0, grain), [grain, 2 grain), ... of [0, trip), each exactly once, and
/// returns when all are done. The chunks depend on trip and grain only. Which thread takes which is left to the
/// moment: chunks are handed out in ascending order to whoever is free, the caller and at most `threads` - 1 others
/// (0: hardware_threads()). grain > 0. `body` must not throw.
///
/// May be called from several threads at once and from within `body`; callers with the same `threads` share the same
/// workers. One thread or one chunk runs on the caller without touching TBB. Workers keep off the processor of the
/// thread that called, also afterwards. After fork() the child has no workers (TBB cannot restart them): there, every
/// loop runs on the caller alone, with the same chunks. A child forked from within `body` must not start loops.
void parallel_for(std::int64_t trip, std::int64_t grain, int threads,
                  FunctionRef<void(std::int64_t begin, std::int64_t end)> body);

}  // namespace ricci
