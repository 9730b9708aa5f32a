// expect: scan_along_one_index
// expect: cumsum along 2 axes
#include "setup.hpp"

void mistake() {
  auto e = cumsum(out, axes<0, 1>);
}
