// Divisions of 64 bits: lanes are divided in doubles or, next to the divisor, not at all; the results are the same.
#include <catch2/catch.hpp>
#include <limits>

#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

/// Numbers next to powers of two, those at which doubles are left among them, `run` neighbours of about the same size.
template <class T>
Tensor<T, 1> numbers(std::int64_t run, std::uint64_t seed) {
  constexpr std::int64_t bits = 64;
  return filled<T>(
      [&](std::int64_t n) {
        const std::uint64_t mixed = (static_cast<std::uint64_t>(n) + seed) * 0x9e3779b97f4a7c15u;
        const auto bit = static_cast<std::uint64_t>(n / run) % bits;
        const std::uint64_t size = (mixed >> 8) % 4 == 0 ? mixed >> (63 - bit) : std::uint64_t{1} << bit;
        const std::uint64_t beside = size + (mixed >> 20) % 3 - 1;
        return static_cast<T>((mixed >> 12) % 2 == 0 ? beside : 0 - beside);
      },
      bits * run * 3);
}

template <class T>
T rest_of(T x, T y) {
  const Scalar args[] = {Scalar::of(x), Scalar::of(y)};
  return evaluate(Op::remainder, dtype_of<T>, args).template get<T>();
}

}  // namespace

TEMPLATE_TEST_CASE("long quotients and remainders are exact, of small, large and mixed lanes", "", std::int64_t,
                   std::uint64_t) {
  using T = TestType;
  for (const std::int64_t run : {1, 3, 64}) {
    const auto x = numbers<T>(run, 1), y = numbers<T>(run, 77), far = numbers<T>(run + 1, 5).sliced(0, 0, x.size());
    Tensor<T, 1> quotient(x.size()), rest(x.size());
    for (const auto& divisor : {y, far}) {
      REQUIRE(run_everywhere(prepared(quotient[i], Assign::set, floor_divide(x[i], divisor[i]))).fault == "");
      REQUIRE(run_everywhere(prepared(rest[i], Assign::set, x[i] % divisor[i])).fault == "");
      for (std::int64_t n = 0; n < x.size(); ++n) REQUIRE(rest.at(n) == rest_of(x.at(n), divisor.at(n)));
    }
  }
}

TEST_CASE("remainders by one number: next to it, far from it, and by zero and what is negative") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                         most = std::numeric_limits<std::int64_t>::max();
  const auto x = numbers<std::int64_t>(5, 3);
  const std::int64_t size = x.size();
  Tensor<std::int64_t, 1> y(size);
  const std::vector<std::int64_t> divisors = {
      0, 1, 2, 3, 7, 1000, 4096, (1LL << 32) + 1, 1LL << 50, (1LL << 50) - 1, 1LL << 59,
      (1LL << 60) - 1, 1LL << 60, (1LL << 60) + 1, 3LL << 60, most / 3, most, -1, -2, -1000, -(1LL << 50), -(1LL << 60),
      least, least + 1};
  for (const std::int64_t by : divisors) {
    CAPTURE(by);
    REQUIRE(run_everywhere(prepared(y[i], Assign::set, x[i] % by)).fault == "");
    for (std::int64_t n = 0; n < size; ++n) REQUIRE(y.at(n) == rest_of(x.at(n), by));
    const auto near = filled<std::int64_t>(
        [&](std::int64_t n) {  // from two below the negative to two above the double
          const auto part = static_cast<std::uint64_t>(by) * static_cast<std::uint64_t>(n % 4 - 1);
          return static_cast<std::int64_t>(part + static_cast<std::uint64_t>(n / 4 % 5 - 2));
        },
        std::int64_t{160});
    Tensor<std::int64_t, 1> of_near(160);
    REQUIRE(run_everywhere(prepared(of_near[i], Assign::set, near[i] % by)).fault == "");
    for (std::int64_t n = 0; n < 160; ++n) REQUIRE(of_near.at(n) == rest_of(near.at(n), by));
  }
}
