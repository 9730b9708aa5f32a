// The generator of random programs, and two independent evaluators on what it makes.
#include <catch2/catch.hpp>
#include <iostream>

#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "ricci/extents.hpp"
#include "support/naive.hpp"
#include "support/random_program.hpp"

using namespace ricci;
using namespace ricci::test;

TEST_CASE("random programs are valid and mostly not trivial", "[ir][random]") {
  const Profile profile = GENERATE(Profile::basic, Profile::full);
  const int seeds = profile == Profile::full ? 150 : 500;
  int bounds = 0, trivial = 0, compared = 0, counted = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const RandomCase c = random_case(static_cast<std::uint64_t>(seed), {.profile = profile});
    INFO(c.text);
    const Arguments run = fresh_arguments(c.program, c.tensors.views),
                    again = fresh_arguments(c.program, c.tensors.views);
    try {
      evaluate_reference(c.program, run.views, c.params);
    } catch (const Error& error) {
      REQUIRE(error.kind() == Error::Kind::bounds);
      ++bounds;
      continue;
    }
    REQUIRE(gaps_intact(run));
    trivial += first_difference(c.program, c.tensors.views, run.views).empty();
    const auto expected = run_naive(c.program, again.views, c.params);
    REQUIRE(first_outside(c.program, expected, run.views) == "");
    REQUIRE(first_difference(c.program, again.views, run.views) == "");
    ++compared;
    counted += !count_expressions(c.program).empty();
  }
  std::cout << "random programs: " << seeds << " seeds, " << bounds << " bad subscripts, " << trivial
            << " without effect, " << counted << " with counted extents\n";
  CHECK(compared > seeds * 8 / 10);
  CHECK(bounds > 0);
  CHECK(trivial < seeds / (profile == Profile::full ? 3 : 4));
  CHECK((counted > seeds / 10) == (profile == Profile::full));
}

TEST_CASE("a seed gives the same case every time", "[ir][random]") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const RandomCase a = random_case(seed), b = random_case(seed);
    REQUIRE(a.text == b.text);
    for (std::size_t t = 0; t < a.tensors.views.size(); ++t)
      REQUIRE(std::ranges::equal(elements(a.tensors.views[t]), elements(b.tensors.views[t]), same_value));
  }
  CHECK(random_case(1).text != random_case(2).text);
}
