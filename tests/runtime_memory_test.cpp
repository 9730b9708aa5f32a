// Blocks of arrays: large ones ask for large pages, small ones take what they need.
#include <catch2/catch.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/memory.hpp"
#include "support/subprocess.hpp"

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

TEST_CASE("large blocks made one after another start at different places of a page") {
  drop_kept_blocks();
  constexpr std::size_t count = 8, bytes = 4 * mib;
  std::vector<void*> blocks;
  std::vector<std::uintptr_t> starts;
  for (std::size_t i = 0; i < count; ++i) {
    blocks.push_back(allocate_block(bytes));
    starts.push_back(address(blocks.back()) % 4096);
    std::fill_n(static_cast<std::byte*>(blocks.back()), bytes, std::byte{1});
  }
  std::ranges::sort(starts);
  CHECK(std::ranges::adjacent_find(starts) == starts.end());
  for (std::size_t i = 1; i < count; ++i) CHECK(starts[i] - starts[i - 1] >= 64);
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

TEST_CASE("a process of its own that takes small blocks", "[.small_blocks_process]") {
  std::vector<void*> blocks;
  for (const std::size_t bytes : {std::size_t{100}, mib / 16, mib, 2 * mib, 3 * mib + mib / 2 - 1})
    for (int n = 0; n < 4; ++n) blocks.push_back(allocate_block(bytes));
  const auto count = [&](auto f) { return std::ranges::count_if(blocks, f); };
  std::cout << "asking=" << count(asks_for_large_pages)
            << " unaligned=" << count([](void* b) { return address(b) % block_alignment != 0; })
            << (count([](void* b) { return address(b) % (2 * mib) == 0; }) < 10 ? " anywhere" : "") << " \n";
}

TEST_CASE("smaller blocks ask for no large pages and start anywhere") {
  // In a process of its own: elsewhere the system may give a small block where a large one was.
  CHECK_THAT(test::run_hidden_test("", "small_blocks_process"), Catch::Contains("asking=0 unaligned=0 anywhere "));
}
