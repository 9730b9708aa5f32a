// expect: drop_is_for_writing
// expect: drop(x)[...] is for writing; read with fill(x, v), clip(x) or wrap(x)
#include "setup.hpp"

void mistake() {
  out[b, h, w] = scores[b, 0, h, w] + drop(out)[b, h, w + 1];
}
