// expect: scan_along_one_index
// expect: cumsum, cumprod, cummax and cummin run along all of one index
#include "setup.hpp"

void mistake() {
  auto e = cumsum(h, w, scores[b, c, h, w]);
}
