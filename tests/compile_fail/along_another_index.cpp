// expect: along_another_index
// expect: along(h, e) is for an index h over which e searches
// expect: b is not among h,w
#include "setup.hpp"

void mistake() {
  auto e = along(b, argmax(h, w, out[b, h, w]));
}
