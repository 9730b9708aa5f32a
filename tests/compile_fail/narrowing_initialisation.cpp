// expect: narrowing_assignment
// expect: f32 to i32
#include "setup.hpp"

void mistake() {
  Tensor<int, 3> t = out[b, h, w];
}
