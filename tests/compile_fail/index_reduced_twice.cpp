// expect: index_reduced_twice
// expect: a reduction may name each of its indices once
#include "setup.hpp"

void mistake() {
  auto e = sum(k, c, k, scores[k, c, k, c]);
}
