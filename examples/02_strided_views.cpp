// The same expression over views: channels last seen as channels first, every other column, rows from last to first.
// No view is copied; the loops follow the strides.
#include <cstdio>

#include "report.hpp"
#include "seed.hpp"

namespace {

using Images = ricci::Tensor<float, 4>;

void show(const char* title, const Images& scores, const Images& feature) {
  const auto picked = example::argmax_gather(scores, feature);
  std::printf("%s, strides of scores (%lld, %lld, %lld, %lld)\n", title, static_cast<long long>(scores.stride(0)),
              static_cast<long long>(scores.stride(1)), static_cast<long long>(scores.stride(2)),
              static_cast<long long>(scores.stride(3)));
  for (int h = 0; h < picked.extent(1); ++h) {
    std::printf("  ");
    for (int w = 0; w < picked.extent(2); ++w) std::printf(" %04.0f", picked.at(1, h, w));
    std::puts("");
  }
  example::print_report();
}

}  // namespace

int main() {
  const Images scores = example::made_up_scores(2, 3, 4, 6);
  const Images feature = example::digit_features(2, 10, 4, 6);
  const auto channels_last = [](const Images& images) { return images.permuted({0, 2, 3, 1}).copy(); };
  const auto channels_first = [](const Images& images) { return images.permuted({0, 3, 1, 2}); };

  show("as stored", scores, feature);
  show("NHWC seen as NCHW", channels_first(channels_last(scores)), channels_first(channels_last(feature)));
  show("every other column", scores.sliced(3, 0, 6, 2), feature.sliced(3, 0, 6, 2));
  show("rows from last to first", scores.flipped(2), feature.flipped(2));
}
