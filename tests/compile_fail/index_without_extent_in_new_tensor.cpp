// expect: index_has_no_extent
// expect: "k"
#include "setup.hpp"

void mistake() {
  Tensor<float, 2> t = scores[0, k + 1, h, 0];
}
