// expect: scan_index_not_on_the_left
// expect: the index of a scan is one subscript of the tensor on the left
#include "setup.hpp"

void mistake() {
  out[b, h, w].scan(c, scores[b, c, h, w]);
}
