// expect: narrowing_assignment
// expect: f64 to i32
#include "setup.hpp"

void mistake() {
  numbers[b, h, w] = 2.5;
}
