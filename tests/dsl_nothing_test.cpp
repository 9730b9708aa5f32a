// Statements and reductions over nothing, beside others over much.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "ricci/ricci.hpp"
#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using namespace ricci::names;
using namespace ricci::test;

namespace {

const auto much = filled<float>(shuffled(9), 1000);
const Tensor<float, 1> nothing(0);

}  // namespace

TEST_CASE("a choice of nothing leaves the other values of a program to machine code") {
  const auto [chosen, doubled] = eval(much[much > 100], 2 * much);
  CHECK(chosen.extent(0) == 0);
  CHECK(doubled.at(999) == 2 * much.at(999));
  CHECK(last_report().kernels == 2);  // the count, and the other statement
}

TEST_CASE("a sum of nothing runs in machine code, within its memory") {
  Tensor<float, 1> y(1000);
  const Ran ran = run_everywhere(prepared(y[i], Assign::set, much[i] + sum(k, nothing[k])));
  CHECK(ran.fault == "");
  CHECK(ran.report.kernels == 1);
  CHECK(values(y) == values(much));

  const Ran chosen = run_everywhere(prepared(y[i], Assign::set, much[i] + sum(much[much > 100], 0)));
  CHECK(chosen.fault == "");
  CHECK(chosen.report.kernels == 2);
  CHECK(values(y) == values(much));
}

TEST_CASE("the winner of an empty range in an axis without elements is the position 0") {
  Tensor<std::int64_t, 1> at(1000);
  const Ran ran = run_everywhere(prepared(at[i], Assign::set, argmax(k(1, 3), nothing[k] + 0 * much[i])));
  CHECK(ran.fault == "");
  CHECK(ran.report.kernels == 1);
  CHECK(values(at) == std::vector<std::int64_t>(1000));
}

TEST_CASE("nothing is read, and nothing checked, in a loop without iterations") {
  const Tensor<std::int64_t, 1> far{70000};
  Tensor<float, 1> y(1000);
  const Ran ran = run_everywhere(prepared(y[i], Assign::set, much[i] + sum(k, nothing[k] * much[far[0]])));
  CHECK(ran.fault == "");
  CHECK_FALSE(ran.error);
  CHECK(values(y) == values(much));
}
