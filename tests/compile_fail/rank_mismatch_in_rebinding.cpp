// expect: rank_mismatch_in_assignment
// expect: tensor rank 3, expression rank 4
#include "setup.hpp"

void mistake() {
  out = scores[b, c, h, w] * 2;
}
