// Blocks of arrays: large ones ask for large pages, small ones take what they need.
#include <catch2/catch.hpp>
#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/memory.hpp"

using namespace ricci;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

std::uintptr_t address(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

/// Whether the memory at this address may get large pages because somebody asked, as /proc/self/smaps says it.
bool asks_for_large_pages(const void* at) {
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> begin >> dash >> end && dash == '-') here = begin <= address(at) && address(at) < end;
    if (here && line.starts_with("VmFlags:")) return (line + ' ').find(" hg ") != std::string::npos;
  }
  return false;
}

bool system_has_large_pages() {
  std::string modes;
  std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled"), modes);
  return modes.find("madvise") != std::string::npos;
}

}  // namespace

TEST_CASE("blocks from 4 MiB on start in the first lines of a large page and ask for large pages") {
  drop_kept_blocks();
  for (const std::size_t bytes : {4 * mib, 4 * mib + 1, 5 * mib, 17 * mib + 12345, 600 * mib}) {
    INFO(bytes);
    void* block = allocate_block(bytes);
    CHECK(address(block) % (2 * mib) < 512);
    CHECK(address(block) % block_alignment == 0);
    if (system_has_large_pages()) CHECK(asks_for_large_pages(block));
    if (system_has_large_pages()) CHECK(asks_for_large_pages(static_cast<std::byte*>(block) + bytes - 512));
    static_cast<std::byte*>(block)[bytes - 1] = std::byte{1};
    free_block(block, bytes);
  }
  // An array's elements stand behind its record, in one block.
  const Array array = Array::uninitialised(DType::f32, std::vector<std::int64_t>{1025, 1024});
  CHECK(address(array.data()) % (2 * mib) <= 512);
  if (system_has_large_pages()) CHECK(asks_for_large_pages(array.data()));
  drop_kept_blocks();
}

TEST_CASE("large blocks made one after another start at places of a page that are three lines apart") {
  drop_kept_blocks();
  constexpr std::size_t count = 8, bytes = 4 * mib;
  std::vector<void*> blocks;
  std::vector<std::uintptr_t> starts;
  for (std::size_t i = 0; i < count; ++i) {
    blocks.push_back(allocate_block(bytes));
    starts.push_back(address(blocks.back()) % 4096);
    std::fill_n(static_cast<std::byte*>(blocks.back()), bytes, std::byte{1});
  }
  CHECK(std::ranges::adjacent_find(starts) == starts.end());
  // Or the same: nowhere does a block begin a line or two behind where another one does.
  std::ranges::sort(starts);
  for (std::size_t i = 1; i < count; ++i) CHECK((starts[i] == starts[i - 1] || starts[i] - starts[i - 1] >= 192));
  // Whether they come from the lists or from the system, each is given back from where it begins.
  for (void* block : blocks) free_block(block, bytes);
  const std::size_t kept = kept_bytes();
  CHECK(kept >= count * bytes);
  std::vector<void*> again;
  for (std::size_t i = 0; i < count; ++i) again.push_back(allocate_block(bytes));
  std::ranges::sort(blocks);
  std::ranges::sort(again);
  CHECK(blocks == again);
  for (void* block : again) free_block(block, bytes);
  drop_kept_blocks();
}

TEST_CASE("a large block that is used again starts at a large page too") {
  drop_kept_blocks();
  void* first = allocate_block(9 * mib);
  free_block(first, 9 * mib);
  void* again = allocate_block(9 * mib - 5);
  CHECK(again == first);
  free_block(again, 9 * mib - 5);
  drop_kept_blocks();
}

TEST_CASE("smaller blocks ask for no large pages and start anywhere") {
  // Also where large ones were before: malloc, which takes these from the system at first, would keep them then.
  std::vector<void*> pins;
  for (int round = 0; round < 2; ++round) {
    std::vector<void*> large;
    for (std::size_t n = 0; n < 8; ++n) {
      large.push_back(allocate_block((5 + n) * mib));
      std::fill_n(static_cast<std::byte*>(large.back()), (5 + n) * mib, std::byte{1});
      pins.push_back(allocate_block(64 * 1024));
    }
    for (std::size_t n = 0; n < 8; ++n) free_block(large[n], (5 + n) * mib);
    drop_kept_blocks();
  }
  std::vector<void*> blocks;
  std::vector<std::size_t> sizes;
  for (const std::size_t bytes : {std::size_t{100}, mib / 16, mib, 2 * mib, 3 * mib + mib / 2 - 1})
    for (int n = 0; n < 4; ++n) {
      blocks.push_back(allocate_block(bytes));
      CHECK_FALSE(asks_for_large_pages(blocks.back()));
      CHECK(address(blocks.back()) % block_alignment == 0);
      sizes.push_back(bytes);
    }
  CHECK(std::ranges::count_if(blocks, [](void* b) { return address(b) % (2 * mib) == 0; }) < 10);
  for (std::size_t n = 0; n < blocks.size(); ++n) free_block(blocks[n], sizes[n]);
  for (void* pin : pins) free_block(pin, 64 * 1024);
}
