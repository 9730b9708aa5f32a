// Reads that run along another axis than the lanes are transposed tile by tile: for every size and layout, whatever
// stands around them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/program_builder.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

using Shape = std::vector<std::int64_t>;

/// Everywhere the same, and without gathers.
void check_transposed(const Prepared& p, const std::vector<std::string>& reads) {
  REQUIRE(run_everywhere(p).fault == "");
  const std::string schedule = schedule_of(p),
                    transposed = schedule.substr(std::min(schedule.find("transposed"), schedule.size()));
  INFO(schedule);
  for (const std::string& read : reads) CHECK(transposed.find(read) != std::string::npos);
  const std::string loops = loops_of(p);
  CHECK(loops.find("gather") == std::string::npos);
  CHECK(loops.find("scatter") == std::string::npos);
}

void fill_with_patterns(const TensorView& view, DType dtype) {
  std::int64_t count = 1;
  for (int i = 0; i < view.layout.rank; ++i) count *= view.layout.extents[i];
  for (std::int64_t n = 0; n < count; ++n) {
    const std::uint64_t bits = static_cast<std::uint64_t>(n) * 0x9e3779b97f4a7c15u >> 7;
    std::memcpy(element(view, n), &bits, dtype == DType::b1 ? 0 : size_of(dtype));
    if (dtype == DType::b1) Scalar::of(n * 7 % 3 == 0).store(element(view, n));
  }
}

}  // namespace

TEST_CASE("a transposed copy is one of every element, for every dtype, size and layout") {
  for (const DType dtype : {DType::b1, DType::u8, DType::i16, DType::f16, DType::f32, DType::i64, DType::f64})
    for (const Shape& shape : {Shape{1, 1}, Shape{3, 200}, Shape{200, 3}, Shape{16, 16}, Shape{17, 33}, Shape{129, 65},
                               Shape{300, 70}, Shape{0, 5}}) {
      ProgramBuilder b;
      const ir::TensorId out = b.tensor("out", dtype, 2), x = b.tensor("x", dtype, 2);
      const ir::AxisId i = b.axis("i"), j = b.axis("j");
      b.assign(out, {b.index(j), b.index(i)}, b.at(x, {b.index(i), b.index(j)}), {j, i});
      const bool all_layouts = shape[0] * shape[1] < 9000;
      for (const Pattern pattern : all_patterns) {
        if (pattern != Pattern::contiguous && !all_layouts) continue;
        GuardedTensor from(dtype, shape, pattern), to(dtype, Shape{shape[1], shape[0]});
        fill_with_patterns(from.view(), dtype);
        INFO(to_string(dtype) << ' ' << shape[0] << " x " << shape[1] << " pattern " << static_cast<int>(pattern));
        REQUIRE(run_everywhere(b.program, std::vector{to.view(), from.view()}).fault == "");
        for (std::int64_t n = 0; n < shape[0] * shape[1]; ++n) {
          const std::int64_t row = n / shape[1], column = n % shape[1];
          REQUIRE(std::memcmp(element(from.view(), n), element(to.view(), column * shape[0] + row), size_of(dtype)) ==
                  0);
        }
      }
    }
}

TEST_CASE("a picture that is rotated either way is transposed into its place") {
  for (const std::int64_t rows : {64, 130})
    for (const std::int64_t columns : {16, 65, 200}) {
      const auto check = [&]<class T>(T) {
        const auto x = filled<T>([](std::int64_t n) { return static_cast<T>(n * 151 % 1009); }, rows, columns);
        Tensor<T, 2> left(columns, rows), right(columns, rows);
        CAPTURE(rows, columns);
        check_transposed(prepared(left[i, j], Assign::set, x[j, columns - 1 - i]), {"into the target"});
        check_transposed(prepared(right[i, j], Assign::set, x[rows - 1 - j, i]), {"into the target"});
        REQUIRE(run_everywhere(prepared(left[columns - 1 - i, j], Assign::set, x[j, i])).fault == "");
        for (std::int64_t r = 0; r < columns; ++r)
          for (std::int64_t c = 0; c < rows; ++c) {
            REQUIRE(left.at(r, c) == x.at(c, columns - 1 - r));
            REQUIRE(right.at(r, c) == x.at(rows - 1 - c, r));
          }
      };
      check(std::uint8_t{});
      check(float{});
      check(std::int16_t{});
    }
}

TEST_CASE("channels from last to first, scaled and added to what lies the other way") {
  for (const std::int64_t channels : {1, 3, 16, 37})
    for (const std::int64_t width : {5, 64, 150}) {
      const auto x = filled<float>(shuffled(91), 2, 3, width, channels);
      const auto y = filled<float>(shuffled(89), 2, channels, 3, width);
      const auto scale = filled<float>(shuffled(7), channels);
      Tensor<float, 4> out(2, channels, 3, width);
      CAPTURE(channels, width);
      const Prepared p = prepared(out[b, c, h, w], Assign::set, x[b, h, w, c] * scale[c] + y[b, c, h, w]);
      if (channels > 1) check_transposed(p, {"t1[b, 0, w, c]!"});
      REQUIRE(run_everywhere(p).fault == "");
      for (std::int64_t n = 0; n < 2; ++n)
        for (std::int64_t k = 0; k < channels; ++k)
          REQUIRE(out.at(n, k, 2, width - 1) == x.at(n, 2, width - 1, k) * scale.at(k) + y.at(n, k, 2, width - 1));
    }
}

TEST_CASE("several reads share a tile, also of other widths, backwards and at every second row") {
  const auto x = filled<float>(shuffled(91), 70, 90), z = filled<float>(shuffled(89), 140, 90);
  const auto bytes = filled<std::uint8_t>(shuffled(83), 70, 90);
  Tensor<float, 2> out(90, 70);
  const Prepared p = prepared(out[j, i], Assign::set, x[i, j] * z[2 * i + 1, j] + cast<float>(bytes[69 - i, j]));
  if (host_target().vector_bytes >= 32)
    check_transposed(p, {"t1[i, j]!", "t2[(2 * i) + 1, j]!", "t3[69 - i, j]!"});
  else  // four lanes are not worth it
    REQUIRE(run_everywhere(p).fault == "");
  REQUIRE(out.at(89, 1) == x.at(1, 89) * z.at(3, 89) + static_cast<float>(bytes.at(68, 89)));
}

TEST_CASE("an update or a condition and a computed subscript go with a transposed read") {
  const auto x = filled<float>(shuffled(91), 70, 90);
  const auto plane = filled<float>(shuffled(89), 4, 70, 90);
  const auto which = filled<std::int64_t>(shuffled(4), 3);
  Tensor<float, 2> out(90, 70);
  out[j, i] = 1;
  check_transposed(prepared(out[j, i], Assign::add, where(x[i, j] > 40, x[i, j], 7)), {"t1[i, j]!"});
  Tensor<float, 3> picked(3, 90, 70);
  check_transposed(prepared(picked[k, j, i], Assign::set, plane[clip(which)[k] % 4, i, j]), {"t1[t2[k]! % 4, i, j]!"});
  REQUIRE(picked.at(2, 80, 60) == plane.at(which.at(2) % 4, 60, 80));
}

TEST_CASE("what is only copied is transposed into the target, and what is computed is not") {
  const auto x = filled<float>(shuffled(91), 3, 170, 300);
  const auto flags = filled<bool>([](std::int64_t n) { return n % 3 == 0; }, 70, 90);
  Tensor<float, 3> out(3, 300, 170);
  Tensor<double, 3> wide(3, 300, 170);
  Tensor<bool, 2> turned(90, 70);
  const auto into_target = [](const Prepared& p) {
    REQUIRE(run_everywhere(p).fault == "");
    return schedule_of(p).find("columns at a time into the target") != std::string::npos;
  };
  CHECK(into_target(prepared(out[b, j, i], Assign::set, x[b, i, j])));
  REQUIRE(out.at(2, 299, 169) == x.at(2, 169, 299));
  CHECK(into_target(prepared(out[b, j, i], Assign::set, x[2 - b, 169 - i, j])));
  REQUIRE(out.at(0, 299, 0) == x.at(2, 169, 299));
  CHECK(!into_target(prepared(out[b, j, i], Assign::add, x[b, i, j])));
  CHECK(!into_target(prepared(out[b, j, i], Assign::set, x[b, i, j] + 1)));
  CHECK(!into_target(prepared(wide[b, j, i], Assign::set, x[b, i, j])));
  CHECK(!into_target(prepared(turned[j, i], Assign::set, flags[i, j])));
}

TEST_CASE("a read that is guarded, or slides, is not transposed") {
  const auto x = filled<float>(shuffled(91), 70, 90);
  const auto y = filled<float>(shuffled(89), 200);
  Tensor<float, 2> out(90, 70), sums(70, 60);
  const Prepared guarded = prepared(out[j, i], Assign::set, where(i > 2, x[i - 3, j], 0));
  REQUIRE(run_everywhere(guarded).fault == "");
  CHECK(schedule_of(guarded).find("transposed") == std::string::npos);
  const Prepared sliding = prepared(sums[i, j], Assign::set, y[2 * j + i]);
  REQUIRE(run_everywhere(sliding).fault == "");
  CHECK(schedule_of(sliding).find("transposed") == std::string::npos);
}
