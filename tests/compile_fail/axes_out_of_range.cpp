// expect: axis_out_of_range
// expect: axis 3, rank 3
#include "setup.hpp"

void mistake() {
  auto e = argmax(out, axes<0, 3>);
}
