// One program, many ways to run it: the reference evaluator, the loop interpreter, native code at two optimisation
// levels, several vector widths and thread counts. All give the same bits; only a float sum may differ between the
// reference (plain order) and a schedule, and then by no more than the bound of support/naive.hpp.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>

#include "ricci/compile.hpp"
#include "ricci/error.hpp"
#include "ricci/target.hpp"
#include "support/naive.hpp"
#include "support/random_program.hpp"

using namespace ricci;
using namespace ricci::test;

namespace {

/// The tensors after a run, or the error that it ended in.
struct Outcome {
  Arguments arguments;
  std::optional<Error::Kind> error;
  std::string message;
};

template <class Run>
Outcome outcome(const RandomCase& c, const Run& run) {
  Outcome result{fresh_arguments(c.program, c.tensors.views), {}, {}};
  try {
    run(result.arguments.views);
  } catch (const Error& error) {
    result.error = error.kind();
    result.message = error.what();
  }
  return result;
}

std::string describe(const Options& o) {
  return std::string(o.backend == Backend::native ? "native" : "interpreter") + " width " +
         std::to_string(o.vector_bytes) + (o.optimise ? " optimised" : " unoptimised") +
         (o.specialise ? "" : " general") + " threads " + std::to_string(o.threads);
}

Outcome run_with(Executable& executable, const RandomCase& c, const Options& options) {
  return outcome(c, [&](std::span<const TensorView> views) { executable.run(views, c.params, options); });
}

/// Empty, or how `actual` differs from `expected`.
std::string difference(const RandomCase& c, const Outcome& expected, const Outcome& actual) {
  if (expected.error != actual.error) return "error \"" + expected.message + "\" against \"" + actual.message + '"';
  if (expected.error) return expected.message == actual.message ? "" : expected.message + " against " + actual.message;
  if (!gaps_intact(actual.arguments)) return "a byte outside the tensors was written";
  return first_difference(c.program, expected.arguments.views, actual.arguments.views);
}

/// Whether the interpreter gives what the reference does, and native code the same bits as the interpreter.
bool agrees(Executable& executable, const RandomCase& c, const Outcome& reference, Options options) {
  options.threads = 1;
  options.backend = Backend::loop_interpreter;
  const Outcome interpreted = run_with(executable, c, options);
  INFO(describe(options));
  if (reference.error || interpreted.error || !c.depends_on_order) {
    const std::string d = difference(c, reference, interpreted);
    CHECK(d == "");
    if (d != "") return false;
  } else {
    Arguments plain = fresh_arguments(c.program, c.tensors.views);
    CHECK(first_outside(c.program, run_naive(c.program, plain.views, c.params), interpreted.arguments.views) == "");
  }
  options.backend = Backend::native;
  for (bool optimise : {true, false}) {
    if (!optimise && !options.specialise) continue;
    options.optimise = optimise;
    for (int threads : {1, 2, 3}) {
      options.threads = threads;
      const std::string d = difference(c, interpreted, run_with(executable, c, options));
      INFO(describe(options));
      CHECK(d == "");
      if (d != "") return false;
    }
  }
  return true;
}

/// At every vector width, what is made for these arguments and what is right for all arguments.
void check_seed(std::uint64_t seed, const RandomOptions& options = {}) {
  const RandomCase c = random_case(seed, options);
  INFO(c.text);
  Executable executable(ir::Program(c.program));
  const Outcome reference =
      outcome(c, [&](std::span<const TensorView> views) { evaluate_reference(c.program, views, c.params); });
  for (int width : {64, 32, 16})
    for (bool specialise : {true, false}) {
      if (width > host_target().vector_bytes) continue;
      if (!agrees(executable, c, reference, {.vector_bytes = width, .specialise = specialise})) return;
    }
}

/// Whether some reduction is done in shares.
bool has_shares(Executable& executable, const RandomCase& c) {
  const Arguments arguments = fresh_arguments(c.program, c.tensors.views);
  try {
    const Options options{.threads = 1, .backend = Backend::loop_interpreter};
    const Report report = executable.run(arguments.views, c.params, options);
    return std::ranges::any_of(report.accumulators,
                               [](const Allocation& a) { return a.reason.starts_with("shares of "); });
  } catch (const Error&) {
    return false;
  }
}

/// At every vector width, if a few elements are enough for reductions to be done in shares, and some is.
bool check_shares(std::uint64_t seed, const RandomOptions& options) {
  const RandomCase c = random_case(seed, options);
  Executable executable(ir::Program(c.program), Shares::of_few);
  if (!has_shares(executable, c)) return false;
  INFO(c.text);
  const Outcome reference =
      outcome(c, [&](std::span<const TensorView> views) { evaluate_reference(c.program, views, c.params); });
  for (int width : {64, 32, 16})
    if (width <= host_target().vector_bytes && !agrees(executable, c, reference, {.vector_bytes = width})) break;
  return true;
}

/// Those that the environment names: RICCI_SEEDS from RICCI_FIRST_SEED on.
template <class Check>
void for_seeds(const Check& check) {
  const char* first = std::getenv("RICCI_FIRST_SEED");
  const char* count = std::getenv("RICCI_SEEDS");
  const std::uint64_t begin = first ? std::strtoull(first, nullptr, 10) : 0;
  const std::uint64_t seeds = count ? std::strtoull(count, nullptr, 10) : 150;
  for (std::uint64_t seed = begin; seed < begin + seeds; ++seed) check(seed);
}

void check_seeds(const RandomOptions& options) {
  for_seeds([&](std::uint64_t seed) { check_seed(seed, options); });
}

}  // namespace

TEST_CASE("random programs give the same bits in every way to run them", "[differential][slow]") {
  check_seeds({});
}

TEST_CASE("random programs of every dtype and of chosen iterations give the same bits", "[differential][slow]") {
  check_seeds({.profile = Profile::full});
}

TEST_CASE("random programs with every function give the same bits", "[differential][slow]") {
  check_seeds({.profile = Profile::full, .all_functions = true});
}

TEST_CASE("random programs of so many iterations that threads share them give the same bits", "[differential][slow]") {
  check_seeds({.profile = Profile::full, .depth = 2, .iterations = 40'000});
}

TEST_CASE("random programs with reductions in shares give the same bits", "[differential][slow]") {
  std::uint64_t found = 0;
  for (const Profile profile : {Profile::basic, Profile::full})
    for_seeds([&](std::uint64_t seed) {
      for (std::uint64_t k = 0; k < 8; ++k) found += check_shares(8 * seed + k, {.profile = profile});
    });
  CHECK(found > 0);
}

TEST_CASE("programs that once gave different answers agree", "[differential]") {
  // What the generator makes of these seeds: zeros of either sign, a fault of machine code, a recurrence that puts in
  // order what it writes or keys that it decides about, a lost guard, checks in ranges that are empty, reads beyond
  // what a scan takes in, orders of equal keys, a read that a simplification dropped; orders of as many axes as stand
  // around, a masked load of eight bytes, an element in which all lanes of an assignment meet, positions that only
  // another count needs, and one in a branch that is not taken.
  for (const std::uint64_t seed : {695, 1020, 2034, 2106, 2329, 2674, 3792, 4132, 4141, 5034, 5499, 5923, 40196, 40229,
                                   51386, 102354})
    check_seed(seed);
  for (const std::uint64_t seed : {1198, 42166, 42176, 74281}) check_seed(seed, {.profile = Profile::full});
}
