#include "ricci/stopwatch.hpp"

namespace ricci {

namespace {

struct Moment {
  Ticks ticks = ticks_now();
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
};

}  // namespace

double milliseconds(Ticks ticks) {
  static const Moment first;
  Moment now;
  while (now.time - first.time < std::chrono::milliseconds(1)) now = {};
  const double elapsed = std::chrono::duration<double, std::milli>(now.time - first.time).count();
  return static_cast<double>(ticks) * elapsed / static_cast<double>(now.ticks - first.ticks);
}

}  // namespace ricci
