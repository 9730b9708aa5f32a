// expect: too_many_axes
// expect: a tensor may have at most 8 axes
#include "setup.hpp"

extern Tensor<float, 8> large;

void mistake() {
  (void)large[ellipsis, newaxis];
}
