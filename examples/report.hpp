#pragma once
// What a statement cost, for people: every example ends with it.
#include <cstdio>
#include <string>

#include "ricci/compile.hpp"
#include "ricci/statement.hpp"

namespace example {

/// "compiled in 9.3 ms", or where the kernel came from.
inline std::string origin(const ricci::Report& report) {
  char text[64];
  if (report.origin == ricci::Origin::memory) return "compiled before";
  std::snprintf(text, sizeof text, "%s in %.1f ms",
                report.origin == ricci::Origin::disk ? "loaded from the disk cache" : "compiled", report.compile_ms);
  return text;
}

/// Two lines on what the last statement of this thread did.
inline void print_report() {
  const ricci::Report& r = ricci::last_report();
  std::printf("  kernels %d, phases %d, loops %d, temporary bytes %lld, accumulator bytes %lld\n", r.kernels, r.phases,
              r.loops, static_cast<long long>(r.temporary_bytes), static_cast<long long>(r.accumulator_bytes));
  std::printf("  subscripts proved inside %d, checked %zu; %s, ran %.3f ms\n", r.proved, r.checks.size(),
              origin(r).c_str(), r.run_ms);
}

}  // namespace example
