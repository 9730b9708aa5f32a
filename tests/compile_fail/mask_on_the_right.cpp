// expect: mask_is_for_writing
// expect: a mask as a subscript is for writing; read with where(mask, x, ...)
#include "setup.hpp"

void mistake() {
  Tensor<int, 3> t = numbers[numbers > 0];
}
