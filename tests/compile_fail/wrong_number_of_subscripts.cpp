// expect: wrong_number_of_subscripts
// expect: the number of subscripts must equal the rank of the tensor; an ellipsis stands for the others
#include "setup.hpp"

void mistake() {
  out[b, h, w] = scores[b, c, h];
}
