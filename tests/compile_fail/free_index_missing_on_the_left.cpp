// expect: free_index_missing_on_the_left
// expect: an index on the right is neither reduced nor on the left
// expect: c is not among b,h,w
#include "setup.hpp"

void mistake() {
  out[b, h, w] = scores[b, c, h, w];
}
