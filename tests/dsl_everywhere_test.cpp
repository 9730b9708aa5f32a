// Statements with policies, positional subscripts and composed reductions, run in every way, on guarded memory.
#include <catch2/catch.hpp>

#include "support/backends.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::i, ricci::names::j, ricci::names::k;
using test::filled;
using test::run_everywhere;
using test::shuffled;

namespace {

const Tensor<float, 2> x = filled<float>(shuffled(13), 5, 37);
const Tensor<int, 1> at = filled<int>([](auto n) { return n * 7 % 11 - 3; }, 37);

/// What is wrong with the program: ways to run it disagree, or all of them end in an error.
std::string fault(const Prepared& p) {
  const test::Ran ran = run_everywhere(p);
  return ran.error ? ran.message : ran.fault;
}
template <class Target, class Value>
std::string fault(const Target& target, Assign assign, const Value& value) {
  return fault(test::prepared(target, assign, value));
}
template <class Value>
std::string fault(const Value& value) {
  return fault(test::prepared(value));
}

}  // namespace

TEST_CASE("reads beyond the border stay inside the buffer") {
  Tensor<float, 2> y(5, 37);
  CHECK(fault(y[i, j], Assign::set, clip(x)[i + 1, j - 2] + clip(x)[i - 1, j + 2]).empty());
  CHECK(fault(y[i, j], Assign::set, wrap(x)[i + 1, j - 2] + wrap(x)[i - 1, j + 2]).empty());
  CHECK(fault(y[i, j], Assign::set, fill(x, -1)[i + 1, j - 2] + fill(x, i)[i - 1, j + 2]).empty());
  CHECK(fault(fill(x, 0)[at[j], j]).empty());
}

TEST_CASE("writes beyond the border stay inside the buffer") {
  Tensor<float, 2> y(5, 37);
  CHECK(fault(drop(y)[at[j], j], Assign::add, x[0, j]).empty());
  CHECK(fault(drop(y)[i + 1, j - 2], Assign::set, x[i, j]).empty());
  CHECK(fault(clip(y)[at[j], j], Assign::set, x[0, j]).empty());
  CHECK(fault(wrap(y)[at[j], 2 * j], Assign::max, x[0, j]).empty());
}

TEST_CASE("slices, gathered axes and masks") {
  Tensor<float, 2> y(5, 37);
  const Tensor<int, 2> picks{{0, 36, 3}, {2, 2, 1}};
  CHECK(fault(x[slice({}, {}, -2), slice(1, {}, 3)]).empty());
  CHECK(fault(x[all, picks]).empty());
  CHECK(fault(x[picks % 5, all]).empty());
  CHECK(fault(y[slice(1, {}), all], Assign::set, y[slice(0, -1), all]).empty());
  CHECK(fault(y[all, slice(0, -1)], Assign::add, y[all, slice(1, {})]).empty());
  CHECK(fault(y[x > 5], Assign::set, x * 2).empty());
  CHECK(fault(y[x[all, 0] > 5, all], Assign::add, x).empty());
  CHECK(fault(x[all, newaxis, slice(0, 5)] - x[newaxis, all, slice(5, 10)]).empty());
}

TEST_CASE("reductions made of others") {
  CHECK(fault(softmax(x, 1)).empty());
  CHECK(fault(softmax(i, x[i, j])).empty());
  CHECK(fault(logsumexp(x, 0)).empty());
  CHECK(fault(var(x, 1)).empty());
  CHECK(fault(norm(i, j, x[i, j])).empty());
  CHECK(fault(x - mean(x, 1, keepdims)).empty());
}
