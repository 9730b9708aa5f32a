// expect: ambiguous_axis_order
// expect: opposite orders
// expect: "b,h,w"
#include "setup.hpp"

void mistake() {
  Tensor t = out[b, h, w] + out[h, b, w];
}
