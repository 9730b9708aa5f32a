// Lanes a few elements apart under masks: nothing is touched but the elements of lanes that are on.
#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "support/guarded.hpp"
#include "support/loop_builder.hpp"

using namespace ricci;
using namespace ricci::test;
using loop::Value;

namespace {

/// to[at + step * lane] = from[at + step * lane] for the lanes of a mask in memory, and all[lane] = what is loaded for
/// each; the kernel's symbol is `at`.
loop::Kernel copy_apart(DType dtype, int lanes, std::int64_t step) {
  LoopBuilder b;
  const loop::BufferId mask = b.buffer(DType::b1), from = b.buffer(dtype), to = b.buffer(dtype, true),
                       all = b.buffer(dtype, true);
  const Value zero = b.constant(std::int64_t{0}), on = b.load(mask, zero, lanes), at = b.argument(0);
  const Value offsets =
      b.compute(Op::multiply, DType::i32, {b.iota(DType::i32, lanes), b.constant(std::int32_t(step), lanes)});
  const Value loaded = b.gather(from, at, offsets, on);
  b.scatter(to, at, offsets, loaded, on);
  b.store(all, zero, loaded);
  return b.kernel;
}

/// Some masks: all lanes, none, those before one of them, and others.
std::vector<std::vector<bool>> masks_of(std::size_t lanes) {
  std::vector<std::vector<bool>> masks{std::vector<bool>(lanes, true), std::vector<bool>(lanes, false)};
  for (const std::size_t count : {std::size_t{1}, lanes / 2, lanes / 2 + 1, lanes - 1}) {
    masks.emplace_back(lanes);
    std::fill_n(masks.back().begin(), count, true);
  }
  for (const std::size_t period : {2, 3, 5, 7}) {
    masks.emplace_back(lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) masks.back()[lane] = lane * lane % period == 1;
  }
  return masks;
}

/// Runs a kernel of copy_apart. Memory begins and ends with the first and the last lane that is on.
bool is_right(const Compiled& compiled, DType dtype, std::int64_t step, const std::vector<bool>& on, Flush flush) {
  const std::size_t size = size_of(dtype);
  const auto first = static_cast<std::int64_t>(std::find(on.begin(), on.end(), true) - on.begin());
  const auto end = static_cast<std::int64_t>(on.rend() - std::find(on.rbegin(), on.rend(), true));
  const std::int64_t low = first < end ? std::min(step * first, step * (end - 1)) : 0;
  const auto span = static_cast<std::size_t>(first < end ? std::abs(step) * (end - 1 - first) + 1 : 0);
  GuardedBuffer mask(on.size()), from(span * size, flush), to(span * size, flush), all(on.size() * size);
  std::copy(on.begin(), on.end(), reinterpret_cast<bool*>(mask.bytes().data()));
  for (std::size_t i = 0; i < span * size; ++i) {
    from.bytes()[i] = std::byte(dtype == DType::b1 ? i % 3 % 2 : i * 7 + i / 256);
    to.bytes()[i] = std::byte(0xee);
  }
  void* const buffers[] = {mask.bytes().data(), from.bytes().data(), to.bytes().data(), all.bytes().data()};
  const std::int64_t at[] = {-low};
  REQUIRE(call(compiled.code.phase(0), buffers, at, 0, 1) == 0);
  bool right = true;
  for (std::size_t i = 0; i < span * size; ++i) {
    const std::int64_t element = static_cast<std::int64_t>(i / size) + low;
    const bool stored = element % step == 0 && on[static_cast<std::size_t>(element / step)];
    right &= to.bytes()[i] == (stored ? from.bytes()[i] : std::byte(0xee));
  }
  for (std::size_t i = 0; i < all.bytes().size(); ++i) {
    const auto lane = static_cast<std::int64_t>(i / size);
    const auto byte = static_cast<std::size_t>(on[i / size] ? step * lane - low : 0) * size + i % size;
    right &= all.bytes()[i] == (on[i / size] ? from.bytes()[byte] : std::byte(0));
  }
  return right;
}

}  // namespace

TEST_CASE("masked lanes a few elements apart touch no byte of others, nor between them") {
  for (const CodegenOptions& options : all_codegen_options())
    for (const DType dtype : {DType::b1, DType::i16, DType::f32, DType::f64})
      for (const int lanes : {2, 4, 8, 16, 64})
        for (const std::int64_t step : {-4, -3, -2, 2, 3, 4, 5}) {
          const Compiled compiled = generate_code(copy_apart(dtype, lanes, step), options);
          INFO(to_string(dtype) << ", " << lanes << " lanes, " << step << " apart");
          for (const std::vector<bool>& on : masks_of(static_cast<std::size_t>(lanes)))
            for (const Flush flush : {Flush::start, Flush::end}) REQUIRE(is_right(compiled, dtype, step, on, flush));
        }
}
