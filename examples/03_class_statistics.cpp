// Statistics by class. The textbook form multiplies by a one-hot array of the size of the scores; here the delta is
// solved instead: the sums become a scatter into one total and one count per class, the one-hot product a read.
#include <cstdio>

#include "report.hpp"
#include "seed.hpp"

int main() {
  using namespace ricci;
  auto [b, c, k, h, w] = indices<"b c k h w">;
  const auto scores = example::made_up_scores(2, 3, 4, 5);

  Tensor<float, 1> mean(3);
  example::class_means(scores, mean);
  std::puts("mean[c] = sum(b, h, w, delta(c, argmax(scores, 1)) * scores[b, c, h, w])\n"
            "        / sum(b, h, w, delta(c, argmax(scores, 1)))");
  for (int n = 0; n < mean.extent(0); ++n) std::printf("  class %d: %.4f\n", n, mean.at(n));
  example::print_report();

  const Tensor<float, 4> prob = exp(scores[b, c, h, w]) / sum(k, exp(scores[b, k, h, w]));
  const auto best = example::confidence(scores, prob);
  std::puts("best = sum(k, one_hot(argmax(scores, 1)[b, h, w], k) * prob[b, k, h, w])");
  for (int y = 0; y < best.extent(1); ++y) {
    std::printf(" ");
    for (int x = 0; x < best.extent(2); ++x) std::printf(" %.4f", best.at(0, y, x));
    std::puts(y == 0 ? "   (b = 0)" : "");
  }
  example::print_report();
}
