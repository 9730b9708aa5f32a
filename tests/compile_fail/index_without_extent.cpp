// expect: index_has_no_extent
// expect: nothing gives this index its extent
// expect: "k"
#include "setup.hpp"

void mistake() {
  auto e = sum(k, scores[b, 0, h, w] * k);
}
