// expect: named_and_positional
// expect: a list of subscripts is named or positional
#include "setup.hpp"

void mistake() {
  Tensor<int, 2> t = numbers[i, all, 0];
}
