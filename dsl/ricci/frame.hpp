#pragma once
// Frame: where an expression lays down the leaves of one call, in the order of its tree.
#include "ricci/array.hpp"
#include "ricci/scalar.hpp"

namespace ricci {

/// Fills arrays that the caller made large enough: the tree's type says how many leaves there are.
struct Frame {
  const Array** tensors;
  Scalar* scalars;
  std::int64_t* axes;

  void tensor(const Array& array) { *tensors++ = &array; }
  void scalar(const Scalar& value) { *scalars++ = value; }
  void axis(std::int64_t value) { *axes++ = value; }
};

}  // namespace ricci
