// expect: rank_does_not_match_the_indices
// expect: argmax(scores, 1)[b, h, w]
// expect: 3 unnamed axes, indices b,w
#include "setup.hpp"

void mistake() {
  auto e = out[b, argmax(scores, 1), w];
}
