// Float sums. Their order is the schedule's, so what is promised is: the same bits for any number of threads; the same
// bits for any vector width when the lanes run along the reduced axis; and an error of at most
//
//     u (depth) sum |x|,     u = 2^-24 for f32 and 2^-53 for f64,
//
// the standard bound of Higham ("Accuracy and Stability of Numerical Algorithms", section 4.2, to first order in u),
// where depth is the longest chain of additions that one term goes through: the number of terms for a sum along one
// accumulator; about a 64th of it (f32; f64: a 32nd), and the merge, when the reduced axis carries the lanes.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "support/backends.hpp"
#include "support/dice.hpp"
#include "support/tensors.hpp"
#include "support/uneven.hpp"

using namespace ricci;
using namespace ricci::test;
using namespace ricci::names;

namespace {

template <class T>
constexpr long double unit = std::is_same_v<T, float> ? 0x1p-24L : 0x1p-53L;
template <class T>
constexpr std::int64_t accumulators = 256 / sizeof(T);
constexpr std::int64_t merge_depth = 7;

template <class T, class... N>
auto noise(std::uint64_t seed, N... extents) {
  Dice dice{std::mt19937_64(seed)};
  return filled<T>([&](auto) { return static_cast<T>(dice.random() % 2000003) / 1009 - 500; }, extents...);
}

struct Exact {
  long double sum = 0, magnitude = 0;
  void add(long double x) {
    sum += x;
    magnitude += std::abs(x);
  }
};

template <class T>
bool is_within(T found, const Exact& exact, std::int64_t depth) {
  return std::abs(static_cast<long double>(found) - exact.sum) <=
         1.01L * unit<T> * static_cast<long double>(depth) * exact.magnitude;
}

template <class T>
std::vector<T> bits_at(const Prepared& p, Tensor<T, 1> out, int width) {
  out.fill(T(-1));
  REQUIRE(run_with_threads(p, width) == "");
  return values(out);
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool has_lanes_along_the_sum(const Prepared& p, int width) {
  const Options options{.vector_bytes = width};
  return p.executable->dump(Executable::Stage::schedule, p.tensors, p.params, options).find("lanes of sum") !=
         std::string::npos;
}

}  // namespace

TEMPLATE_TEST_CASE("a sum along contiguous elements keeps its bound and its bits", "", float, double) {
  using T = TestType;
  for (std::int64_t n : {1, 2, 15, 16, 17, 63, 64, 65, 129, 1000, 4099, 1'000'000}) {
    const std::int64_t rows = n > 100'000 ? 1 : 3;
    const auto x = noise<T>(static_cast<std::uint64_t>(n), rows, n);
    Tensor<T, 1> out(rows);
    const Prepared p = prepared(out[i], Assign::set, sum(j, x[i, j]));
    const bool is_short = n <= 16;  // then lanes take a row each
    if (n > 1) REQUIRE(has_lanes_along_the_sum(p, 0) == !is_short);
    const std::vector<T> widest = bits_at(p, out, 0);
    for (std::int64_t r = 0; r < rows; ++r) {
      Exact exact;
      for (std::int64_t k = 0; k < n; ++k) exact.add(x.at(r, k));
      CAPTURE(n, r);
      const std::int64_t roundings = is_short ? n : n / accumulators<T> + 1 + merge_depth;
      CHECK(is_within(widest[static_cast<std::size_t>(r)], exact, roundings));
    }
    for (int width : vector_widths())
      if (is_short || has_lanes_along_the_sum(p, width)) CHECK(same_bits(bits_at(p, out, width), widest));
  }
}

TEMPLATE_TEST_CASE("a sum along a strided axis keeps its bound, and its bits for any number of threads", "", float,
                   double) {
  using T = TestType;
  for (std::int64_t n : {1, 2, 17, 64, 1000, 60'000}) {
    const auto x = noise<T>(static_cast<std::uint64_t>(n), n, 21);
    Tensor<T, 1> out(21);
    for (int width : vector_widths()) {
      const std::vector<T> found = bits_at(prepared(out[j], Assign::set, sum(i, x[i, j])), out, width);
      for (std::int64_t c = 0; c < 21; ++c) {
        Exact exact;
        for (std::int64_t k = 0; k < n; ++k) exact.add(x.at(k, c));
        CAPTURE(n, c, width);
        CHECK(is_within(found[static_cast<std::size_t>(c)], exact, n));
      }
    }
  }
}

TEST_CASE("columns that threads share have the same bits in tiles of any length") {
  Dice dice{std::mt19937_64(8)};
  for (const std::int64_t columns : {1, 255, 256, 257, 2048, 2049, 2305, 5000}) {
    CAPTURE(columns);
    const Tensor<float, 2> x = uneven(dice, 150, columns);
    const Tensor<float, 1> weight = uneven(dice, 150);
    Tensor<float, 1> sums(columns);
    Tensor<std::int64_t, 1> places(columns);
    const Prepared p = prepared(sums[j], Assign::set, sum(i, weight[i] * x[i, j]));
    CHECK(schedule_of(p).find("2048 of 8 items") != std::string::npos);
    CHECK(run_everywhere(p).fault == "");
    CHECK(run_with_threads(p) == "");
    CHECK(run_with_threads(prepared(places[j], Assign::set, argmax(i, x[i, j]))) == "");
  }
}

TEMPLATE_TEST_CASE("a sum over several axes, and of everything, keeps its bound", "", float, double) {
  using T = TestType;
  const auto x = noise<T>(5, 30, 41, 70);
  Tensor<T, 1> out(41);
  Tensor<T, 0> total(T(0)), added(T(0));
  std::vector<Exact> exact(41);
  Exact all;
  for (int a = 0; a < 30; ++a)
    for (int b = 0; b < 41; ++b)
      for (int c = 0; c < 70; ++c) {
        exact[static_cast<std::size_t>(b)].add(x.at(a, b, c));
        all.add(x.at(a, b, c));
      }
  const std::vector<T> found = bits_at(prepared(out[j], Assign::set, sum(i, k, x[i, j, k])), out, 0);
  for (std::size_t b = 0; b < 41; ++b) CHECK(is_within(found[b], exact[b], 30 * 70));
  REQUIRE(run_with_threads(prepared(total(), Assign::set, sum(i, j, k, x[i, j, k]))) == "");
  CHECK(is_within(static_cast<T>(total), all, 30 * 41 * 70));
  REQUIRE(run_with_threads(prepared(added(), Assign::add, x[i, j, k])) == "");
  CHECK(is_within(static_cast<T>(added), all, 30 * 41 * 70));
}

TEST_CASE("a sum of three million sevens in f32 is exact: lanes keep partial sums small") {
  const std::int64_t n = 3'000'000;
  const auto x = filled<float>([](auto) { return 7; }, n);
  Tensor<float, 0> total(0.0f);
  REQUIRE(run_with_threads(prepared(total(), Assign::set, sum(i, x[i]))) == "");
  CHECK(static_cast<float>(total) == 21'000'000.0f);  // one accumulator is not exact above 2^24
}

TEST_CASE("integer sums wrap and widen; sums of nothing are zero") {
  const auto x = filled<std::int32_t>([](auto n) { return n % 2 ? 2147483647 : 2147483000; }, 40, 17);
  Tensor<std::int64_t, 1> out(40);
  REQUIRE(run_everywhere(prepared(out[i], Assign::set, sum(j, x[i, j]))).fault == "");
  CHECK(out.at(3) == 9 * 2147483647LL + 8 * 2147483000LL);
  const Tensor<float, 2> none(5, 0);
  auto zeros = filled<float>([](auto) { return 1; }, 5);
  REQUIRE(run_everywhere(prepared(zeros[i], Assign::set, sum(j, none[i, j]))).fault == "");
  CHECK(values(zeros) == std::vector<float>(5));
}
