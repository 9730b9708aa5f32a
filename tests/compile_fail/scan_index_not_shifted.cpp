// expect: scan_index_not_on_the_left
// expect: by itself or shifted, as in d[t, k] or d[n - t, k]
#include "setup.hpp"

void mistake() {
  out[b, 2 * h, w].scan(h, scores[b, 0, h, w]);
}
