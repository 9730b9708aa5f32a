// expect: rank_mismatch_in_assignment
// expect: the tensor has a different rank
// expect: tensor rank 2, expression rank 3
#include "setup.hpp"

void mistake() {
  Tensor<float, 2> t = scores[b, 0, h, w];
}
