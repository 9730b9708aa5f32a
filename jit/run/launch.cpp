#include "run/launch.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>

#include "ricci/few.hpp"
#include "ricci/helpers.hpp"
#include "ricci/memory.hpp"
#include "ricci/parallel.hpp"

namespace ricci::jit {

namespace {

// Sizes, not threads, decide how work is cut. A chunk is worth roughly 50 us; less work than a few of them runs on
// the caller alone.
constexpr std::int64_t steps_per_chunk = std::int64_t{1} << 17;
// Of many, three are one: threads that go through planes of memory a few pages from each other hinder each other (softmax
// over 21 planes on two threads took 21 ms in most runs and 13 in others; with chunks of 80 KiB of a plane 13 in all).
// Phases that follow each other stay as they are: in attention larger chunks took twice as long. But shares of tables
// are many items each: with two of 128 at a time, mean scores on two threads take 0.95 of the time.
constexpr std::int64_t many_chunks = 64;
// Shares of private tables, which bound the threads that can help; more of them where all their tables fit into a
// second-level cache together. (With 32, mean scores of 21 classes took 16 threads 1.25 times as long.)
constexpr std::int64_t max_shares = 32, max_small_shares = 128, bytes_of_small_shares = 512 << 10;
// What adds to one element again and again waits for its own store, some five cycles; eight tables hide that. They fill
// three quarters of a first-level cache at most.
constexpr std::int64_t max_ways = 8, bytes_of_ways = 24 << 10;
// Updates for each element of a table: to clear it and to merge it are vectors' work in the caches. Where data place
// single elements in a table that the first of them does not hold, each update takes several times as long.
constexpr std::int64_t updates_per_element = 24, far_updates_per_element = 6;
// Slices run in turn, each in parallel, where one has so many chunks of work and its phases so many items, and where
// there are not as many slices for each thread, or a slice's temporaries are too large for the caches. To run beside
// each other needs no thread to wait for others at the end of each phase: attention of 128 heads took 16 threads twice
// as long in turn.
constexpr std::int64_t chunks_in_turn = 16, items_in_turn = 8, slices_per_thread = 4, bytes_beside = 4 << 20;
// Fewer of them beside each other are not worth their temporaries.
constexpr std::int64_t fewest_beside = 8;

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

/// How work is shared among private tables.
struct Tables {
  std::int64_t shares, ways;
};

/// From one private table to the next of a share, in elements. Processors take addresses that agree in their last 12
/// bits for the same at first: of eight tables whose pitch is an odd multiple of 16 elements, no two agree in them.
std::int64_t pitch_of(std::int64_t elements) {
  return elements <= 64 ? elements : (elements + 15) / 32 * 32 + 16;
}

/// Enough shares to use the threads, but clearing and merging their tables must stay a small part of the work; and as
/// many tables for each as the first-level cache holds, where its lanes take several in turn (`ways`). `shared_by` are
/// the symbols of the phases' trips, which have the value 1 yet.
Tables count_tables(const KernelInfo& info, const std::vector<std::int64_t>& symbols,
                    const std::vector<std::uint32_t>& shared_by, bool ways) {
  const auto is_shared = [&](std::uint32_t symbol) { return std::ranges::count(shared_by, symbol) > 0; };
  std::int64_t elements = 1, bytes = 1, shares = max_small_shares, updates = std::numeric_limits<std::int64_t>::max();
  for (const BufferInfo& buffer : info.buffers) {
    if (std::ranges::none_of(buffer.extents, is_shared)) continue;
    const std::int64_t of_table = product_of(buffer.extents, symbols);
    elements = std::max(elements, of_table);
    bytes = std::max(bytes, capped_product(of_table, static_cast<std::int64_t>(size_of(buffer.dtype))));
  }
  for (const PhaseInfo& phase : info.phases) {
    if (phase.trip.size() != 1 || !is_shared(phase.trip[0].symbol)) continue;
    updates = std::min(updates, product_of(phase.work, symbols));
    shares = std::min(shares, count(phase.items, symbols));
  }
  const bool far = ways && 2 * bytes > bytes_of_ways;
  const std::int64_t tables = updates / capped_product(far ? far_updates_per_element : updates_per_element, elements);
  const std::int64_t most = std::max<std::int64_t>(std::min({shares, updates / steps_per_chunk, tables}), 1);
  Tables result{std::min(most, max_shares), 1};
  while (ways && result.ways < max_ways && 2 * result.ways * bytes <= bytes_of_ways &&
         2 * result.ways * result.shares <= tables)
    result.ways *= 2;
  const std::int64_t small = std::min(bytes_of_small_shares / bytes, tables) / result.ways;
  result.shares = std::max(result.shares, std::min(most, small));
  return result;
}

/// How slices of these phases run. Few slices are worth it only if each has work for all threads.
std::optional<LaunchPlan::Slices> plan_slices(const KernelInfo& info, const SliceInfo& slices, const LaunchPlan& plan,
                                              int threads) {
  const std::int64_t values = count({info.phases[slices.first].trip[0]}, plan.symbols);
  if (values < 2) return std::nullopt;
  LaunchPlan::Slices result{slices.first, slices.end, values, 1, 1, true, {}, {}};
  std::int64_t steps = 0, bytes = 0;  // per value
  for (std::uint32_t p = slices.first; p < slices.end; ++p) {
    steps += product_of(info.phases[p].work, plan.symbols) / values;
    result.items.push_back(count(info.phases[p].trip, plan.symbols) / values);
  }
  for (std::uint32_t id : slices.temporaries) {
    const BufferInfo& buffer = info.buffers[id];
    const auto size = static_cast<std::int64_t>(size_of(buffer.dtype));
    result.temporaries.push_back({id, product_of(buffer.extents, plan.symbols) / values * size});
    bytes += result.temporaries.back().bytes;
  }
  if (std::ranges::min(result.items) == 0) return std::nullopt;
  const bool may_take_turns =
      steps >= chunks_in_turn * steps_per_chunk && std::ranges::min(result.items) >= items_in_turn;
  result.in_turn = may_take_turns && (values < slices_per_thread * threads || bytes > bytes_beside);
  if (result.in_turn) return result;
  result.run = std::clamp<std::int64_t>(steps_per_chunk / std::max<std::int64_t>(steps, 1), 1, values);
  const std::int64_t runs = (values + result.run - 1) / result.run;
  if (runs < fewest_beside) return std::nullopt;
  result.places = std::min<std::int64_t>(runs, threads);
  return result;
}

/// All tables and temporaries of a launch: a few lines here, more in one block of the caching allocator.
class OwnMemory {
 public:
  /// Sets their addresses among those of all buffers.
  OwnMemory(const LaunchPlan& plan, void** buffers) : bytes_(plan.own_size) {
    if (bytes_ > sizeof few_) block_ = static_cast<std::byte*>(allocate_block(bytes_));
    for (const LaunchPlan::Own& own : plan.own) buffers[own.buffer] = (block_ ? block_ : few_) + own.offset;
  }
  ~OwnMemory() {
    if (block_) free_block(block_, bytes_);
  }
  OwnMemory(const OwnMemory&) = delete;
  OwnMemory& operator=(const OwnMemory&) = delete;

 private:
  alignas(64) std::byte few_[8 * 64];
  std::byte* block_ = nullptr;
  std::size_t bytes_;
};

/// The phases of a launch, with what they share.
class Launch {
 public:
  Launch(const LaunchPlan& plan, KernelArgs args, int threads, RunPhase phase)
      : plan_(plan), args_(args), threads_(threads), phase_(phase) {}

  /// Phases [first, end), no slices across these bounds.
  std::int32_t run(std::size_t first, std::size_t end) {
    std::int32_t status = 0;
    auto slices = plan_.slices.begin();
    while (slices != plan_.slices.end() && slices->first < first) ++slices;
    for (std::size_t p = first; p < end && status == 0; ++p) {
      if (slices != plan_.slices.end() && slices->first == p) {
        status = slices->in_turn ? in_turn(*slices) : side_by_side(*slices);
        p = slices++->end - 1;
      } else {
        status = items(p, args_, 0, plan_.phases[p].trip);
      }
    }
    return status;
  }

 private:
  /// Items [first, end) of a phase in parallel. Returns the status of the failing chunk with the smallest item.
  std::int32_t items(std::size_t p, const KernelArgs& args, std::int64_t first, std::int64_t end) {
    const std::int64_t grain = plan_.phases[p].grain;
    KernelArgs own = args;
    own.threads = threads_;
    if (grain >= end - first || threads_ == 1) return phase_(p, own, first, end);
    while (plan_.phases[p].early && grain < end - first) {
      const Ticks start = ticks_now();
      if (const std::int32_t status = phase_(p, own, first, first + grain); status != 0) return status;
      first += grain;
      if (ticks_now() - start > plan_.early_ticks) break;
    }
    if (grain >= end - first) return phase_(p, own, first, end);
    const std::int64_t chunks = (end - first - 1) / grain + 1, all = threads_ > 0 ? threads_ : hardware_threads();
    own.threads = static_cast<std::int32_t>(std::max<std::int64_t>(all / chunks, 1));
    std::mutex mutex;
    std::int64_t failed = end;
    std::int32_t status = 0;
    parallel_for(end - first, grain, threads_, [&](std::int64_t low, std::int64_t high) {
      const std::int32_t result = phase_(p, own, first + low, first + high);
      if (result == 0) return;
      const std::lock_guard lock(mutex);
      if (low < failed) {
        failed = low;
        status = result;
      }
    });
    return status;
  }

  /// All phases for the slice of this number, with its temporaries at this place.
  template <class Run>
  std::int32_t slice(const LaunchPlan::Slices& s, std::int64_t number, std::int64_t place, const Run& run) {
    Few<void*, 16> buffers(plan_.own_bytes.size());
    std::copy_n(args_.buffers, plan_.own_bytes.size(), buffers.data());
    // The phases count elements from the first slice on.
    for (const auto& t : s.temporaries)
      buffers[t.buffer] = static_cast<std::byte*>(buffers[t.buffer]) + (place - number) * s.run * t.bytes;
    KernelArgs args = args_;
    args.buffers = buffers.data();
    const std::int64_t low = number * s.run, high = std::min(low + s.run, s.values);
    std::int32_t status = 0;
    for (std::size_t p = s.first; p < s.end && status == 0; ++p) {
      const std::int64_t items = s.items[p - s.first];
      status = run(p, args, low * items, high * items);
    }
    return status;
  }

  std::int32_t in_turn(const LaunchPlan::Slices& s) {
    std::int32_t status = 0;
    for (std::int64_t number = 0; number * s.run < s.values && status == 0; ++number)
      status = slice(s, number, 0, [&](std::size_t p, const KernelArgs& args, std::int64_t first, std::int64_t end) {
        return items(p, args, first, end);
      });
    return status;
  }

  /// Whoever is free takes the next slice to its place.
  std::int32_t side_by_side(const LaunchPlan::Slices& s) {
    const std::int64_t slices = (s.values + s.run - 1) / s.run;
    std::atomic<std::int32_t> status = 0;
    std::atomic<std::int64_t> next = 0;
    parallel_for(s.places, 1, threads_, [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t place = first; place < end; ++place)
        for (std::int64_t n; status == 0 && (n = next++) < slices;)
          if (const std::int32_t result = slice(s, n, place, phase_); result != 0) status = result;
    });
    return status;
  }

  const LaunchPlan& plan_;
  KernelArgs args_;
  int threads_;
  RunPhase phase_;
};

}  // namespace

LaunchPlan plan_launch(const KernelInfo& info, std::span<const TensorView> tensors,
                       std::span<const std::int64_t> extents, int threads) {
  LaunchPlan plan;
  const auto no_symbol = static_cast<std::uint32_t>(info.symbols.size());
  std::uint32_t tables = no_symbol, shares = no_symbol, ways = no_symbol;
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
      case Symbol::Kind::tables: tables = i; break;
      case Symbol::Kind::shares: shares = i; break;
      case Symbol::Kind::ways: ways = i; break;
      case Symbol::Kind::pitch:
        for (std::uint32_t axis : s.ids) value *= extents[axis];
        value = pitch_of(value);
        break;
    }
    plan.symbols.push_back(value);
  }
  if (tables != no_symbol) {
    const Tables count = count_tables(info, plan.symbols, {tables, shares}, ways != no_symbol);
    plan.symbols[tables] = count.shares * count.ways;
    if (ways != no_symbol) {
      plan.symbols[shares] = count.shares;
      plan.symbols[ways] = count.ways;
    }
  }
  std::vector<std::int64_t> of_slices(info.buffers.size());
  for (const SliceInfo& s : info.slices) {
    const auto slices = plan_slices(info, s, plan, threads > 0 ? threads : hardware_threads());
    if (!slices) continue;
    for (const auto& t : slices->temporaries) of_slices[t.buffer] = slices->places * slices->run * t.bytes;
    plan.slices.push_back(*slices);
  }
  for (const BufferInfo& buffer : info.buffers) {
    std::int64_t bytes = buffer.extents.empty() ? 0
                                                : product_of(buffer.extents, plan.symbols) *
                                                      static_cast<std::int64_t>(size_of(buffer.dtype));
    if (const std::int64_t less = of_slices[plan.own_bytes.size()]; less > 0) bytes = less;
    if (bytes > 0) plan.own.push_back({static_cast<std::uint32_t>(plan.own_bytes.size()), plan.own_size});
    plan.own_size += (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
    plan.own_bytes.push_back(bytes);
  }
  for (const PhaseInfo& phase : info.phases) {
    const std::int64_t trip = count(phase.trip, plan.symbols), steps = product_of(phase.work, plan.symbols);
    std::int64_t chunks = std::clamp<std::int64_t>(steps / steps_per_chunk, 1, std::max<std::int64_t>(trip, 1));
    const bool is_shared = phase.trip.size() == 1 && (phase.trip[0].symbol == tables || phase.trip[0].symbol == shares);
    if (chunks > many_chunks && (info.phases.size() == 1 || is_shared)) chunks = std::max(many_chunks, chunks / 3);
    plan.phases.push_back({trip, std::max<std::int64_t>(1, (trip + chunks - 1) / chunks), phase.early});
  }
  plan.simple = plan.slices.empty() && plan.own.empty() &&
                std::ranges::all_of(plan.phases, [](const LaunchPlan::Phase& p) { return p.grain >= p.trip; });
  return plan;
}

ByteRange bytes_at(const LaunchPlan& plan, std::uint32_t buffer, std::size_t phase, std::int64_t begin) {
  for (const LaunchPlan::Slices& s : plan.slices)
    for (const auto& t : s.temporaries)
      if (t.buffer == buffer && phase >= s.first && phase < s.end) {
        const std::int64_t number = begin / s.items[phase - s.first] / s.run;
        return {number * s.run * t.bytes, (number + 1) * s.run * t.bytes};
      }
  return {0, plan.own_bytes[buffer]};
}

std::int32_t launch(const LaunchPlan& plan, std::span<void* const> places, std::span<const Scalar> params, int threads,
                    RunPhase phase, const MakeChosen* make) {
  const std::optional<LaunchPlan::Choice>& choice = plan.choice;
  Few<std::int64_t, 32> own_symbols(plan.params.empty() && !choice ? 0 : plan.symbols.size());
  const std::int64_t* symbols = plan.symbols.data();
  if (own_symbols.size() > 0) {
    std::ranges::copy(plan.symbols, own_symbols.data());
    for (std::size_t i = 0; i < plan.params.size(); i += 2)
      own_symbols[plan.params[i]] = static_cast<std::int64_t>(params[plan.params[i + 1]].bits);
    symbols = own_symbols.data();
  }
  Few<void*, 16> buffers(plan.own_bytes.size());
  std::ranges::copy(places, buffers.data());
  const OwnMemory memory(plan, buffers.data());
  Launch running(plan, {buffers.data(), symbols, helper_table().data()}, threads, phase);
  const std::size_t first = choice ? choice->first : 0;
  std::int32_t status = choice ? running.run(0, first) : 0;
  if (choice && status == 0) {
    const auto* starts = static_cast<const std::int64_t*>(buffers[choice->starts]);
    const std::int64_t chosen = std::accumulate(starts, starts + plan.own_bytes[choice->starts] / 8, std::int64_t{0});
    for (const std::uint32_t size : choice->sizes) own_symbols[size] = chosen;
    (*make)(chosen, buffers.span());
  }
  return status == 0 ? running.run(first, plan.phases.size()) : status;
}

}  // namespace ricci::jit
