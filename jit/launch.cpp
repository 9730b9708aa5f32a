#include "launch.hpp"

#include <algorithm>
#include <mutex>

#include "ricci/few.hpp"
#include "ricci/helpers.hpp"
#include "ricci/memory.hpp"
#include "ricci/parallel.hpp"

namespace ricci::jit {

namespace {

// Sizes, not threads, decide how work is cut. A chunk is worth roughly 50 us; less work than a few of them runs on
// the caller alone.
constexpr std::int64_t steps_per_chunk = std::int64_t{1} << 17;
constexpr std::int64_t max_tables = 32;

std::int64_t capped_product(std::int64_t a, std::int64_t b) {
  std::int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? std::int64_t{1} << 62 : product;
}

std::int64_t count(const std::vector<TripFactor>& factors, const std::vector<std::int64_t>& symbols) {
  std::int64_t n = 1;
  for (const TripFactor& f : factors) n = capped_product(n, (symbols[f.symbol] + f.divisor - 1) / f.divisor);
  return n;
}

std::int64_t product_of(const std::vector<std::uint32_t>& ids, const std::vector<std::int64_t>& symbols) {
  std::int64_t n = 1;
  for (std::uint32_t id : ids) n = capped_product(n, symbols[id]);
  return n;
}

/// How many private tables: enough to share the work, but clearing and merging them must stay a small part of it.
/// `tables_symbol` has the value 1 yet.
std::int64_t count_tables(const KernelInfo& info, const std::vector<std::int64_t>& symbols, std::uint32_t tables_symbol) {
  std::int64_t elements = 1, tables = max_tables;
  for (const BufferInfo& buffer : info.buffers)
    if (std::ranges::count(buffer.extents, tables_symbol) > 0)
      elements = std::max(elements, product_of(buffer.extents, symbols));
  for (const PhaseInfo& phase : info.phases) {
    if (phase.trip.size() != 1 || phase.trip[0].symbol != tables_symbol) continue;
    const std::int64_t steps = product_of(phase.work, symbols);
    tables = std::min({tables, count(phase.items, symbols), steps / steps_per_chunk, steps / (12 * elements)});
  }
  return std::max<std::int64_t>(tables, 1);
}

}  // namespace

LaunchPlan plan_launch(const KernelInfo& info, std::span<const TensorView> tensors,
                       std::span<const std::int64_t> extents) {
  LaunchPlan plan;
  auto tables_symbol = static_cast<std::uint32_t>(info.symbols.size());
  for (std::uint32_t i = 0; i < info.symbols.size(); ++i) {
    const Symbol& s = info.symbols[i];
    std::int64_t value = 1;
    switch (s.kind) {
      case Symbol::Kind::extent:
        for (std::uint32_t axis : s.ids) value *= extents[axis];
        break;
      case Symbol::Kind::size: value = tensors[s.ids[0]].layout.extents[s.ids[1]]; break;
      case Symbol::Kind::stride: value = tensors[s.ids[0]].layout.strides[s.ids[1]]; break;
      case Symbol::Kind::param: plan.params.insert(plan.params.end(), {i, s.ids[0]}); break;
      case Symbol::Kind::tables: tables_symbol = i; break;
    }
    plan.symbols.push_back(value);
  }
  if (tables_symbol < info.symbols.size()) plan.symbols[tables_symbol] = count_tables(info, plan.symbols, tables_symbol);
  for (const BufferInfo& buffer : info.buffers) {
    const std::int64_t bytes = buffer.extents.empty() ? 0
                                                      : product_of(buffer.extents, plan.symbols) *
                                                            static_cast<std::int64_t>(size_of(buffer.dtype));
    plan.own_bytes.push_back(bytes);
    const bool is_table = std::ranges::count(buffer.extents, tables_symbol) > 0;
    (is_table ? plan.accumulator_bytes : plan.temporary_bytes) += bytes;
  }
  for (const PhaseInfo& phase : info.phases) {
    const std::int64_t trip = count(phase.trip, plan.symbols), steps = product_of(phase.work, plan.symbols);
    const std::int64_t chunks = std::clamp<std::int64_t>(steps / steps_per_chunk, 1, std::max<std::int64_t>(trip, 1));
    plan.phases.push_back({trip, std::max<std::int64_t>(1, (trip + chunks - 1) / chunks)});
  }
  return plan;
}

std::int32_t launch(const LaunchPlan& plan, std::span<void* const> places, std::span<const Scalar> params, int threads,
                    FunctionRef<std::int32_t(std::size_t, const KernelArgs&, std::int64_t, std::int64_t)> phase) {
  Few<std::int64_t, 32> own_symbols(plan.params.empty() ? 0 : plan.symbols.size());
  const std::int64_t* symbols = plan.symbols.data();
  if (!plan.params.empty()) {
    std::ranges::copy(plan.symbols, own_symbols.data());
    for (std::size_t i = 0; i < plan.params.size(); i += 2)
      own_symbols[plan.params[i]] = static_cast<std::int64_t>(params[plan.params[i + 1]].bits);
    symbols = own_symbols.data();
  }
  Few<void*, 16> buffers(plan.own_bytes.size());
  std::ranges::copy(places, buffers.data());
  // All tables and temporaries in one block of the caching allocator, each at a cache line's start.
  std::byte* block = nullptr;
  std::size_t bytes = 0;
  if (plan.accumulator_bytes + plan.temporary_bytes > 0) {
    for (std::int64_t b : plan.own_bytes) bytes += (static_cast<std::size_t>(b) + 63) / 64 * 64;
    block = static_cast<std::byte*>(allocate_block(bytes));
    std::size_t at = 0;
    for (std::size_t i = 0; i < plan.own_bytes.size(); ++i) {
      if (plan.own_bytes[i] == 0 && i < places.size()) continue;
      buffers[i] = block + at;
      at += (static_cast<std::size_t>(plan.own_bytes[i]) + 63) / 64 * 64;
    }
  }
  const KernelArgs args{buffers.data(), symbols, helper_table().data()};
  std::int32_t status = 0;
  for (std::size_t p = 0; p < plan.phases.size() && status == 0; ++p) {
    const auto [trip, grain] = plan.phases[p];
    if (grain >= trip) {
      status = phase(p, args, 0, trip);
      continue;
    }
    std::mutex mutex;
    std::int64_t first = trip;
    parallel_for(trip, grain, threads, [&](std::int64_t begin, std::int64_t end) {
      const std::int32_t result = phase(p, args, begin, end);
      if (result == 0) return;
      const std::lock_guard lock(mutex);
      if (begin < first) {
        first = begin;
        status = result;
      }
    });
  }
  if (block) free_block(block, bytes);
  return status;
}

}  // namespace ricci::jit
