// expect: fill_changes_the_kind
// expect: the value of fill(x, v) would change the kind of the elements
#include "setup.hpp"

void mistake() {
  Tensor<double, 3> t = fill(numbers, 0.5)[b, h, w + 1] + scores[b, 0, h, w];
}
