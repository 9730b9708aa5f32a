// expect: nothing
#include "setup.hpp"

void mistake() {
  out[b, h, w] = scores[b, argmax(scores, 1), h, w];
}
