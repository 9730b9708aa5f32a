// expect: unnamed_axis_beside_indices
// expect: a new axis beside named indices is named at once
#include "setup.hpp"

void mistake() {
  out[b, h, w] = 1 + topk<2>(c, scores[b, c, h, w]);
}
