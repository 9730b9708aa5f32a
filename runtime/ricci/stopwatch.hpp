#pragma once
// Time of short runs: reading the clock must not cost as much as what it measures.
#include <chrono>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace ricci {

/// A count of the processor's time-stamp counter (x86-64: 8 ns to read, where the system's clock takes 20 to 40), or
/// elsewhere of nanoseconds.
using Ticks = std::int64_t;

inline Ticks ticks_now() {
#if defined(__x86_64__)
  return static_cast<Ticks>(__rdtsc());
#else
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
#endif
}

/// The counter is compared with the system's clock over the time since the first call of this function, of at least
/// 1 ms.
double milliseconds(Ticks);

}  // namespace ricci
