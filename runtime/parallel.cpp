#include "ricci/parallel.hpp"

#include <pthread.h>
#include <sched.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace ricci {
namespace {

std::atomic<bool> forked = false;  // this process is the child of one that may have had workers

/// The affinity mask of the process at the first call.
const cpu_set_t& processors() {
  static const cpu_set_t mask = [] {
    cpu_set_t all;
    CPU_ZERO(&all);
    sched_getaffinity(0, sizeof all, &all);  // fails where there are more than 1024: none then
    return all;
  }();
  return mask;
}

/// Keeps workers off the processor of the thread that called. A worker that slept is often woken there, and then waits
/// for the caller while another processor stays idle: after 5 ms without work, two threads took as long as one.
class Apart : public tbb::task_scheduler_observer {
 public:
  explicit Apart(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) { observe(true); }

  void called() { caller_.store(sched_getcpu(), std::memory_order_relaxed); }

  void on_scheduler_entry(bool is_worker) override {
    const int caller = caller_.load(std::memory_order_relaxed);
    if (!is_worker || caller < 0 || sched_getcpu() != caller) return;
    cpu_set_t others = processors();
    CPU_CLR(caller, &others);
    if (CPU_COUNT(&others) > 0) sched_setaffinity(0, sizeof others, &others);  // of this thread; it may fail
  }

 private:
  std::atomic<int> caller_ = -1;
};

struct Workers {
  explicit Workers(int threads) : arena(threads) {}
  tbb::task_arena arena;
  Apart apart{arena};
};

struct Arenas {
  std::mutex mutex;
  std::map<int, Workers> by_threads;
  int limit = hardware_threads();                  // of TBB, unless the host program sets a lower one
  std::optional<tbb::global_control> raised = {};  // the smallest of several would count, so there is one
};

/// The workers of `threads` threads. Never destroyed: loops may run until the very end of the process.
Workers& workers_of(int threads) {
  static Arenas& arenas = *[] {
    pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
    return new Arenas;
  }();
  const std::lock_guard lock(arenas.mutex);
  if (threads > arenas.limit) {
    arenas.raised.reset();
    arenas.raised.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads));
    arenas.limit = threads;
  }
  return arenas.by_threads.try_emplace(threads, threads).first->second;
}

}  // namespace

int hardware_threads() {
  static const int count = [] {
    if (CPU_COUNT(&processors()) > 0) return CPU_COUNT(&processors());
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }();
  return count;
}

void parallel_for(std::int64_t trip, std::int64_t grain, int threads,
                  FunctionRef<void(std::int64_t begin, std::int64_t end)> body) {
  if (trip <= 0) return;
  const std::int64_t chunks = (trip - 1) / grain + 1;
  if (threads <= 0) threads = hardware_threads();
  const auto run_chunk = [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * grain;
    body(begin, grain < trip - begin ? begin + grain : trip);
  };
  if (threads == 1 || chunks == 1 || forked.load(std::memory_order_relaxed)) {
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) run_chunk(chunk);
    return;
  }

  // One task per thread; each takes chunks from a common counter until there are none. A task whose worker never
  // woke up is taken over by the caller, which then finds nothing to do: nobody waits for a thread to start.
  alignas(64) std::atomic<std::int64_t> next = 0;
  const auto work = [&](int) {
    for (std::int64_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) run_chunk(chunk);
  };
  const auto tasks = static_cast<int>(std::min<std::int64_t>(threads, chunks));
  Workers& workers = workers_of(threads);
  workers.apart.called();
  workers.arena.execute([&] {
    // While it waits, a thread must not pick up tasks of another loop: that loop's chunks might be long.
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(0, tasks, 1, work, tbb::simple_partitioner()); });
  });
}

}  // namespace ricci
