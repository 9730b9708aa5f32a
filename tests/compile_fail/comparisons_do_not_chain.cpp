// expect: comparisons_do_not_chain
// expect: write (0 < x) & (x < 1)
#include "setup.hpp"

void mistake() {
  auto e = 0 < scores[b, c, h, w] < 1;
}
