// expect: several_ellipses
// expect: a list of subscripts may have one ellipsis
#include "setup.hpp"

void mistake() {
  Tensor<int, 3> t = numbers[ellipsis, ellipsis];
}
