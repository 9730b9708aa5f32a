// expect: axis_listed_twice
// expect: axis -4, rank 4
#include "setup.hpp"

void mistake() {
  auto e = sum(scores, axes<0, 1, -4>);
}
