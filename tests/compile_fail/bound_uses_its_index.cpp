// expect: bound_uses_a_bound_index
#include "setup.hpp"

void mistake() {
  auto e = sum(k(0, k), scores[b, k, h, w]);
}
