// expect: bound_is_not_an_integer
#include "setup.hpp"

void mistake() {
  auto e = sum(k(0.5, 3), scores[b, k, h, w]);
}
