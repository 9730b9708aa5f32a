#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "ricci/parallel.hpp"

using namespace ricci;

namespace {

using Chunks = std::vector<std::pair<std::int64_t, std::int64_t>>;

Chunks chunks_of(std::int64_t trip, std::int64_t grain, int threads) {
  Chunks chunks;
  std::mutex mutex;
  parallel_for(trip, grain, threads, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    chunks.emplace_back(begin, end);
  });
  std::ranges::sort(chunks);
  return chunks;
}

}  // namespace

TEST_CASE("a parallel loop visits each item exactly once") {
  for (const int threads : {0, 1, 2, 3, 8})
    for (const std::int64_t trip : {0, 1, 7, 1000})
      for (const std::int64_t grain : {1, 3, 64, 5000}) {
        CAPTURE(threads, trip, grain);
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(trip));
        parallel_for(trip, grain, threads, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
        });
        CHECK(std::ranges::all_of(visits, [](const auto& count) { return count == 1; }));
      }
}

TEST_CASE("chunks have exactly `grain` items, the last one the rest, for any number of threads") {
  const Chunks expected = {{0, 4}, {4, 8}, {8, 10}};
  for (const int threads : {0, 1, 2, 3, 8}) CHECK(chunks_of(10, 4, threads) == expected);
  CHECK(chunks_of(0, 4, 2).empty());
}

TEST_CASE("chunk boundaries do not overflow at the largest trip and grain") {
  constexpr std::int64_t most = INT64_MAX;
  CHECK(chunks_of(most, most, 2) == Chunks{{0, most}});
  CHECK(chunks_of(most, most - 1, 2) == Chunks{{0, most - 1}, {most - 1, most}});
}

TEST_CASE("one thread and one chunk run on the caller, in order") {
  const auto caller = std::this_thread::get_id();
  std::vector<std::int64_t> begins;
  parallel_for(9, 2, 1, [&](std::int64_t begin, std::int64_t) {
    CHECK(std::this_thread::get_id() == caller);
    begins.push_back(begin);
  });
  CHECK(begins == std::vector<std::int64_t>{0, 2, 4, 6, 8});
  parallel_for(9, 9, 8, [&](std::int64_t, std::int64_t) { CHECK(std::this_thread::get_id() == caller); });
}

TEST_CASE("as many threads as asked for really run at once, also more than there are processors") {
  for (const int threads : {2, 3, 8}) {
    std::atomic<int> arrived = 0;
    parallel_for(threads, 1, threads, [&](std::int64_t, std::int64_t) {
      ++arrived;
      while (arrived < threads) std::this_thread::yield();  // ends only when all chunks are being run
    });
    CHECK(arrived == threads);
  }
}

TEST_CASE("a worker leaves the processor of the thread that calls") {
  if (hardware_threads() < 2) return;
  cpu_set_t all, one;
  REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
  const int here = sched_getcpu();
  CPU_ZERO(&one);
  CPU_SET(here, &one);
  const auto caller = std::this_thread::get_id();
  const auto with_worker = [&](auto body) {
    std::atomic<int> arrived = 0;
    parallel_for(2, 1, 2, [&](std::int64_t, std::int64_t) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
      if (std::this_thread::get_id() != caller) body();
    });
  };
  int before = -1, after = -1;
  with_worker([&] {
    sched_setaffinity(0, sizeof one, &one);
    before = sched_getcpu();
  });
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  // It moves when it comes back from sleep, which on a busy machine it may not find soon.
  for (int run = 1; run < 20 && (after < 0 || after == here); ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * run));
    with_worker([&] { after = sched_getcpu(); });
  }
  REQUIRE(sched_setaffinity(0, sizeof all, &all) == 0);
  CHECK(before == here);
  CHECK(after >= 0);
  CHECK(after != here);
}

TEST_CASE("no more chunks run at once than threads were asked for") {
  std::atomic<int> running = 0, most = 0;
  parallel_for(200, 1, 2, [&](std::int64_t, std::int64_t) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --running;
  });
  CHECK(most <= 2);
}

TEST_CASE("loops may be nested and started from several threads at once") {
  std::atomic<std::int64_t> sum = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&, t] {
      for (int repeat = 0; repeat < 20; ++repeat)
        parallel_for(10, 1, 2 + t % 2, [&](std::int64_t i, std::int64_t) {
          parallel_for(100, 7, 2, [&](std::int64_t begin, std::int64_t end) { sum += (end - begin) * i; });
        });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 4 * 20 * 45 * 100);
}

TEST_CASE("a forked child runs loops, with the same chunks") {
  const Chunks expected = chunks_of(1000, 7, 2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // a hang is a failure
    _exit(chunks_of(1000, 7, 2) == expected && chunks_of(1000, 7, 8) == expected ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(chunks_of(1000, 7, 2) == expected);
}

TEST_CASE("the number of hardware threads is that of the affinity mask") {
  cpu_set_t mask;
  REQUIRE(sched_getaffinity(0, sizeof mask, &mask) == 0);
  CHECK(hardware_threads() == CPU_COUNT(&mask));
}
