// expect: order_is_no_permutation
// expect: order(e, ...) names each free index of e once
#include "setup.hpp"

void mistake() {
  Tensor<int, 3> t = order(numbers[b, h, w], h, w);
}
