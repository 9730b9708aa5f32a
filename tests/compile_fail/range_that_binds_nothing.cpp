// expect: range_binds_nothing
#include "setup.hpp"

void mistake() {
  auto e = scores[b, c, h, w(0, 3)] + 0; Tensor t = e;
}
