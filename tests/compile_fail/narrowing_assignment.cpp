// expect: narrowing_assignment
// expect: the assignment would change the kind of the elements
// expect: f32 to i32
#include "setup.hpp"

void mistake() {
  numbers[b, h, w] = out[b, h, w];
}
