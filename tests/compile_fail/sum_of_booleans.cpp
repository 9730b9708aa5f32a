// expect: no_such_operation
// expect: add of b1
#include "setup.hpp"

void mistake() {
  auto e = delta(b, 1) + delta(h, 1);
}
