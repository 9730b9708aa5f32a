#include "ricci/memory.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>

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

constexpr std::size_t class_bytes(std::size_t index) {
  if (index == 0) return 256;
  const std::size_t octave = (index - 1) / 4, quarter = (index - 1) % 4 + 1;
  return (std::size_t{256} << octave) + quarter * (std::size_t{64} << octave);
}
static_assert(class_bytes(1) == 320 && class_bytes(4) == 512 && class_bytes(5) == 640);

constexpr std::size_t class_count = size_class(kept_bytes_limit).index + 1;

/// Blocks of this size and more start somewhere in a large page of their own.
constexpr std::size_t large_page = std::size_t{2} << 20, small_page = 4096;
constexpr std::size_t least_large = 2 * large_page;
/// Their starts are its lines 0, 3 and 6, in turn. (Further on, and at the end of a small page, planes of pixels of 256
/// bytes are transposed 1.05 to 1.1 times slower.)
constexpr std::size_t line = 64, start_lines = 9;

/// Addresses of the system that start at a large page; large pages where the system gives them to those who ask: one
/// page fault instead of 512, and addresses that are translated at once. (NumPy asks for its arrays from the same size
/// on.) Not from malloc: what it once had such pages for stays so, and then wastes most of them on small objects.
std::byte* map_large_pages(std::size_t bytes) noexcept {
  void* mapped = mmap(nullptr, bytes + large_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % large_page;
  if (before > 0) munmap(begin, before);
  if (before < large_page) munmap(begin + before + bytes, large_page - before);
  return begin + before;
}

/// What a large block has of the system, from the large page on where it starts.
constexpr std::size_t mapped_bytes(std::size_t bytes, std::size_t start) {
  return (bytes + start + small_page - 1) / small_page * small_page;
}

/// No two large blocks in a row start at the same place of a page: what a kernel goes through side by side would meet
/// in the same sets of the caches, and its loads would look like what it has just stored, which processors tell by the
/// lower 12 bits of an address. (A gather of argmax over 3 planes took 1.2 times as long on a Cascade Lake.) So they do
/// where results lie one line or two further on than what is read: the next vectors are loaded from there. (Logarithms
/// of a million numbers took 1.2 times as long on a Zen 4.)
void* fresh_block(std::size_t bytes) noexcept {
  if (bytes < least_large) return std::aligned_alloc(block_alignment, bytes);
  static std::atomic<std::size_t> made = 0;
  const std::size_t start = made.fetch_add(3, std::memory_order_relaxed) % start_lines * line;
  std::byte* page = map_large_pages(mapped_bytes(bytes, start));
  if (!page) return nullptr;
  madvise(page, bytes, MADV_HUGEPAGE);  // without the start: a few lines should not take a large page
  return page + start;
}

/// Gives a fresh block of so many bytes back to the system.
void release_block(void* block, std::size_t bytes) noexcept {
  if (bytes < least_large) return std::free(block);
  const std::size_t start = reinterpret_cast<std::uintptr_t>(block) % large_page;
  munmap(static_cast<std::byte*>(block) - start, mapped_bytes(bytes, start));
}

struct FreeBlock {
  FreeBlock* next;
};

struct Cache {
  std::mutex mutex;
  std::array<FreeBlock*, class_count> lists{};
  std::size_t bytes = 0;

  void drop_all() {
    for (std::size_t index = 0; index < class_count; ++index)
      while (FreeBlock* block = lists[index]) {
        lists[index] = block->next;
        release_block(block, class_bytes(index));
      }
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

// Small blocks that a thread gives back go into its own pocket first, from where it takes them without a lock: the lock
// of the cache costs as much as a kernel of a few elements.
constexpr std::size_t pocket_classes = size_class(4096).index + 1;
constexpr int pocket_depth = 4;

struct Pocket {
  std::array<FreeBlock*, pocket_classes> lists;
  std::array<int, pocket_classes> counts;
  enum { unused, open, closed } state;

  FreeBlock* take(std::size_t index) {
    FreeBlock* block = lists[index];
    if (block) {
      lists[index] = block->next;
      --counts[index];
    }
    return block;
  }
  void drop_all() {
    for (std::size_t index = 0; index < pocket_classes; ++index)
      while (FreeBlock* block = take(index)) std::free(block);
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (std::size_t index = 0; index < pocket_classes; ++index)
      for (FreeBlock* block = lists[index]; block; block = block->next) total += class_bytes(index);
    return total;
  }
};
constinit thread_local Pocket pocket{};

/// Empties the pocket when its thread ends; arrays that die even later find it closed.
struct Closer {
  ~Closer() {
    pocket.drop_all();
    pocket.state = Pocket::closed;
  }
  void be_made() {}
};
thread_local Closer closer;

bool has_room(std::size_t index) {
  if (pocket.state == Pocket::unused) {
    closer.be_made();
    pocket.state = Pocket::open;
  }
  return pocket.state == Pocket::open && pocket.counts[index] < pocket_depth;
}

}  // namespace

void* allocate_block(std::size_t bytes) {
  const SizeClass size = size_class(bytes);
  if (size.index < pocket_classes)
    if (void* block = pocket.take(size.index)) return block;
  if (size.index < class_count) {
    Cache& c = cache();
    const std::lock_guard lock(c.mutex);
    if (FreeBlock* block = c.lists[size.index]) {
      c.lists[size.index] = block->next;
      c.bytes -= size.bytes;
      return block;
    }
  }
  void* block = fresh_block(size.bytes);
  if (!block) {
    drop_kept_blocks();
    block = fresh_block(size.bytes);
  }
  if (!block) throw Error(Error::Kind::limit, "there is no memory for an array of " + std::to_string(bytes) + " bytes");
  return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
  const SizeClass size = size_class(bytes);
  if (size.index >= class_count) return release_block(block, size.bytes);
  if (size.index < pocket_classes && has_room(size.index)) {
    pocket.lists[size.index] = new (block) FreeBlock{pocket.lists[size.index]};
    ++pocket.counts[size.index];
    return;
  }
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  // A full cache starts anew: sizes that the program still uses come back, those of its past do not.
  if (c.bytes + size.bytes > kept_bytes_limit) c.drop_all();
  c.lists[size.index] = new (block) FreeBlock{c.lists[size.index]};
  c.bytes += size.bytes;
}

void drop_kept_blocks() noexcept {
  pocket.drop_all();
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  c.drop_all();
}

std::size_t kept_bytes() noexcept {
  Cache& c = cache();
  const std::lock_guard lock(c.mutex);
  return c.bytes + pocket.bytes();
}

}  // namespace ricci
