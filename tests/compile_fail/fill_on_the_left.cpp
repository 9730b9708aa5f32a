// expect: fill_is_for_reading
// expect: fill(x, v)[...] is for reading; a write outside is left out by drop(x)[...]
#include "setup.hpp"

void mistake() {
  fill(out, 0)[b, h, w + 1] = scores[b, 0, h, w];
}
