#pragma once
// What statements cost, told without a clock: how many statements of the loop IR run.
#include "ricci/compile.hpp"
#include "ricci/loop.hpp"

namespace ricci::test {

/// How many statements of the loop IR the interpreter runs for what `work` evaluates.
template <class Work>
std::int64_t steps_of(const Work& work) {
  const Options before = default_options();
  default_options() = {.threads = 1, .backend = Backend::loop_interpreter, .vector_bytes = 16};
  const std::int64_t start = loop::interpreted_statements();
  work();
  default_options() = before;
  return loop::interpreted_statements() - start;
}

}  // namespace ricci::test
