// Outputs larger than the caches are stored past them, smaller ones are not.
#include <catch2/catch.hpp>
#include <string>

#include "ricci/target.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

bool streams(const Prepared& p) {
  const bool scheduled = schedule_of(p).find(" streaming ") != std::string::npos;
  const std::string loops = loops_of(p);
  const bool lowered = loops.find(" streaming %") != std::string::npos ||  // a store, or a whole transposition
                       loops.find(" streaming\n") != std::string::npos;
  REQUIRE(scheduled == lowered);
  return lowered;
}

constexpr std::int64_t large = (4 << 20) + 37;

}  // namespace

TEST_CASE("a large output is stored past the caches, a small one is not") {
  Tensor<float, 1> x(large), y(large), small(1000);
  CHECK(streams(prepared(y[i], Assign::set, 2 * x[i])));
  CHECK(!streams(prepared(small[i], Assign::set, 2 * small[i])));
  const std::string assembly = assembly_of(prepared(y[i], Assign::set, 2 * x[i]));
  CHECK(assembly.find("vmovntps") != std::string::npos);
  CHECK(assembly.find("sfence") != std::string::npos);
}

TEST_CASE("what is read again, updated, or takes long to compute stays in the caches") {
  Tensor<float, 1> x(large), y(large);
  CHECK(!streams(prepared(y[i], Assign::set, sin(x[i]))));
  CHECK(!streams(prepared(y[i], Assign::add, x[i])));
  CHECK(!streams(prepared(y[i], Assign::set, y[i] + 1)));
}

TEST_CASE("large outputs are right for every start, length and layout") {
  const std::int64_t rows = 1031, columns = 4099;  // odd rows: each begins elsewhere in a line
  Tensor<float, 2> x(rows, columns), y(rows, columns), z(columns, rows);
  for (std::int64_t n = 0; n < rows * columns; ++n) x.data()[n] = static_cast<float>(n * 7 % 1000003);
  const Prepared copy = prepared(y[i, j], Assign::set, x[i, j] + 1), turned = prepared(z[j, i], Assign::set, x[i, j]);
  CHECK(streams(copy));
  CHECK(streams(turned));
  for (const Prepared* p : {&copy, &turned}) REQUIRE(run_with_threads(*p) == "");
  bool same = true;
  for (std::int64_t n = 0; n < rows * columns; ++n) {
    same &= y.data()[n] == x.data()[n] + 1;
    same &= z.data()[n % columns * rows + n / columns] == x.data()[n];
  }
  CHECK(same);
}
