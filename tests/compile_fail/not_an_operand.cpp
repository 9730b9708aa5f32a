// expect: not_an_operand
// expect: an expression combines with expressions and numbers only
#include <string>

#include "setup.hpp"

void mistake() {
  auto e = out[b, h, w] + std::string("x");
}
