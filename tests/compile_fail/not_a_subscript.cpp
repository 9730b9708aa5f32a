// expect: not_a_subscript
// expect: this cannot be a subscript
#include "setup.hpp"

void mistake() {
  auto e = out[b, "h", w];
}
