// Several new tensors from one program.
#include <catch2/catch.hpp>

#include "ricci/compile.hpp"
#include "support/same_text.hpp"
#include "support/tensors.hpp"

using namespace ricci;
using ricci::names::b, ricci::names::c, ricci::names::h;
using Catch::Matchers::Contains;
using test::filled;
using test::shuffled;
using test::values;

namespace {

const Tensor<float, 3> scores = filled<float>(shuffled(17), 3, 5, 37);
const Tensor<float, 2> other = filled<float>(shuffled(7), 4, 6);

test::Bindings bindings() { return {{"scores", scores.array()}, {"other", other.array()}}; }
std::string text_fault(const std::string& text) { return test::text_fault(text, bindings()); }

}  // namespace

TEST_CASE("a maximum and its index come from one kernel with the loops of one") {
  const auto alone = evaluate(argmax(scores, 1));
  const Report single = last_report();
  const auto [best, at] = eval(max(scores, 1), argmax(scores, 1));
  const Report both = last_report();
  static_assert(std::is_same_v<decltype(best), const Tensor<float, 2>>);
  static_assert(std::is_same_v<decltype(at), const Tensor<std::int64_t, 2>>);
  CHECK(values(at) == values(alone));
  CHECK(values(best) == values(evaluate(max(scores, 1))));
  CHECK(both.kernels == 1);
  CHECK(both.loops == single.loops);
  CHECK(both.temporary_bytes == 0);
}

TEST_CASE("named values and positional ones may stand beside each other") {
  const auto [best, at, total] = eval(max(c, scores[b, c, h]), argmax(scores, 1), sum(b, c, h, scores[b, c, h]));
  CHECK(values(best) == values(evaluate(max(scores, 1))));
  CHECK(values(at) == values(evaluate(argmax(scores, 1))));
  CHECK(float(total) == float(Tensor(sum(b, c, h, scores[b, c, h]))));
}

TEST_CASE("values of different shapes do not share extents") {
  const auto [left, right] = eval(sum(c, other[b, c]), scores[b, 0, 0] * 2);
  CHECK(left.extent(0) == 4);
  CHECK(right.extent(0) == 3);
  CHECK(values(left) == values(evaluate(sum(other, 1))));
  CHECK(right.at(2) == scores.at(2, 0, 0) * 2);
}

TEST_CASE("the extremum with its index, over an axis and over indices") {
  const auto [best, at] = max_with_index(scores, -2);
  const auto [least, where_least] = min_with_index(b, c, scores[b, c, h]);
  CHECK(values(best) == values(evaluate(max(scores, 1))));
  CHECK(values(at) == values(evaluate(argmax(scores, 1))));
  CHECK(values(least) == values(evaluate(min(b, c, scores[b, c, h]))));
  CHECK(values(where_least) == values(evaluate(argmin(b, c, scores[b, c, h]))));
}

TEST_CASE("the text language defines several names at once") {
  const std::string text = "m, i = max(scores, 1), argmax(c, scores[b, c, h])";
  const std::vector<Outcome> outcomes = test::text_outcomes(text, bindings());
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].name == "m");
  REQUIRE(outcomes[0].others.size() == 1);
  CHECK(outcomes[0].others[0].first == "i");
  CHECK(outcomes[0].report.kernels == 1);
  CHECK(test::text_values<float>(text + "\nm", bindings()) == values(evaluate(max(scores, 1))));
  CHECK(test::text_values<std::int64_t>(text + "\ni", bindings()) == values(evaluate(argmax(scores, 1))));
}

TEST_CASE("values on the right see the old variables") {
  CHECK(test::text_values<float>("p = other + 1\nq = other * 2\np, q = q, p\np", bindings()) ==
        values(evaluate(other * 2)));
}

TEST_CASE("lists that do not match say so") {
  CHECK_THAT(text_fault("m, i = max(scores, 1)"), Contains("2 names on the left and 1 on the right"));
  CHECK_THAT(text_fault("m, m = scores, other"), Contains("the names on the left must be different"));
  CHECK_THAT(text_fault("m, true = scores, other"), Contains("'true' is a constant"));
  CHECK_THAT(text_fault("m, n = scores[b, c, h], other[b, b] + other[c, b]"), Contains("opposite orders"));
}
