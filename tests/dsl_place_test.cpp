// A reduction runs once, not again under a loop or in every chunk that does not need it: told by phases and bytes.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

TEST_CASE("a sum over everything under a loop is summed once, before it, in private tables", "[dsl]") {
  const auto x = filled<float>(shuffled(5), 400000);
  Tensor<float, 1> y = x[i] / sum(k, x[k]);
  CHECK(last_report().phases == 2);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().accumulator_bytes >
        static_cast<std::int64_t>(sizeof(float)));  // several tables: it runs in parallel
  double total = 0;
  for (float v : values(x)) total += v;
  CHECK(y.at(7) == Approx(x.at(7) / total));
}

TEST_CASE("a winner over everything under a loop is found once and kept in one element", "[dsl]") {
  const auto x = filled<float>(shuffled(11), 100);
  const auto a = filled<float>([](std::int64_t n) { return n; }, 100, 3);
  Tensor<float, 1> y = a[argmax(k, x[k]), i];
  CHECK(last_report().phases == 2);
  CHECK(last_report().temporary_bytes == sizeof(std::int64_t));
  CHECK(last_report().checks.empty());  // what is kept is a winner still, which fits
  std::int64_t winner = 0;
  for (std::int64_t n = 1; n < 100; ++n)
    if (x.at(n) > x.at(winner)) winner = n;
  CHECK(values(y) == std::vector<float>{3.f * winner, 3.f * winner + 1, 3.f * winner + 2});
}

TEST_CASE("of two sums over different rows one is kept, so that neither runs again for the other's index", "[dsl]") {
  const auto a = filled<float>(shuffled(3), 6, 9), b = filled<float>(shuffled(4), 5, 9);
  Tensor<float, 2> o = sum(k, a[i, k]) * sum(k, b[j, k]);
  CHECK(last_report().phases == 2);
  const std::int64_t kept = last_report().temporary_bytes;
  CHECK((kept == 5 * sizeof(float) || kept == 6 * sizeof(float)));
  float of_a = 0, of_b = 0;
  for (std::int64_t n = 0; n < 9; ++n) {
    of_a += a.at(4, n);
    of_b += b.at(2, n);
  }
  CHECK(o.at(4, 2) == of_a * of_b);
}

TEST_CASE("a reduction that every inner loop needs stays where it is used", "[dsl]") {
  const auto x = filled<float>(shuffled(7), 6, 9);
  Tensor<float, 2> y = x[i, j] - max(k, x[i, k]);
  CHECK(last_report().phases == 1);
  CHECK(last_report().temporary_bytes == 0);
  CHECK(last_report().accumulator_bytes == 0);
}
