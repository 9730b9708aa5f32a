// expect: ambiguous_axis_order
// expect: the operands use the free indices in opposite orders
#include "setup.hpp"

void mistake() {
  auto [x, y] = eval(numbers + 1, labels[i, j] + labels[j, i]);
}
