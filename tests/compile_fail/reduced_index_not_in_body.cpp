// expect: reduced_index_not_in_body
// expect: a reduced index must occur in what is reduced
// expect: "k"
#include "setup.hpp"

void mistake() {
  out[b, h, w] = sum(k, out[b, h, w]);
}
