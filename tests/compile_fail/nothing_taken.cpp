// expect: nothing_taken
// expect: topk and argtopk take a whole number of elements above 0
#include "setup.hpp"

void mistake() {
  out[b, h, w] = topk<0>(c, scores[b, c, h, w])[w];
}
