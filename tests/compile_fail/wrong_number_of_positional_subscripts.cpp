// expect: wrong_number_of_subscripts
// expect: the number of subscripts must equal the rank of the tensor; an ellipsis stands for the others
#include "setup.hpp"

void mistake() {
  Tensor<int, 1> t = numbers[all, newaxis, 0];
}
