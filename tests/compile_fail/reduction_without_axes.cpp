// expect: reduction_without_axes
// expect: this has no unnamed axis to reduce
#include "setup.hpp"

void mistake() {
  Tensor<float, 3> t = sum(out[b, h, w], 0);
}
