// expect: outside_of_an_expression
// expect: clip, wrap, fill, drop and assume_inside are for tensors; evaluate the expression first
#include "setup.hpp"

void mistake() {
  out[b, h, w] = clip(numbers + 1)[b, h, w];
}
