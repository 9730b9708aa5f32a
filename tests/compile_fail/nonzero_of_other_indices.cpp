// expect: nonzero_of_other_indices
// expect: the condition of nonzero may use no other index than those that it lists
#include "setup.hpp"

void mistake() {
  Tensor<std::int64_t, 1> t = nonzero(b, labels[b, c] > 0);
}
