// expect: no_such_operation
// expect: the operation does not exist for this element type
// expect: logical_and of f32
#include "setup.hpp"

void mistake() {
  auto e = out[b, h, w] & 2;
}
