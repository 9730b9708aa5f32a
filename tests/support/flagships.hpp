#pragma once
// The programs of tests/bench in the text language, with the arrays that they are about.
#include <cstdint>
#include <string>
#include <vector>

#include "ricci/session.hpp"

namespace ricci::test {

struct FlagshipArray {
  std::string name;
  DType dtype;
  std::vector<std::int64_t> extents;
  std::int64_t below = 0;  // integers: elements are from 0 to below - 1
};

struct Flagship {
  std::string name, text;
  std::vector<FlagshipArray> arrays;
};

const std::vector<Flagship>& flagships();
const Flagship& flagship(const std::string& name);

/// Where its arrays are views without memory: enough for a dump, which reads no elements.
Session session_without_memory(const Flagship&);

/// Where its arrays have elements. The first extent of the first array, wherever it is the first one, is divided.
Session session_with_elements(const Flagship&, std::int64_t divisor = 1);

}  // namespace ricci::test
