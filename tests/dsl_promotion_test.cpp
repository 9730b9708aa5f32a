#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "ricci/ricci.hpp"
#include "ricci/rules.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using enum DType;

namespace {

constexpr Value strong(DType d) { return {d, false}; }
constexpr Value weak(DType d) { return {d, true}; }

}  // namespace

TEST_CASE("two tensors promote as the array API says, and u64 with a signed integer does not") {
  struct Row {
    DType a, b;
    std::optional<DType> result;
  };
  const Row row = GENERATE(
      Row{i8, i8, i8}, Row{i8, i16, i16}, Row{i32, i64, i64}, Row{u8, u16, u16}, Row{u32, u64, u64}, Row{i8, u8, i16},
      Row{i16, u8, i16}, Row{i16, u16, i32}, Row{i32, u16, i32}, Row{i8, u32, i64}, Row{i64, u32, i64},
      Row{i64, u64, std::nullopt}, Row{i8, u64, std::nullopt}, Row{f32, f64, f64}, Row{i64, f32, f32}, Row{u8, f64, f64},
      Row{f16, f16, f16}, Row{bf16, bf16, bf16}, Row{f16, bf16, f32}, Row{f16, f32, f32}, Row{bf16, f64, f64},
      Row{f16, i32, f16}, Row{bf16, u64, bf16}, Row{b1, f16, f16}, Row{u64, f32, f32}, Row{b1, b1, b1}, Row{b1, i8, i8}, Row{b1, u64, u64}, Row{b1, f32, f32});
  CHECK(promote(row.a, row.b) == row.result);
  CHECK(promote(row.b, row.a) == row.result);
}

TEST_CASE("numbers of the program adopt the tensor's dtype where its kind allows") {
  struct Row {
    Value a, b, result;
  };
  const Row row = GENERATE(Row{strong(f16), weak(f64), strong(f16)}, Row{strong(bf16), weak(i64), strong(bf16)},
                           Row{strong(f32), weak(f64), strong(f32)}, Row{strong(f32), weak(i64), strong(f32)},
                           Row{strong(u8), weak(i64), strong(u8)}, Row{strong(i32), weak(f64), strong(f64)},
                           Row{strong(b1), weak(i64), strong(i64)}, Row{strong(b1), weak(f64), strong(f64)},
                           Row{strong(b1), weak(b1), strong(b1)}, Row{strong(i8), weak(b1), strong(i8)},
                           Row{weak(i64), weak(f64), weak(f64)}, Row{weak(i64), weak(i64), weak(i64)});
  CHECK(promote(row.a, row.b) == row.result);
  CHECK(promote(row.b, row.a) == row.result);
}

TEST_CASE("assignment casts within a kind or upwards, and never a sign away") {
  for (DType d : {f32, f64}) {
    CHECK(same_kind_cast(strong(f64), d));
    CHECK(same_kind_cast(strong(i64), d));
    CHECK(same_kind_cast(strong(b1), d));
  }
  for (DType d : {i8, i64, u8, u64}) {
    CHECK_FALSE(same_kind_cast(strong(f32), d));
    CHECK_FALSE(same_kind_cast(weak(f64), d));
    CHECK(same_kind_cast(strong(u32), d));
    CHECK(same_kind_cast(weak(i64), d));
    CHECK(same_kind_cast(strong(i64), d) == is_signed_integer(d));
  }
  CHECK_FALSE(same_kind_cast(strong(i8), b1));
}

TEST_CASE("dtypes of expressions") {
  using namespace ricci::names;
  Tensor<bool, 1> tb(2);
  Tensor<std::int8_t, 1> ti8(2);
  Tensor<std::uint8_t, 1> tu8(2);
  Tensor<std::int32_t, 1> ti32(2);
  Tensor<std::uint64_t, 1> tu64(2);
  Tensor<float, 1> tf(2);
  Tensor<double, 1> td(2);
  const auto dtype = [](const auto& e) { return Bare<decltype(e)>::syntax.dtype; };

  CHECK(dtype(tf[i] * 2.0) == f32);
  CHECK(dtype(tf[i] * 2) == f32);
  CHECK(dtype(tf[i] + td[i]) == f64);
  CHECK(dtype(tf[i] + ti32[i]) == f32);
  CHECK(dtype(ti8[i] + tu8[i]) == i16);
  CHECK(dtype(tu8[i] + 1) == u8);
  CHECK(dtype(ti32[i] * 2.5) == f64);
  CHECK(dtype(ti32[i] / ti32[i]) == f64);
  CHECK(dtype(tf[i] / ti32[i]) == f32);
  CHECK(dtype(sqrt(ti8[i])) == f64);
  CHECK(dtype(sqrt(tf[i])) == f32);
  CHECK(dtype(i + 1) == i64);
  CHECK(dtype(tf[i] * i) == f32);
  CHECK(dtype(tb[i] * tf[i]) == f32);
  CHECK(dtype(tb[i] * tb[i]) == b1);
  CHECK(dtype(tb[i] * 2.0) == f64);
  CHECK(dtype(delta(i, tu8[i])) == b1);
  CHECK(dtype(where(tb[i], tf[i], 0.0)) == f32);
  CHECK(dtype(where(tb[i], tf[i], td[i])) == f64);
  CHECK(dtype(sum(i, tb[i])) == i64);
  CHECK(dtype(sum(i, ti8[i])) == i64);
  CHECK(dtype(prod(i, tu8[i])) == u64);
  CHECK(dtype(sum(i, tf[i])) == f32);
  CHECK(dtype(max(i, ti8[i])) == i8);
  CHECK(dtype(mean(i, ti32[i])) == f64);
  CHECK(dtype(mean(i, tf[i])) == f32);
  CHECK(dtype(argmax(i, tf[i])) == i64);
  CHECK(dtype(any(i, tf[i])) == b1);
  CHECK(dtype(count(i, tf[i])) == i64);
  CHECK(dtype(cast<float>(tu64[i])) == f32);
  CHECK(dtype(tu64[i] + 1) == u64);
}

TEST_CASE("a number that does not fit the tensor's dtype is an error") {
  using namespace ricci::names;
  Tensor<std::uint8_t, 1> bytes{1, 2};
  CHECK(test::values(Tensor(bytes[i] + 255)) == std::vector<std::uint8_t>{0, 1});
  CHECK_THROWS_WITH(Tensor(bytes[i] + 256), "the number 256 does not fit u8");
  CHECK_THROWS_WITH(bytes[i] = -1, "the number -1 does not fit u8");
  Tensor<std::int64_t, 1> wide(1);
  CHECK_THROWS_AS(wide[i] = 0x8000000000000000ull, Error);
}

TEST_CASE("a float becomes a subscript by floor_index and its siblings, and NaN is outside") {
  using ricci::names::i;
  const Tensor<float, 1> place{-0.5f, 1.5f, 2.5f, NAN, 1e30f, -1e30f};
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(), most = ~least;
  CHECK(test::values(Tensor(floor_index(place[i]))) == std::vector<std::int64_t>{-1, 1, 2, least, most, least});
  CHECK(test::values(Tensor(round_index(place[i]))) == std::vector<std::int64_t>{0, 2, 2, least, most, least});
  CHECK(test::values(Tensor(trunc_index(place[i]))) == std::vector<std::int64_t>{0, 1, 2, least, most, least});
  const Tensor<float, 1> x{10, 20, 30};
  CHECK(test::values(Tensor(fill(x, -1)[floor_index(place[i])])) == std::vector<float>{-1, 20, 30, -1, -1, -1});
}
