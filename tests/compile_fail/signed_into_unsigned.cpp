// expect: narrowing_assignment
// expect: i32 to u64
#include "setup.hpp"

void mistake() {
  unsigneds[b, h, w] += numbers[b, h, w];
}
