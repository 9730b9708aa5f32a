// Sums of few small integers are added up in narrow lanes, and nothing else changes.
#include <catch2/catch.hpp>
#include <algorithm>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string index_of(const Prepared& p) {
  return p.executable->dump(Executable::Stage::index, p.tensors, p.params, {.vector_bytes = 64});
}

std::string loops_at_64(const Prepared& p) {
  return p.executable->dump(Executable::Stage::loops, p.tensors, p.params, {.vector_bytes = 64});
}

template <class T>
Tensor<T, 2> bytes(std::int64_t rows, std::int64_t columns) {
  return filled<T>([](std::int64_t n) { return static_cast<T>(n * 151 + n / 7); }, rows, columns);
}

/// The sum over 3 x 3 with what wraps around.
template <class T>
std::int64_t window(const Tensor<T, 2>& x, std::int64_t row, std::int64_t column) {
  std::int64_t sum = 0;
  const std::int64_t rows = x.extent(0), columns = x.extent(1);
  for (std::int64_t r = row - 1; r <= row + 1; ++r)
    for (std::int64_t c = column - 1; c <= column + 1; ++c) sum += x.at((r + rows) % rows, (c + columns) % columns);
  return sum;
}

}  // namespace

TEST_CASE("sums over windows of bytes have lanes of two bytes where they are compared or end in bytes") {
  for (std::int64_t columns : {3, 64, 129, 200}) {
    const auto x = bytes<std::uint8_t>(5, columns);
    const auto sum_at = sum(k(0, 3), l(0, 3), wrap(x)[i + k - 1, j + l - 1]);
    Tensor<std::uint8_t, 2> mean(5, columns);
    Tensor<bool, 2> large(5, columns);
    Tensor<float, 2> scaled(5, columns);
    Tensor<std::uint64_t, 2> whole(5, columns);
    Tensor<std::int64_t, 2> less(5, columns);
    const auto mean_of = prepared(mean[i, j], Assign::set, cast<std::uint8_t>(floor_divide(sum_at, 9)));
    const auto large_of = prepared(large[i, j], Assign::set, sum_at + x[i, j] > 1000);
    const auto scaled_of = prepared(scaled[i, j], Assign::set, 0.25f * cast<float>(sum_at));
    const auto whole_of = prepared(whole[i, j], Assign::set, sum_at);
    const auto less_of = prepared(less[i, j], Assign::set, cast<std::int64_t>(sum_at) - 2000);
    for (const Prepared* p : {&mean_of, &large_of, &scaled_of, &whole_of, &less_of}) {
      REQUIRE(run_everywhere(*p).fault == "");
      CHECK(has(index_of(*p), "sum(k, l, u16("));
    }
    for (std::int64_t r = 0; r < 5; ++r)
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t expected = window(x, r, c);
        REQUIRE(mean.at(r, c) == expected / 9);
        REQUIRE(large.at(r, c) == (expected + x.at(r, c) > 1000));
        REQUIRE(scaled.at(r, c) == 0.25f * static_cast<float>(expected));
        REQUIRE(whole.at(r, c) == static_cast<std::uint64_t>(expected));
        REQUIRE(less.at(r, c) == expected - 2000);
      }
    if (!has_mask_registers(host_target())) continue;
    for (const Prepared* p : {&mean_of, &large_of}) {
      CHECK(has(loops_at_64(*p), "u16x32"));
      CHECK(!has(loops_at_64(*p), "u64x"));
    }
  }
}

TEST_CASE("a sum that may need more bits keeps them") {
  Tensor<std::uint8_t, 2> ones(4, 300), out(4, 4);
  Tensor<bool, 2> is_large(4, 4);
  ones[i, j] = 255;
  const auto of_257 = sum(k(0, 257), ones[i, j + k]), of_258 = sum(k(0, 258), ones[i, j + k]);
  const auto fits = prepared(is_large[i, j], Assign::set, of_257 == 65535);
  const auto wide = prepared(is_large[i, j], Assign::set, of_258 == 65790);
  CHECK(has(index_of(fits), "u16("));
  CHECK(!has(index_of(wide), "u16("));
  CHECK(has(index_of(wide), "u32("));
  for (const Prepared* p : {&fits, &wide}) {
    is_large[i, j] = false;
    REQUIRE(run_everywhere(*p).fault == "");
    CHECK(std::ranges::all_of(std::array{0, 1, 2, 3}, [&](int n) { return is_large.at(n, n); }));
  }
}

TEST_CASE("differences are compared for equality in narrow lanes, for order as they wrap around") {
  const auto x = bytes<std::uint8_t>(5, 70);
  Tensor<bool, 2> out(5, 70);
  const auto sum_at = sum(k(0, 3), wrap(x)[i, j + k]);
  const auto sum_in = [&](std::int64_t c) { return x.at(2, c) + x.at(2, (c + 1) % 70) + x.at(2, (c + 2) % 70); };
  REQUIRE(run_everywhere(prepared(out[i, j], Assign::set, sum_at - cast<std::uint64_t>(255) > 200)).fault == "");
  for (std::int64_t c = 0; c < 70; ++c) REQUIRE(out.at(2, c) == (sum_in(c) < 255 || sum_in(c) - 255 > 200));
  const Prepared p = prepared(out[i, j], Assign::set, sum_at - x[i, j] - 300 == 0 * x[i, j] + 31);
  REQUIRE(run_everywhere(p).fault == "");
  CHECK(!has(index_of(p), "u64("));
  for (std::int64_t c = 0; c < 70; ++c) REQUIRE(out.at(2, c) == (sum_in(c) - x.at(2, c) == 331));
}

TEST_CASE("sums of numbers with signs, of conditions and over what is in reach are narrow too") {
  const auto x = bytes<std::int8_t>(6, 90);
  Tensor<std::int8_t, 2> out(6, 90);
  Tensor<bool, 2> flag(6, 90);
  const auto check = [&](const Prepared& p, const std::string& type) {
    REQUIRE(run_everywhere(p).fault == "");
    CHECK(has(index_of(p), type));
  };
  check(prepared(out[i, j], Assign::set, cast<std::int8_t>(floor_divide(sum(k(0, 3), clip(x)[i, j + k - 1]), 3))),
        "i16(");
  check(prepared(out[i, j], Assign::set, cast<std::int8_t>(sum(k(0, 3), clip(x)[i, j + k - 1] * clip(x)[i + k, j]))),
        "i16(");
  check(prepared(flag[i, j], Assign::set, count(k(0, 3), l(0, 3), fill(x, 0)[i + k - 1, j + l - 1] > 0) > 4), "u8(");
  check(prepared(flag[i, j], Assign::set, sum(k(0, 3), l(0, 3), fill(x, 0)[i + k - 1, j + l - 1]) > 4), "i16(");
  check(prepared(flag[i, j], Assign::set, (sum(k(0, 3), clip(x)[i, j + k]) + 384) % 7 == 3), "u16(");
  auto lowest = x;
  lowest.at(2, 5) = -128;
  check(prepared(flag[i, j], Assign::set, abs(sum(k(0, 1), clip(lowest)[i, j + k])) > 127), "i16(");
  CHECK(flag.at(2, 5));
}
