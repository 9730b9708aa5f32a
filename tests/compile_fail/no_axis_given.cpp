// expect: no_axis_given
// expect: of an array with several axes this needs one, as in softmax(x, 1)
// expect: cumsum, rank 3
#include "setup.hpp"

void mistake() {
  auto e = cumsum(out);
}
