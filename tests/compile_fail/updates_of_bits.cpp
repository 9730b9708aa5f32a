// expect: no_such_operation
// expect: update of i32
#include "setup.hpp"

void mistake() {
  numbers[b, h, w] |= numbers[b, h, w];
}
