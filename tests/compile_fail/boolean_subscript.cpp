// expect: subscript_is_not_an_integer
// expect: b1
#include "setup.hpp"

void mistake() {
  auto e = scores[b, delta(b, h), h, w];
}
