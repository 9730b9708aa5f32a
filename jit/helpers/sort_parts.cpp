// Chunks of the row that fit into a second-level cache are parted by the same pivots, side by side; what they have
// between two pivots comes together and is sorted, again side by side. Threads decide nothing but who does what.
#include "helpers/sort_parts.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "helpers/sort_lanes.hpp"
#include "ricci/memory.hpp"
#include "ricci/parallel.hpp"
#include "ricci/target.hpp"

namespace ricci {

namespace {

/// Numbers of a chunk; of about as many makes a part, if there are not too many parts. More samples of a part make
/// parts more equal.
constexpr std::int64_t longest_chunk = std::int64_t{1} << 15, shortest_chunk = longest_chunk / 8;
constexpr std::int64_t fewest_parts = 16, most_parts = 256, samples = 32;

/// Throws Error{limit}.
template <class T>
class Block {
 public:
  explicit Block(std::int64_t count)
      : bytes_(static_cast<std::size_t>(count) * sizeof(T)), first_(static_cast<T*>(allocate_block(bytes_))) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { free_block(first_, bytes_); }
  T* first() { return first_; }

 private:
  std::size_t bytes_;
  T* first_;
};

}  // namespace

template <class T>
void sort_in_parts(T* scratch, T* to, std::int64_t count, int together, int threads,
                   FunctionRef<void(std::int64_t begin, std::int64_t end, T* numbers)> fill,
                   FunctionRef<void(std::int64_t begin, std::int64_t end, T* sorted)> use) {
  const LaneSort<T>& lanes = lane_sort<T>(host_target().vector_bytes);
  const auto wanted = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(count / longest_chunk)));
  const std::int64_t parts = std::clamp(wanted, fewest_parts, most_parts);
  const std::int64_t chunk = std::clamp(count / fewest_parts, shortest_chunk, longest_chunk);
  const std::int64_t chunks = (count - 1) / chunk + 1;

  // Between two samples there is the same number of others; the row may be a wave, but hardly of that length.
  Block<T> sample(samples * parts);
  T* const pivots = sample.first();
  for (std::int64_t i = 0; i < samples * parts; ++i) {
    const std::int64_t at = count / (samples * parts) * i + i % 7;
    fill(at, at + 1, pivots + i);
  }
  lanes.sort(pivots, samples * parts);
  for (std::int64_t i = 1; i < parts; ++i) {
    pivots[i - 1] = pivots[samples * i];
    if constexpr (std::is_integral_v<T>) pivots[i - 1] = pivots[i - 1] >> together << together;
  }

  Block<std::int64_t> places(chunks * parts + parts + 1);
  std::int64_t *const ends = places.first(), *const starts = ends + chunks * parts;
  parallel_for(chunks, 1, threads, [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t c = low; c < high; ++c) {
      const std::int64_t begin = c * chunk, size = std::min(chunk, count - begin);
      T* const numbers = scratch + begin;
      fill(begin, begin + size, numbers);
      if (!std::is_sorted(numbers, numbers + size)) {
        lanes.part(numbers, size, pivots, parts - 1, ends + c * parts);
        continue;
      }
      for (std::int64_t p = 0; p < parts - 1; ++p)
        ends[c * parts + p] = std::lower_bound(numbers, numbers + size, pivots[p]) - numbers;
      ends[c * parts + parts - 1] = size;
    }
  });
  std::fill_n(starts, parts + 1, 0);
  for (std::int64_t c = 0; c < chunks; ++c)
    for (std::int64_t p = 0; p < parts; ++p) starts[p + 1] += ends[c * parts + p];  // of this part and those before
  parallel_for(parts, 1, threads, [&](std::int64_t low, std::int64_t high) {
    for (std::int64_t p = low; p < high; ++p) {
      T* next = to + starts[p];
      for (std::int64_t c = 0; c < chunks; ++c) {
        const std::int64_t* const end = ends + c * parts + p;
        const std::int64_t begin = p == 0 ? 0 : end[-1], size = *end - begin;
        std::memcpy(next, scratch + c * chunk + begin, static_cast<std::size_t>(size) * sizeof(T));
        next += size;
      }
      if (!std::is_sorted(to + starts[p], next)) lanes.sort(to + starts[p], next - (to + starts[p]));
      if (next != to + starts[p]) use(starts[p], starts[p + 1], to + starts[p]);
    }
  });
}
#define RICCI_SORT_IN_PARTS(T)                                                                                   \
  template void sort_in_parts(T*, T*, std::int64_t, int, int, FunctionRef<void(std::int64_t, std::int64_t, T*)>, \
                              FunctionRef<void(std::int64_t, std::int64_t, T*)>);
RICCI_SORT_IN_PARTS(std::int32_t)
RICCI_SORT_IN_PARTS(std::int64_t)
RICCI_SORT_IN_PARTS(float)
RICCI_SORT_IN_PARTS(double)
#undef RICCI_SORT_IN_PARTS

}  // namespace ricci
