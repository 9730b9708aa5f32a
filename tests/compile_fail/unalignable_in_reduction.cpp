// expect: rank_does_not_match_the_indices
// expect: 3 unnamed axes, indices c
#include "setup.hpp"

void mistake() {
  out[b, h, w] = sum(c, delta(c, argmax(scores, 1)) * scores[b, c, h, w]);
}
