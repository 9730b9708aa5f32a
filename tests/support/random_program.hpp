#pragma once
// Random well-typed index programs with data: what the reference, the loop interpreter and native code must agree on.
#include <cstdint>
#include <string>
#include <vector>

#include "support/arguments.hpp"

namespace ricci::test {

/// What seeds draw from. Tests name seeds whose programs once failed, so what a seed makes of `basic` stays as it is.
enum class Profile : std::uint8_t {
  basic,  // six dtypes; shapes decide extents
  full,   // every dtype, more and larger extents, the largest and smallest integers, what conditions choose,
         // as far as arithmetic of subscripts stays inside, targets in the memory of inputs
};

struct RandomOptions {
  Profile profile = Profile::basic;
  int depth = 4;                   // of expressions
  std::int64_t iterations = 2000;  // at most, of all axes together
  bool specials = true;            // NaN, infinities and -0 among the floats
  bool bad_subscripts = true;      // some programs fail with Error{bounds}
  bool all_functions = false;      // more than those that most recorded seeds were found with
};

struct RandomCase {
  ir::Program program;
  Arguments tensors;
  std::vector<Scalar> params;
  std::string text;            // seed, program and layouts: for messages
  bool depends_on_order = false;  // on that of the schedule: a float sum, product or largest zero (see naive.hpp)
};

/// The same seed and options give the same case. Every axis has an extent; no target element has two addresses;
/// of `basic`, targets overlap no other tensor.
RandomCase random_case(std::uint64_t seed, const RandomOptions& = {});

/// Whether some value is a float sum or product, whose order is the schedule's.
bool depends_on_order(const ir::Program&);

}  // namespace ricci::test
