// expect: axis_out_of_range
#include "setup.hpp"

void mistake() {
  auto e = sum(out, -4);
}
