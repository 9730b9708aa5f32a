// expect: subscript_is_not_an_integer
// expect: a subscript must be an integer
// expect: f32
#include "setup.hpp"

void mistake() {
  auto e = scores[b, out[b, h, w], h, w];
}
