// expect: index_has_no_extent
// expect: "k"
#include "setup.hpp"

void mistake() {
  Tensor<float, 2> t = scores[0, k % 3, h, 0];
}
