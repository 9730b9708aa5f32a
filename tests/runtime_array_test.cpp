#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include "ricci/array.hpp"
#include "ricci/error.hpp"
#include "ricci/memory.hpp"
#include "ricci/runs.hpp"

using namespace ricci;
using Extents = std::vector<std::int64_t>;

namespace {

Error::Kind kind_of_size(DType dtype, const Extents& extents) {
  try {
    checked_size(dtype, extents);
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("accepted " << shape_text(extents));
  return {};
}

}  // namespace

TEST_CASE("the size of an array is the product of its extents") {
  CHECK(checked_size(DType::f64, Extents{}) == 1);
  CHECK(checked_size(DType::f32, Extents{3, 4}) == 12);
  CHECK(checked_size(DType::i8, Extents{3, 0, 4}) == 0);
  CHECK(checked_size(DType::u8, Extents{std::int64_t{1} << 62}) == std::int64_t{1} << 62);
}

TEST_CASE("sizes beyond 2^62 bytes, negative extents and too many axes are errors") {
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  CHECK(kind_of_size(DType::u8, {(std::int64_t{1} << 62) + 1}) == Error::Kind::limit);
  CHECK(kind_of_size(DType::f64, {std::int64_t{1} << 60}) == Error::Kind::limit);
  CHECK(kind_of_size(DType::u8, {huge, huge, huge}) == Error::Kind::limit);
  CHECK(kind_of_size(DType::u8, {std::int64_t{1} << 32, std::int64_t{1} << 32}) == Error::Kind::limit);
  CHECK(kind_of_size(DType::u8, {0, huge, huge}) == Error::Kind::limit);
  CHECK(kind_of_size(DType::u8, {3, -1}) == Error::Kind::extent);
  CHECK(kind_of_size(DType::u8, Extents(9, 1)) == Error::Kind::rank);
}

TEST_CASE("shapes are written as Python writes tuples") {
  CHECK(shape_text(Extents{}) == "()");
  CHECK(shape_text(Extents{3}) == "(3,)");
  CHECK(shape_text(Extents{3, 4}) == "(3, 4)");
}

TEST_CASE("a new array is row-major and 64-byte aligned for every dtype") {
  for (int d = 0; d < dtype_count; ++d) {
    const auto dtype = static_cast<DType>(d);
    const Array array = Array::uninitialised(dtype, Extents{2, 3, 5});
    CHECK(array.layout() == row_major(dtype, Extents{2, 3, 5}));
    CHECK(reinterpret_cast<std::uintptr_t>(array.data()) % 64 == 0);
    CHECK(array.writable());
  }
}

TEST_CASE("zeros are zero also in recycled memory") {
  {
    const Array dirty = Array::uninitialised(DType::u8, Extents{1000});
    std::fill_n(static_cast<std::uint8_t*>(dirty.data()), 1000, std::uint8_t{0xff});
  }
  const Array array = Array::zeros(DType::u8, Extents{1000});
  const auto* bytes = static_cast<const std::uint8_t*>(array.data());
  CHECK(std::all_of(bytes, bytes + 1000, [](std::uint8_t byte) { return byte == 0; }));
}

TEST_CASE("a handle is one word and copies share the record") {
  STATIC_REQUIRE(sizeof(Array) == sizeof(void*));
  Array a = Array::zeros(DType::i32, Extents{4});
  const Array b = a;
  CHECK(a == b);
  CHECK(a.data() == b.data());
  static_cast<std::int32_t*>(a.data())[2] = 5;
  a = Array();
  CHECK_FALSE(a);
  CHECK(static_cast<const std::int32_t*>(b.data())[2] == 5);
}

TEST_CASE("a rearranged array keeps the elements alive and remembers that they are read-only") {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{0, 1, 2});
  const std::weak_ptr<std::vector<float>> watch = owner;
  Array reversed;
  {
    const Array whole = Array::borrow({row_major(DType::f32, Extents{3}), owner->data(), false}, owner);
    owner.reset();
    Layout layout = whole.layout();
    layout.strides[0] = -1;
    reversed = whole.rearranged(layout, static_cast<float*>(whole.data()) + 2);
  }
  REQUIRE_FALSE(watch.expired());
  CHECK_FALSE(reversed.writable());
  CHECK(static_cast<const float*>(reversed.data())[-2] == 0);
  Array twice = reversed.rearranged(reversed.layout(), reversed.data());
  reversed = Array();
  CHECK_FALSE(watch.expired());
  twice = Array();
  CHECK(watch.expired());
}

TEST_CASE("a freed block is used again for an array of the same size class") {
  drop_kept_blocks();
  void* first = nullptr;
  {
    const Array array = Array::uninitialised(DType::f32, Extents{1 << 20});
    first = array.data();
    CHECK(kept_bytes() == 0);
  }
  CHECK(kept_bytes() >= std::size_t{4} << 20);
  CHECK(kept_bytes() <= std::size_t{5} << 20);
  const Array again = Array::uninitialised(DType::f32, Extents{(1 << 20) + 100});
  CHECK(again.data() == first);
  CHECK(kept_bytes() == 0);
}

TEST_CASE("small blocks come back to the thread that freed them, and leave it when it ends") {
  drop_kept_blocks();
  std::vector<void*> blocks;
  for (int i = 0; i < 10; ++i) blocks.push_back(allocate_block(1000));
  for (void* block : blocks) free_block(block, 1000);
  CHECK(kept_bytes() == 10 * 1024);
  std::set<void*> again;
  for (int i = 0; i < 10; ++i) again.insert(allocate_block(1024));
  CHECK(again == std::set<void*>(blocks.begin(), blocks.end()));
  for (void* block : blocks) free_block(block, 1000);
  std::thread([&] {
    CHECK(kept_bytes() == 6 * 1024);  // all but the four in the pocket of the other thread
    void* block = allocate_block(300);
    free_block(block, 300);
    CHECK(allocate_block(300) == block);
    free_block(block, 300);
  }).join();
  drop_kept_blocks();
  CHECK(kept_bytes() == 0);
}

TEST_CASE("the memory that is kept is bounded, and blocks above the bound are not kept") {
  drop_kept_blocks();
  const std::size_t block = kept_bytes_limit / 4;
  std::vector<void*> blocks;
  for (int i = 0; i < 6; ++i) blocks.push_back(allocate_block(block));
  for (int i = 0; i < 4; ++i) free_block(blocks[i], block);
  CHECK(kept_bytes() == kept_bytes_limit);
  free_block(blocks[4], block);
  CHECK(kept_bytes() == block);  // full: started anew
  free_block(blocks[5], block);
  drop_kept_blocks();
  free_block(allocate_block(kept_bytes_limit + 1), kept_bytes_limit + 1);
  CHECK(kept_bytes() == 0);
}

TEST_CASE("an array that no memory can hold is an error, not a crash") {
  REQUIRE_THROWS_AS(Array::uninitialised(DType::u8, Extents{std::int64_t{1} << 62}), Error);
}

TEST_CASE("handles are counted right when threads copy and drop them at once") {
  auto owner = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = owner;
  Array shared = Array::borrow({row_major(DType::i32, Extents{}), owner.get(), true}, owner);
  owner.reset();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([copy = shared] {
      for (int i = 0; i < 20000; ++i) {
        Array mine = copy;
        Array block = Array::uninitialised(DType::u8, Extents{i % 700});
        std::swap(mine, block);
      }
    });
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  CHECK_FALSE(watch.expired());
  shared = Array();
  CHECK(watch.expired());
}

TEST_CASE("runs give the elements of any view in row-major order") {
  std::vector<std::int16_t> memory(24);
  for (int i = 0; i < 24; ++i) memory[i] = static_cast<std::int16_t>(i);
  const auto elements = [](const TensorView& view) {
    std::vector<std::int16_t> out;
    for_each_run(view, [&](std::span<const std::byte> run) {
      const auto* first = reinterpret_cast<const std::int16_t*>(run.data());
      out.insert(out.end(), first, first + run.size() / 2);
    });
    return out;
  };
  TensorView view{row_major(DType::i16, Extents{2, 3, 4}), memory.data()};
  CHECK(elements(view) == memory);
  view.layout = {DType::i16, 2, {3, 2}, {2, 1}};  // contiguous
  CHECK(elements(view) == std::vector<std::int16_t>{0, 1, 2, 3, 4, 5});
  view.layout = {DType::i16, 2, {2, 3}, {1, 4}};  // transposed
  CHECK(elements(view) == std::vector<std::int16_t>{0, 4, 8, 1, 5, 9});
  view.layout = {DType::i16, 3, {2, 2, 2}, {12, 4, 1}};  // short contiguous rows
  CHECK(elements(view) == std::vector<std::int16_t>{0, 1, 4, 5, 12, 13, 16, 17});
  view.layout = {DType::i16, 2, {2, 2}, {0, -1}};
  view.data = memory.data() + 5;
  CHECK(elements(view) == std::vector<std::int16_t>{5, 4, 5, 4});
  view.layout = {DType::i16, 0, {}, {}};
  CHECK(elements(view) == std::vector<std::int16_t>{5});
  view.layout = {DType::i16, 2, {0, 3}, {3, 1}};
  CHECK(elements(view).empty());
}
