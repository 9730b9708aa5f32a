// How the chunks of a phase are handed out.
#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <mutex>
#include <thread>

#include "run/launch.hpp"

using namespace ricci;

namespace {

struct Taken {
  std::int64_t begin, end;
  std::thread::id by;
};

constexpr Ticks always = std::numeric_limits<Ticks>::max(), never = -1;

/// The chunks of a phase of ten items; each is left early, or none.
std::vector<Taken> run(bool early, Ticks early_ticks, std::int32_t status = 0) {
  jit::LaunchPlan plan;
  plan.phases.push_back({10, 2, early});
  plan.early_ticks = early_ticks;
  std::vector<Taken> chunks;
  std::mutex mutex;
  const auto phase = [&](std::size_t, const KernelArgs&, std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    chunks.push_back({begin, end, std::this_thread::get_id()});
    return begin == 2 ? status : 0;
  };
  CHECK(jit::launch(plan, {}, {}, 2, phase) == status);
  return chunks;
}

}  // namespace

TEST_CASE("of many shares of small tables a thread takes two at a time, of few one") {
  KernelInfo info;
  info.symbols = {{Symbol::Kind::tables, {}}, {Symbol::Kind::extent, {0}}, {Symbol::Kind::extent, {1}}};
  info.buffers.push_back({.name = "table", .dtype = DType::f32, .writable = true, .extents = {0, 1}});
  info.phases.push_back({.name = "add", .trip = {{0, 1}}, .work = {2}, .items = {{2, 2048}}});
  info.phases.push_back({.name = "merge", .trip = {{1, 1}}, .work = {0, 1}, .items = {}});
  const auto add = [&](std::int64_t classes, std::int64_t elements) {
    const std::array extents{classes, elements};
    return jit::plan_launch(info, {}, extents, 2).phases[0];
  };
  constexpr std::int64_t many = std::int64_t{1} << 25;
  CHECK(add(21, many).trip == 128);
  CHECK(add(21, many).grain == 2);
  CHECK(add(4096, many).trip == 32);  // large tables: as few as threads are likely to be
  CHECK(add(4096, many).grain == 1);
  CHECK(add(21, 1000).trip == 1);
}

TEST_CASE("chunks that are left at once are the caller's, one after another") {
  const std::vector<Taken> chunks = run(true, always);
  REQUIRE(chunks.size() == 5);
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    CHECK(chunks[k].begin == static_cast<std::int64_t>(2 * k));
    CHECK(chunks[k].by == std::this_thread::get_id());
  }
}

TEST_CASE("the first chunk of what may end early is done before another thread is asked") {
  for (int repeat = 0; repeat < 20; ++repeat) {
    const std::vector<Taken> chunks = run(true, never);
    REQUIRE(chunks.size() == 5);
    CHECK(chunks[0].begin == 0);
    CHECK(chunks[0].by == std::this_thread::get_id());
    std::int64_t items = 0;
    for (const Taken& chunk : chunks) items += chunk.begin;
    CHECK(items == 0 + 2 + 4 + 6 + 8);
  }
}

TEST_CASE("what fails early ends there") {
  CHECK(run(true, always, 7).size() == 2);
  CHECK(run(false, always, 7).size() == 5);
}
