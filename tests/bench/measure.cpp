#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ricci/compile.hpp"
#include "workload.hpp"

namespace ricci::bench {

double seconds(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

namespace {

constexpr int least_pairs = 11, most_pairs = 101;
constexpr double seconds_enough = 1, seconds_at_most = 4;
constexpr double sample_seconds = 300e-6;  // short calls are repeated until a sample lasts this long
constexpr double delay_allowed = 0.04;

double now() { return seconds(CLOCK_MONOTONIC); }

/// Seconds that the threads of this process were ready but not on a processor. Zero where the system does not tell.
double run_delay() {
  double total = 0;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::ifstream file(task.path() / "schedstat");
    double ran = 0, waited = 0;
    if (file >> ran >> waited) total += waited * 1e-9;
  }
  return total;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Seconds of one call: one thread is timed by the clock of its processor time, which stands still while another
/// process has the processor.
template <class F>
double timed(int calls, int threads, const F& f) {
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const double start = seconds(clock);
  for (int i = 0; i < calls; ++i) f();
  return (seconds(clock) - start) / calls;
}

}  // namespace

Measurement measure(const Case& c, int threads) {
  const auto hand = [&] { c.hand(threads); };
  default_options().threads = threads;
  timed(2, threads, hand);
  timed(2, threads, c.ricci);
  const double shortest = std::min(timed(1, threads, hand), timed(1, threads, c.ricci));
  const int calls = c.rest > 0 ? 1 : static_cast<int>(std::clamp(sample_seconds / shortest, 1.0, 1e4));
  const auto sample = [&](const auto& f) {
    if (c.rest > 0) std::this_thread::sleep_for(std::chrono::duration<double>(c.rest));
    return timed(calls, threads, f);
  };

  // Pairs during which other processes kept this one off its processors count only when there are no better ones.
  struct Pair { double hand, ricci, delay; };
  std::vector<Pair> pairs;
  std::size_t clean = 0;
  const double start = now();
  while (pairs.size() < most_pairs && now() - start < seconds_at_most) {
    if (clean >= least_pairs && now() - start > seconds_enough) break;
    const double waited = run_delay(), begin = now();
    Pair pair{};
    pair.hand = sample(hand);
    pair.ricci = sample(c.ricci);
    pair.delay = (run_delay() - waited) / (now() - begin);
    clean += pair.delay < delay_allowed;
    pairs.push_back(pair);
  }
  while (pairs.size() < least_pairs) pairs.push_back({sample(hand), sample(c.ricci), 1});
  std::ranges::sort(pairs, {}, &Pair::delay);
  pairs.resize(std::max<std::size_t>(clean, least_pairs));

  std::vector<double> of_hand, of_ricci, ratios;
  for (const Pair& pair : pairs) {
    of_hand.push_back(pair.hand);
    of_ricci.push_back(pair.ricci);
    ratios.push_back(pair.ricci / pair.hand);
  }
  return {median(of_hand) * 1e3, median(of_ricci) * 1e3, median(ratios), static_cast<int>(pairs.size())};
}

}  // namespace ricci::bench
