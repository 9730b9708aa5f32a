// expect: reduced_index_not_in_body
// expect: "k"
#include "setup.hpp"

void mistake() {
  auto e = argmax(k, scores[b, c, h, w]);
}
