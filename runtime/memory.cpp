#include "ricci/memory.hpp"

#include <pthread.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <string>
#include <utility>

#include "ricci/error.hpp"

namespace ricci {
namespace {

struct SizeClass {
  std::size_t index;
  std::size_t bytes;
};

// 256, 320, 384, 448, 512, 640, ...: at most a quarter is wasted. Every size is a multiple of block_alignment.
constexpr SizeClass size_class(std::size_t bytes) {
  if (bytes <= 256) return {0, 256};
  const int octave = std::bit_width(bytes - 1) - 1;
  const std::size_t step = std::size_t{1} << (octave - 2);
  const std::size_t quarter = (bytes - (std::size_t{1} << octave) + step - 1) / step;  // 1 .. 4
  return {static_cast<std::size_t>(octave - 8) * 4 + quarter, (std::size_t{1} << octave) + quarter * step};
}
static_assert(size_class(257).index == 1 && size_class(257).bytes == 320);
static_assert(size_class(512).index == 4 && size_class(512).bytes == 512);
static_assert(size_class(513).index == 5 && size_class(513).bytes == 640);

constexpr std::size_t class_count = size_class(kept_bytes_limit).index + 1;

struct FreeBlock {
  FreeBlock* next;
};

struct Cache {
  std::mutex mutex;
  std::array<FreeBlock*, class_count> lists{};
  std::size_t bytes = 0;

  void drop_all() {
    for (FreeBlock*& list : lists)
      while (list) std::free(std::exchange(list, list->next));
    bytes = 0;
  }
};

// Never destroyed, so that arrays with static lifetime may be freed at any time. The mutex is held across fork, so
// the child finds the lists whole and the mutex free.
Cache& cache() {
  static Cache& cache = *[] {
    auto* made = new Cache;
    pthread_atfork([] { ricci::cache().mutex.lock(); }, [] { ricci::cache().mutex.unlock(); },
                   [] { ricci::cache().mutex.unlock(); });
    return made;
  }();
  return cache;
}

}  // namespace

void* allocate_block(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  if (size.index < class_count) {
    Cache& c = cache();
    const std::lock_guard lock(c.mutex);
    if (FreeBlock* block = c.lists[size.index]) {
      c.lists[size.index] = block->next;
      c.bytes -= size.bytes;
      return block;
    }
  }
  void* block = std::aligned_alloc(block_alignment, size.bytes);
  if (!block) {
    drop_kept_blocks();
    block = std::aligned_alloc(block_alignment, size.bytes);
  }
  if (!block) throw Error(Error::Kind::limit, "there is no memory for an array of " + std::to_string(bytes) + " bytes");
  return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
  const SizeClass size = size_class(bytes);
  if (size.index >= class_count) return std::free(block);
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  // A full cache starts anew: sizes that the program still uses come back, those of its past do not.
  if (c.bytes + size.bytes > kept_bytes_limit) c.drop_all();
  c.lists[size.index] = new (block) FreeBlock{c.lists[size.index]};
  c.bytes += size.bytes;
}

void drop_kept_blocks() noexcept {
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  c.drop_all();
}

std::size_t kept_bytes() noexcept {
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  return c.bytes;
}

}  // namespace ricci
