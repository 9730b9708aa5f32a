// expect: rank_mismatch
// expect: arrays without subscripts combine only when their ranks are equal; write subscripts, as in x[i, j] - y[j]
// expect: ranks 3 and 4
#include "setup.hpp"

void mistake() {
  auto e = out + scores;
}
