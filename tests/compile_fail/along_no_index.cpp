// expect: along_another_index
#include "setup.hpp"

void mistake() {
  auto e = along(1, argmax(h, w, out[b, h, w]));
}
