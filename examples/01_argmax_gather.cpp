// The feature of the best class at every pixel. In NumPy this takes an argmax, three index arrays and a fancy gather;
// here it is one loop nest, and nothing but the result is ever in memory.
#include <cstdio>

#include "report.hpp"
#include "seed.hpp"

int main() {
  const auto scores = example::made_up_scores(2, 3, 4, 5);
  const auto feature = example::digit_features(2, 10, 4, 5);

  const auto picked = example::argmax_gather(scores, feature);

  std::puts("picked = feature[b, argmax(scores, 1), h, w]   (digits: b, best class, h, w)");
  for (int b = 0; b < picked.extent(0); ++b)
    for (int h = 0; h < picked.extent(1); ++h) {
      std::printf(h == 0 ? "  b = %d:" : "        ", b);
      for (int w = 0; w < picked.extent(2); ++w) std::printf(" %04.0f", picked.at(b, h, w));
      std::puts("");
    }
  example::print_report();
}
