// expect: only_indices_subscript_an_expression
// expect: rank 3, subscripts 2
#include "setup.hpp"

void mistake() {
  auto e = argmax(scores, 1)[b, h];
}
