// expect: rank_does_not_match_the_indices
// expect: 3 unnamed axes, indices b,h
#include "setup.hpp"

void mistake() {
  labels[b, h] = argmax(scores, 1);
}
