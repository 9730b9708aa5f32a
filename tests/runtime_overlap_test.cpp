#include <catch2/catch.hpp>
#include <vector>

#include "ricci/overlap.hpp"
#include "ricci/shape.hpp"

using namespace ricci;

namespace {

float memory[100];

TensorView view_at(int offset, Layout layout) {
  return {layout, memory + offset, true};
}

Layout line(std::int64_t extent, std::int64_t stride) {
  return {DType::f32, 1, {extent}, {stride}};
}

}  // namespace

TEST_CASE("the range of offsets covers negative, zero and positive strides") {
  const auto range = [](const Layout& layout) {
    const OffsetRange r = offset_range(layout);
    return std::pair(r.low, r.high);
  };
  CHECK(range({DType::f32, 0, {}, {}}) == std::pair<std::int64_t, std::int64_t>(0, 1));
  CHECK(range(line(4, 1)) == std::pair<std::int64_t, std::int64_t>(0, 4));
  CHECK(range(line(4, -3)) == std::pair<std::int64_t, std::int64_t>(-9, 1));
  CHECK(range(line(4, 0)) == std::pair<std::int64_t, std::int64_t>(0, 1));
  CHECK(range({DType::f32, 2, {3, 2}, {-10, 4}}) == std::pair<std::int64_t, std::int64_t>(-20, 5));
  CHECK(range({DType::f32, 2, {3, 0}, {-10, 4}}) == std::pair<std::int64_t, std::int64_t>(0, 0));
}

TEST_CASE("views overlap when their byte intervals meet") {
  CHECK(may_overlap(view_at(0, line(4, 1)), view_at(3, line(4, 1))));
  CHECK_FALSE(may_overlap(view_at(0, line(4, 1)), view_at(4, line(4, 1))));
  CHECK_FALSE(may_overlap(view_at(4, line(4, 1)), view_at(0, line(4, 1))));
  CHECK(may_overlap(view_at(3, line(4, -1)), view_at(0, line(1, 1))));
  CHECK_FALSE(may_overlap(view_at(13, line(4, -1)), view_at(9, line(1, 1))));
  CHECK(may_overlap(view_at(50, line(3, 0)), view_at(50, line(1, 1))));
  CHECK(may_overlap(view_at(0, line(4, 2)), view_at(1, line(4, 2))));  // interleaved: conservative
}

TEST_CASE("a view of another dtype overlaps by bytes") {
  const TensorView byte{{DType::u8, 1, {1}, {1}}, reinterpret_cast<std::uint8_t*>(memory) + 15, true};
  CHECK(may_overlap(view_at(0, line(4, 1)), byte));
  CHECK_FALSE(may_overlap(view_at(0, line(3, 1)), byte));
}

TEST_CASE("a view without elements overlaps nothing, not even itself") {
  const TensorView empty = view_at(2, line(0, 1));
  CHECK_FALSE(may_overlap(empty, view_at(0, line(10, 1))));
  CHECK_FALSE(may_overlap(empty, empty));
}

TEST_CASE("the same elements means dtype, shape and every address") {
  const TensorView a = view_at(0, {DType::f32, 2, {1, 4}, {4, 1}});
  CHECK(same_elements(a, view_at(0, {DType::f32, 2, {1, 4}, {77, 1}})));  // one element: its stride is never used
  CHECK_FALSE(same_elements(a, view_at(1, {DType::f32, 2, {1, 4}, {4, 1}})));
  CHECK_FALSE(same_elements(a, view_at(0, {DType::f32, 2, {1, 4}, {4, 2}})));
  CHECK_FALSE(same_elements(a, view_at(0, {DType::i32, 2, {1, 4}, {4, 1}})));
  CHECK_FALSE(same_elements(a, view_at(0, {DType::f32, 1, {4}, {1}})));
}

TEST_CASE("contiguity ignores axes of one element") {
  CHECK(is_contiguous({DType::f32, 2, {3, 4}, {4, 1}}));
  CHECK(is_contiguous({DType::f32, 3, {3, 1, 4}, {4, 99, 1}}));
  CHECK(is_contiguous({DType::f32, 2, {0, 4}, {9, 9}}));
  CHECK(is_contiguous({DType::f32, 0, {}, {}}));
  CHECK_FALSE(is_contiguous({DType::f32, 2, {3, 4}, {1, 3}}));
  CHECK_FALSE(is_contiguous({DType::f32, 2, {3, 4}, {5, 1}}));
  CHECK_FALSE(is_contiguous({DType::f32, 1, {3}, {-1}}));
}
