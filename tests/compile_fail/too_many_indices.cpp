// expect: too_many_indices
// expect: an expression may have at most 16 free indices
#include "setup.hpp"

extern Tensor<float, 8> first, second;
extern Tensor<float, 1> third;

void mistake() {
  auto [a1, a2, a3, a4, a5, a6, a7, a8] = indices<"a1 a2 a3 a4 a5 a6 a7 a8">;
  auto [b1, b2, b3, b4, b5, b6, b7, b8] = indices<"b1 b2 b3 b4 b5 b6 b7 b8">;
  (void)(first[a1, a2, a3, a4, a5, a6, a7, a8] * second[b1, b2, b3, b4, b5, b6, b7, b8] * third[c]);
}
