// expect: mixed_signedness
// expect: u64 and a signed integer have no common type
// expect: i32 and u64
#include "setup.hpp"

void mistake() {
  auto e = numbers[b, h, w] + unsigneds[b, h, w];
}
