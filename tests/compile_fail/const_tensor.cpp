// expect: read_only_tensor
// expect: a const tensor cannot be assigned to
#include "setup.hpp"

void mistake() {
  constant[b, h, w] = 1;
}
