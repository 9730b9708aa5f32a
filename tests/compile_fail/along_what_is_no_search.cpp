// expect: along_what_is_no_search
// expect: along(h, e) is for e = argmax, argmin, argsort, argtopk or nonzero
#include "setup.hpp"

void mistake() {
  out[b, h, w] = along(h, labels[b, h]) + w;
}
