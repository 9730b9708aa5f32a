// expect: sort_of_a_range
// expect: sort, argsort, topk and argtopk order all of an index
#include "setup.hpp"

void mistake() {
  out[b, h, w] = argsort(w(0, 2), out[b, h, w]);
}
